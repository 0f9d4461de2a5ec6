//! Confirmation by pongs, and `flush()`.

use tpa_session::session::{Command, FlushError, Input, PingId, Reply, State, WakeHint};

use crate::world::{
    World, answer, answered, at_least_once, config, flush, flushed, ping_ids, pings, pong,
    receive_frame, watched,
};

#[test]
fn flush_without_messages_resolves_at_once() {
    let mut world = World::connected(config());
    let first = flush(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
    assert_eq!(pings(&world), 0);
}

#[test]
fn pong_confirms_what_was_sent_before_its_ping() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    assert_eq!((pings(&world), flushed(&world).len()), (1, 0));
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn flush_needs_no_ping_where_its_pong_is_to_come() {
    let mut world = answered();
    world.send(&"x".repeat(64 * 1024));
    assert_eq!(pings(&world), 1, "because of the size");
    flush(&mut world);
    assert_eq!(pings(&world), 1);
}

#[test]
fn pong_does_not_confirm_what_was_sent_after_its_ping() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    world.send("b");
    let second = flush(&mut world);
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
    assert_eq!(pings(&world), 2);
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(())), (second, Ok(()))]);
}

#[test]
fn unsolicited_pong_confirms_nothing() {
    let mut world = World::connected(config());
    world.send("a");
    pong(&mut world);
    let first = flush(&mut world);
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Err(FlushError::Unsupported))]);
}

#[test]
fn simultaneous_flushes_share_pings() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    assert_eq!(flush(&mut world), first, "nothing was sent in between");
    let others: Vec<_> = (0..100)
        .map(|_| {
            world.send("b");
            flush(&mut world)
        })
        .collect();
    assert!(others.iter().all(|other| *other == others[0]));
    assert_eq!(pings(&world), 1, "one pending ping at a time");
    pong(&mut world);
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(())), (others[0], Ok(()))]);
}

#[test]
fn flush_waits_for_queued_messages() {
    let mut world = World::new(config());
    world.connect("user-org.example.app");
    world.send("a");
    let first = flush(&mut world);
    world.acknowledge();
    assert_eq!((pings(&world), flushed(&world).len()), (1, 0));
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn flush_does_not_wait_for_dropped_messages() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.send_with("a", None, Some(100));
    let first = flush(&mut world);
    world.advance(100);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn flush_fails_if_the_cloud_never_pongs() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    world.advance(4999);
    assert_eq!(flushed(&world), []);
    world.advance(1);
    assert_eq!(flushed(&world), [(first, Err(FlushError::Unsupported))]);
    assert_eq!(
        FlushError::Unsupported.message(),
        "not supported by this cloud"
    );
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn flush_fails_at_once_when_pongs_are_known_to_be_missing() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.advance(5001);
    receive_frame(&mut world);
    world.send("b");
    flush(&mut world);
    world.advance(5000);
    world.take();
    let third = flush(&mut world);
    assert_eq!(flushed(&world), [(third, Err(FlushError::Unsupported))]);
    // It may learn.
    pong(&mut world);
    world.take();
    world.send("c");
    flush(&mut world);
    pong(&mut world);
    pong(&mut world);
    assert!(matches!(flushed(&world)[..], [(_, Ok(()))]));
}

#[test]
fn late_timer_gives_the_pong_more_time() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    world.now += 60_000;
    world.input(Input::Timeout);
    assert_eq!(flushed(&world), []);
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn timer_is_late_from_more_than_a_second() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.now += 6000;
    world.input(Input::Timeout);
    assert!(matches!(flushed(&world)[..], [(_, Err(_))]));
}

#[test]
fn flush_is_lost_with_a_connection_whose_uplink_is_dead() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    pong(&mut world);
    world.take();
    world.send("b");
    let second = flush(&mut world);
    world.advance(3000);
    receive_frame(&mut world);
    world.advance(1999);
    assert_eq!(flushed(&world), []);
    world.advance(1);
    assert_eq!(flushed(&world), [(second, Err(FlushError::Lost))]);
}

#[test]
fn flush_detects_a_dead_connection() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    pong(&mut world);
    world.take();
    world.send("b");
    let second = flush(&mut world);
    world.advance(1);
    receive_frame(&mut world);
    world.advance(4999);
    assert_eq!(flushed(&world), [(second, Err(FlushError::Lost))]);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn flush_fails_if_sent_messages_are_lost() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    world.close(1006, "");
    assert_eq!(flushed(&world), [(first, Err(FlushError::Lost))]);
    world.next_deadline();
    world.acknowledge();
    world.take();
    let second = flush(&mut world);
    assert_eq!(flushed(&world), [(second, Ok(()))], "nothing new was sent");
}

#[test]
fn flush_of_queued_messages_survives_an_outage() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.send("a");
    let first = flush(&mut world);
    world.next_deadline();
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn flush_fails_without_a_session() {
    let mut world = World::new(config());
    let first = flush(&mut world);
    world.connect("user-org.example.app");
    world.send("a");
    let second = flush(&mut world);
    world.disconnect();
    let third = flush(&mut world);
    let ended = Err(FlushError::Ended);
    let not_started = Err(FlushError::NotStarted);
    assert_eq!(
        flushed(&world),
        [(first, not_started), (second, ended), (third, ended)]
    );
}

#[test]
fn pong_of_an_earlier_ping_confirms_nothing_later() {
    let mut world = answered();
    world.send("a");
    flush(&mut world);
    world.input(Input::Wake(WakeHint::Resumed));
    pong(&mut world);
    world.send("b");
    world.take();
    flush(&mut world);
    assert_eq!(pings(&world), 1);
    pong(&mut world);
    assert_eq!(flushed(&world), [], "the pong answers the probe");
    pong(&mut world);
    assert!(matches!(flushed(&world)[..], [(_, Ok(()))]));
}

#[test]
fn first_pong_gives_a_flush_whose_timer_was_late_more_time() {
    let mut world = World::connected(watched());
    world.send("a");
    let first = flush(&mut world);
    world.now += 6001;
    world.input(Input::Timeout);
    world.now += 2499;
    let pings = ping_ids(&world.outputs);
    answer(&mut world, PingId(pings[0].0 - 1));
    world.advance(1);
    assert_eq!(flushed(&world), [], "the cloud pongs");
    answer(&mut world, pings[0]);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn flush_waits_for_all_messages_before_it_and_for_none_after_it() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.send("a");
    world.send("b");
    let first = flush(&mut world);
    assert_eq!(flushed(&world), []);
    world.next_deadline();
    world.acknowledge();
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
    world.take();
    world.send("c");
    let second = flush(&mut world);
    send_into_full_buffer(&mut world, "d");
    pong(&mut world);
    assert_eq!(flushed(&world), [(second, Ok(()))]);
}

#[test]
fn flush_asks_before_the_usual_confirmation_is_due() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    assert_eq!(pings(&world), 0);
    flush(&mut world);
    assert_eq!(pings(&world), 1);
}

fn send_into_full_buffer(world: &mut World, text: &str) {
    let payload = world.message(text);
    let reply = world.command(Command::Send {
        payload,
        key: None,
        ttl: None,
        replay: true,
        buffered: Some(u32::MAX),
    });
    assert_eq!(reply, Reply::Queued);
}

#[test]
fn flush_after_one_that_failed_asks_again() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.advance(5000);
    world.take();
    world.send("b");
    flush(&mut world);
    assert_eq!(pings(&world), 1);
}
