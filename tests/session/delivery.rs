//! What has been received: `flush()`, and messages that are sent again.

use tpa_session::session::{
    Command, Config, Control, Delivery, Event, FlushError, FlushId, Input, Instant, Outgoing,
    Output, Reply, SessionError, State, Timer, WakeHint,
};

use crate::world::{Text, World, config};

fn at_least_once() -> Config {
    Config {
        delivery: Delivery::AtLeastOnce,
        ..config()
    }
}

fn flush(world: &mut World) -> FlushId {
    match world.command(Command::Flush) {
        Reply::Flush(flush) => flush,
        other => panic!("{other:?} to flush()"),
    }
}

fn pong(world: &mut World) {
    world.input(Input::Control(world.socket, Control::Pong));
}

/// A frame of the app's came.
fn hear(world: &mut World) {
    let at = Instant::from_millis(world.now);
    world.input(Input::Activity(world.socket, at));
}

fn flushed(world: &World) -> Vec<(FlushId, Result<(), FlushError>)> {
    let outputs = world.outputs.iter();
    outputs
        .filter_map(|output| match output {
            Output::Flushed(flush, result) => Some((*flush, *result)),
            _ => None,
        })
        .collect()
}

fn pings(world: &World) -> usize {
    let is_ping = |output: &&Output<_>| matches!(output, Output::Transmit(_, Outgoing::Ping));
    world.outputs.iter().filter(is_ping).count()
}

fn errors(world: &World) -> usize {
    let events = world.events().into_iter();
    events
        .filter(|event| matches!(event, Event::Error(SessionError::Unconfirmable)))
        .count()
}

#[test]
fn a_flush_with_nothing_sent_is_done_at_once() {
    let mut world = World::connected(config());
    let first = flush(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
    assert_eq!(pings(&world), 0);
}

#[test]
fn a_pong_confirms_what_was_sent_before_its_ping() {
    let mut world = World::connected(config());
    world.send("a");
    let first = flush(&mut world);
    assert_eq!((pings(&world), flushed(&world).len()), (1, 0));
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn a_pong_confirms_nothing_that_was_sent_after_its_ping() {
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
fn a_pong_that_nobody_asked_for_confirms_nothing() {
    let mut world = World::connected(config());
    world.send("a");
    pong(&mut world);
    pong(&mut world);
    flush(&mut world);
    assert_eq!(flushed(&world), []);
    pong(&mut world);
    assert_eq!(flushed(&world).len(), 1);
}

#[test]
fn flushes_share_what_they_wait_for() {
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
    assert_eq!(pings(&world), 1, "one question at a time");
    pong(&mut world);
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(())), (others[0], Ok(()))]);
}

