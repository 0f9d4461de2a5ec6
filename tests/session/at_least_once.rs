//! Messages that are sent again: `delivery: "at-least-once"`.

use tpa_session::session::{Config, Event, Reply, SessionError, Timer};

use crate::world::{World, at_least_once, config, flush, flushed, pings, pong, receive_frame};

fn errors(world: &World) -> usize {
    let events = world.events().into_iter();
    events
        .filter(|event| matches!(event, Event::Error(SessionError::Unconfirmable)))
        .count()
}

#[test]
fn unconfirmed_messages_are_sent_again() {
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
fn at_most_once_sends_nothing_again() {
    let mut world = World::connected(config());
    world.send("a");
    world.close(1006, "");
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn confirmation_is_requested_a_second_after_the_first_message() {
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
fn flush_survives_an_outage() {
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
fn replaced_state_is_not_sent_again() {
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
fn expired_messages_are_not_sent_again() {
    let mut world = World::connected(at_least_once());
    world.send_with("card", None, Some(200));
    world.close(1006, "");
    world.advance(200);
    assert_eq!(world.dropped(), [("card", "unconfirmed")]);
}

#[test]
fn stored_messages_are_bounded() {
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
fn message_beyond_the_bounds_is_sent_once() {
    let mut config = at_least_once();
    config.outbox.bytes = 3;
    let mut world = World::connected(config);
    assert_eq!(world.send("large"), Reply::Sent);
    assert_eq!(world.sent(), ["large"]);
    assert_eq!(world.dropped(), [("large", "unconfirmed")]);
}

#[test]
fn end_reports_unconfirmed_messages() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.disconnect();
    assert_eq!(world.dropped(), [("a", "unconfirmed")]);
    assert_eq!(world.session.stats().unconfirmed, 0);
}

#[test]
fn missing_pongs_are_reported_once() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    for _ in 0..20 {
        world.advance(1000);
        receive_frame(&mut world);
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
        "pong support is learned on each connection"
    );
}

#[test]
fn silence_does_not_mean_missing_pongs() {
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
fn frame_at_the_deadline_is_inconclusive() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    world.advance(5000);
    receive_frame(&mut world);
    world.send("b");
    flush(&mut world);
    world.advance(5000);
    world.take();
    flush(&mut world);
    assert_eq!(flushed(&world), [], "a pong may still come");
}

#[test]
fn state_beyond_the_bounds_is_not_sent_again() {
    let mut config = at_least_once();
    config.outbox.bytes = 8;
    let mut world = World::connected(config);
    world.send_with("too long for it", Some("k"), None);
    assert_eq!(world.dropped(), [("too long for it", "unconfirmed")]);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn frames_before_the_first_ping_prove_nothing() {
    let mut world = World::new(at_least_once());
    world.now = 60_000;
    world.connect("user-org.example.app");
    world.acknowledge();
    world.send("a");
    receive_frame(&mut world);
    world.advance(1000);
    assert_eq!((errors(&world), pings(&world)), (0, 1));
}

#[test]
fn ping_before_the_message_does_not_delay_its_confirmation() {
    let mut config = at_least_once();
    config.watch = Config::default().watch;
    let mut world = World::connected(config);
    pong(&mut world);
    world.advance(15_000);
    world.take();
    world.send("a");
    world.advance(999);
    assert_eq!(pings(&world), 0);
    world.advance(1);
    assert_eq!(pings(&world), 1);
}

#[test]
fn cloud_that_may_ignore_pings_is_not_asked_again_at_once() {
    let mut config = at_least_once();
    config.watch = Config::default().watch;
    let mut world = World::connected(config);
    world.advance(1000);
    world.send("a");
    while world.next_deadline() != Some(Timer::Confirm) {}
    assert_eq!(world.now, 1000 + 5000);
}

#[test]
fn confirmation_needs_no_ping_where_its_pong_is_to_come() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.advance(1000);
    pong(&mut world);
    world.take();
    world.send("b");
    world.advance(500);
    world.send(&"x".repeat(64 * 1024));
    assert_eq!(pings(&world), 1, "because of the size");
    world.advance(600);
    assert_eq!(pings(&world), 1);
}

#[test]
fn cloud_whose_pongs_prove_nothing_is_not_asked() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    pong(&mut world);
    assert_eq!(errors(&world), 1);
    world.advance(2000);
    assert_eq!(pings(&world), 0);
}

#[test]
fn late_pong_asks_for_nothing_that_was_given_up() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.advance(1000);
    world.send("b");
    while errors(&world) == 0 {
        receive_frame(&mut world);
        world.advance(1000);
    }
    let asked = pings(&world);
    pong(&mut world);
    world.advance(60_000);
    assert_eq!(pings(&world), asked);
}
