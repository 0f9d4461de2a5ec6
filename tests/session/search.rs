//! Limits of the search for a message that the cloud refuses.

use tpa_session::session::{Command, Duration, Input, Reply, State};

use crate::world::{World, answered, at_least_once, config, pings, pong};

/// Connects again after a closure that blames a message.
fn reconnect(world: &mut World) {
    world.next_deadline();
    world.acknowledge();
}

#[test]
fn empty_window_needs_no_ping() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1009, "");
    world.take();
    reconnect(&mut world);
    pong(&mut world);
    assert_eq!((world.sent().len(), pings(&world)), (1, 2));
    pong(&mut world);
    assert_eq!(pings(&world), 2);
}

#[test]
fn closure_while_nothing_is_out_counts() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1009, "");
    reconnect(&mut world);
    for _ in 0..2 {
        world.advance(5000);
        world.input(Input::Buffered(world.socket, 0));
    }
    world.take();
    world.close(1009, "");
    assert_eq!(world.reconnecting()[0].attempt, 1);
}

#[test]
fn closure_that_may_be_the_fault_of_the_subscriptions_counts() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1009, "");
    reconnect(&mut world);
    pong(&mut world);
    assert_eq!(world.sent().len(), 2);
    world.command(Command::Subscribe(vec!["vad".into()]));
    world.take();
    world.close(1009, "");
    assert_eq!(world.dropped(), []);
    assert_eq!(world.reconnecting()[0].attempt, 2);
}

#[test]
fn message_that_is_not_sent_again_is_not_suspected() {
    let mut world = World::connected(config());
    world.send("a");
    world.close(1003, "");
    for text in ["b", "c", "d"] {
        reconnect(&mut world);
        pong(&mut world);
        assert_eq!(world.send(text), Reply::Sent);
        world.close(1003, "");
    }
}

#[test]
fn change_of_subscriptions_makes_no_suspect_of_what_is_not_sent_again() {
    let mut world = World::connected(config());
    world.send("a");
    world.close(1003, "");
    for stream in ["vad", "location"] {
        reconnect(&mut world);
        world.command(Command::Subscribe(vec![stream.into()]));
        pong(&mut world);
        pong(&mut world);
        assert_eq!(world.send("b"), Reply::Sent);
        world.close(1003, "");
    }
}

#[test]
fn closure_that_repeats_without_the_suspect_acquits_it() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1003, "");
    reconnect(&mut world);
    pong(&mut world);
    world.close(1003, "");
    reconnect(&mut world);
    world.close(1003, "");
    reconnect(&mut world);
    world.take();
    pong(&mut world);
    assert_eq!(world.sent(), ["a"]);
}

#[test]
fn suspect_that_has_expired_holds_nothing_up() {
    let mut world = World::connected(at_least_once());
    world.send_with("a", None, Some(3000));
    world.close(1009, "");
    reconnect(&mut world);
    world.take();
    pong(&mut world);
    assert_eq!(world.sent(), ["a"], "alone");
    world.close(1006, "");
    reconnect(&mut world);
    world.take();
    world.advance(3000);
    world.send("b");
    assert_eq!(world.sent(), [""; 0], "the connection has not answered yet");
    pong(&mut world);
    assert_eq!(world.sent(), ["b"]);
}

#[test]
fn at_most_64_attempts_of_one_outage_are_free() {
    let mut world = World::connected(at_least_once());
    for number in 0..200 {
        world.send(&number.to_string());
    }
    world.close(1009, "");
    let mut connections = 0;
    while world.session.state() != State::Stopped {
        reconnect(&mut world);
        connections += 1;
        world.take();
        pong(&mut world);
        pong(&mut world);
        assert_eq!(world.sent().len(), 1 + 2);
        world.close(1009, "");
    }
    assert_eq!(connections, 64 + 3);
}

#[test]
fn suspect_that_expires_while_the_others_wait_holds_nothing_up() {
    let mut config = at_least_once();
    config.watch.ping_interval = Duration::from_millis(200);
    let mut world = World::connected(config);
    pong(&mut world);
    world.send_with("a", None, Some(2000));
    world.close(1009, "");
    reconnect(&mut world);
    pong(&mut world);
    world.close(1006, "");
    reconnect(&mut world);
    world.take();
    world.advance_answering(1250, 10);
    assert_eq!(world.dropped(), [("a", "unconfirmed")]);
    assert_eq!(world.send("b"), Reply::Sent);
}

#[test]
fn search_is_over_on_a_connection_that_lasts() {
    let mut world = answered();
    world.send("a");
    world.close(1009, "");
    reconnect(&mut world);
    pong(&mut world);
    world.advance_answering(120_000, 10);
    for _ in 0..10 {
        assert_eq!(world.send("b"), Reply::Sent);
    }
}