#[test]
fn a_flush_waits_for_what_waits() {
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
fn a_flush_does_not_wait_for_what_is_dropped() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.send_with("a", None, Some(100));
    let first = flush(&mut world);
    world.advance(100);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn a_cloud_that_never_pongs_supports_no_flush() {
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
fn once_that_is_known_a_flush_need_not_wait_to_hear_it() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.advance(5001);
    hear(&mut world);
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
fn a_late_timer_asks_the_cloud_for_more_time() {
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
fn a_timer_that_is_a_second_late_is_not_late() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.now += 6000;
    world.input(Input::Timeout);
    assert!(matches!(flushed(&world)[..], [(_, Err(_))]));
}

#[test]
fn a_cloud_that_has_ponged_is_given_as_long_as_the_connection_lasts() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    pong(&mut world);
    world.take();
    world.send("b");
    flush(&mut world);
    for _ in 0..10 {
        world.advance(3000);
        hear(&mut world);
    }
    assert_eq!(flushed(&world), []);
    pong(&mut world);
    assert!(matches!(flushed(&world)[..], [(_, Ok(()))]));
}

#[test]
fn a_flush_notices_that_a_cloud_that_has_ponged_is_gone() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    pong(&mut world);
    world.take();
    world.send("b");
    let second = flush(&mut world);
    world.advance(1);
    hear(&mut world);
    world.advance(9999);
    assert_eq!(flushed(&world), [(second, Err(FlushError::Lost))]);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn a_ping_that_was_never_answered_does_not_keep_a_flush_from_noticing_that() {
    let mut world = World::connected(config());
    pong(&mut world);
    world.input(Input::Online);
    world.advance(1);
    hear(&mut world);
    world.advance(60_000);
    assert_eq!(world.session.state(), State::Connected);
    world.send("a");
    let first = flush(&mut world);
    world.advance(5000);
    assert_eq!(flushed(&world), [(first, Err(FlushError::Lost))]);
}

#[test]
fn what_a_lost_connection_carried_is_never_confirmed() {
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
fn a_flush_of_what_was_not_sent_yet_survives_an_outage() {
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
fn there_is_no_flush_without_a_session() {
    let mut world = World::new(config());
    let first = flush(&mut world);
    world.connect("user-org.example.app");
    world.send("a");
    let second = flush(&mut world);
    world.disconnect();
    let third = flush(&mut world);
    let ended = Err(FlushError::Ended);
    assert_eq!(
        flushed(&world),
        [(first, ended), (second, ended), (third, ended)]
    );
}

#[test]
fn at_least_once_sends_again_what_was_not_confirmed() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.send("b");
    world.close(1006, "");
    world.send("c");
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["a", "b", "c"]);
}

#[test]
fn at_most_once_does_not() {
    let mut world = World::connected(config());
    world.send("a");
    world.close(1006, "");
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn at_least_once_asks_for_confirmation_a_second_after_the_first_message() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.advance(500);
    world.send("b");
    world.advance(499);
    assert_eq!(pings(&world), 0);
    world.advance(1);
    assert_eq!(pings(&world), 1);
    pong(&mut world);
    assert_eq!(world.session.stats().unconfirmed, 0);
    world.advance(60_000);
    assert_eq!(pings(&world), 1, "nothing more to confirm");
    world.close(1006, "");
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn a_flush_survives_an_outage_where_messages_are_sent_again() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    let first = flush(&mut world);
    world.close(1006, "");
    assert_eq!(flushed(&world), []);
    world.next_deadline();
    world.acknowledge();
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn state_that_was_replaced_is_not_sent_again() {
    let mut world = World::connected(at_least_once());
    world.send_with("old", Some("k"), None);
    world.send("other");
    world.send_with("new", Some("k"), None);
    world.close(1006, "");
    world.send_with("newest", Some("k"), None);
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["other", "newest"]);
    assert_eq!(world.dropped(), []);
}

#[test]
fn what_is_too_old_is_not_sent_again() {
    let mut world = World::connected(at_least_once());
    world.send_with("card", None, Some(200));
    world.close(1006, "");
    world.advance(200);
    assert_eq!(world.dropped(), [("card", "unconfirmed")]);
}

#[test]
fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
    let mut config = at_least_once();
    config.outbox.messages = 2;
    let mut world = World::connected(config);
    for text in ["a", "b", "c"] {
        assert_eq!(world.send(text), Reply::Sent);
    }
    assert_eq!(world.dropped(), [("a", "unconfirmed")]);
    world.close(1006, "");
    world.send("d");
    assert_eq!(
        world.dropped(),
        [("a", "unconfirmed"), ("b", "unconfirmed")]
    );
    assert_eq!(world.session.queued(), (2, 2));
}

#[test]
fn what_is_too_large_to_be_kept_is_sent_once() {
    let mut config = at_least_once();
    config.outbox.bytes = 3;
    let mut world = World::connected(config);
    assert_eq!(world.send("large"), Reply::Sent);
    assert_eq!(world.sent(), ["large"]);
    assert_eq!(world.dropped(), [("large", "unconfirmed")]);
}

#[test]
fn the_end_tells_of_what_was_not_confirmed() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.disconnect();
    assert_eq!(world.dropped(), [("a", "unconfirmed")]);
    assert_eq!(world.session.stats().unconfirmed, 0);
}

#[test]
fn a_cloud_that_confirms_nothing_is_told_of_once_and_gets_everything_once() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    for _ in 0..20 {
        world.advance(1000);
        hear(&mut world);
    }
    assert_eq!(errors(&world), 1);
    assert_eq!(pings(&world), 1);
    world.send("b");
    assert_eq!(world.session.stats().unconfirmed, 0);
    world.close(1006, "");
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), [""; 0]);
    world.send("c");
    assert_eq!(
        world.session.stats().unconfirmed,
        1,
        "each connection is judged anew"
    );
}

#[test]
fn a_silent_line_is_not_taken_for_a_cloud_that_confirms_nothing() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.advance(3_600_000);
    assert_eq!(errors(&world), 0);
    world.close(1006, "");
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["a"]);
}

#[test]
fn a_socket_that_holds_too_much_is_given_no_more() {
    let mut world = World::connected(config());
    let mut send = |text: &str, buffered| {
        world.command(Command::Send {
            payload: Text(text.into()),
            key: None,
            ttl: None,
            buffered,
        })
    };
    let limit = 1024 * 1024;
    assert_eq!(send("a", Some(limit)), Reply::Sent);
    assert_eq!(send("b", Some(limit + 1)), Reply::Queued);
    assert_eq!(send("c", Some(limit + 1)), Reply::Queued);
    assert_eq!(world.sent(), ["a"]);
    assert!(
        matches!(world.session.poll_timeout(), Some((at, Timer::Drain)) if at == Instant::from_millis(50))
    );
    world.input(Input::Buffered(world.socket, limit + 1));
    assert_eq!(world.next_deadline(), Some(Timer::Drain));
    assert_eq!(world.sent(), ["a"]);
    world.input(Input::Buffered(world.socket, limit));
    assert_eq!(
        world.sent(),
        ["a", "b"],
        "what it holds then is too much again"
    );
    world.input(Input::Buffered(world.socket, 0));
    assert_eq!(world.sent(), ["a", "b", "c"]);
    assert!(matches!(
        world.session.poll_timeout(),
        Some((_, Timer::Stable))
    ));
}

#[test]
fn what_waits_for_room_goes_before_what_is_new() {
    let mut world = World::connected(config());
    let mut send = |text: &str, buffered| {
        world.command(Command::Send {
            payload: Text(text.into()),
            key: None,
            ttl: None,
            buffered,
        })
    };
    assert_eq!(send("a", None), Reply::Queued);
    assert_eq!(send("b", Some(0)), Reply::Sent);
    assert_eq!(world.sent(), ["a", "b"]);
}

#[test]
fn a_queue_larger_than_the_room_is_sent_in_parts() {
    let mut config = config();
    config.outbox.buffered = 2;
    let mut world = World::connected(config);
    world.close(1006, "");
    for text in ["aaa", "bbb", "ccc"] {
        world.send(text);
    }
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["aaa"]);
    world.input(Input::Buffered(world.socket, 3));
    assert_eq!(world.sent(), ["aaa"]);
    world.input(Input::Buffered(world.socket, 1));
    assert_eq!(world.sent(), ["aaa", "bbb"]);
}

#[test]
fn the_pong_of_an_earlier_ping_confirms_nothing_later() {
    let mut world = World::connected(config());
    pong(&mut world);
    world.send("a");
    flush(&mut world);
    world.input(Input::Wake(WakeHint::Resumed));
    pong(&mut world);
    world.send("b");
    world.take();
    flush(&mut world);
    assert_eq!(pings(&world), 1);
    pong(&mut world);
    assert_eq!(flushed(&world), [], "it answers the ping of the suspicion");
    pong(&mut world);
    assert!(matches!(flushed(&world)[..], [(_, Ok(()))]));
}

#[test]
fn a_frame_at_the_very_end_of_the_wait_proves_nothing() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.advance(5000);
    hear(&mut world);
    world.send("b");
    flush(&mut world);
    world.advance(5000);
    world.take();
    flush(&mut world);
    assert_eq!(flushed(&world), [], "it may still pong");
}
