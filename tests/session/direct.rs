//! Messages that the driver sends by itself, and reports later.

use tpa_session::session::{
    Command, Config, Delivery, Direct, DirectState, Duration, Input, Instant, Permit, Reply,
};

use crate::world::{World, answer, answered, flush, flushed, ping_ids, receive_frame, watched};

/// A connected session that has sent one message.
fn world() -> World {
    let mut world = answered();
    world.send("first");
    world
}

fn permit(world: &World) -> Permit {
    world.session.permit().expect("a permit")
}

fn sent(world: &World, messages: u32, bytes: usize) -> Direct<testkit::Message> {
    Direct {
        messages,
        bytes,
        last: world.now(),
        state: None,
    }
}

fn state(world: &mut World, text: &str, key: &str) -> DirectState<testkit::Message> {
    DirectState {
        payload: world.message(text),
        key: key.into(),
        ttl: None,
        replay: true,
        number: 1,
        size: text.len(),
        sent_at: world.now(),
    }
}

fn tell(sent: Direct<testkit::Message>, world: &mut World) {
    let now = world.now();
    world.session.report_direct(sent, now);
}

fn reconnect(world: &mut World) {
    world.close(1006, "");
    world.take();
    world.next_deadline();
    world.acknowledge();
}

#[test]
fn first_send_is_followed_by_a_permit_for_a_second() {
    let world = world();
    let permit = permit(&world);
    assert_eq!(permit.socket, world.socket);
    assert_eq!(permit.until, Instant::from_millis(world.now + 1000));
    assert_eq!(permit.bytes, 64 * 1024 - 1 - "first".len());
    assert_eq!(permit.buffered, 1 << 20);
}

#[test]
fn send_after_something_was_heard_goes_through_the_session() {
    let mut world = world();
    world.advance(10);
    receive_frame(&mut world);
    assert_eq!(world.session.permit(), None, "the timer must be set");
    world.send("second");
    assert!(world.session.permit().is_some());
}

#[test]
fn no_permit_where_a_message_has_other_effects() {
    let mut never = World::new(watched());
    assert_eq!(never.session.permit(), None, "idle");
    never.connect("user-org.example.app");
    assert_eq!(never.session.permit(), None, "connecting");
    let mut lost = world();
    lost.close(1006, "");
    assert_eq!(lost.session.permit(), None, "waiting");
    let mut flushing = world();
    flush(&mut flushing);
    assert_eq!(flushing.session.permit(), None, "flushing");
    let mut full = world();
    let payload = full.message("waits");
    let reply = full.command(Command::Send {
        payload,
        key: None,
        ttl: None,
        replay: true,
        buffered: Some(2 << 20),
    });
    assert_eq!(reply, Reply::Queued);
    assert_eq!(full.session.permit(), None, "queued");
    let mut kept = World::connected(Config {
        delivery: Delivery::AtLeastOnce,
        ..watched()
    });
    kept.send("first");
    assert_eq!(kept.session.permit(), None, "at least once");
}

#[test]
fn permit_ends_where_the_next_ping_is_due() {
    let mut world = world();
    let bytes = permit(&world).bytes;
    tell(sent(&world, 100, bytes), &mut world);
    assert_eq!(permit(&world).bytes, 0);
    world.take();
    world.send("x");
    assert_eq!(ping_ids(&world.outputs).len(), 1);
}

#[test]
fn reported_messages_are_counted_and_confirmed() {
    let mut world = world();
    tell(sent(&world, 3, 30), &mut world);
    assert_eq!(world.session.stats().sent, 4);
    world.take();
    let flush = flush(&mut world);
    let ping = ping_ids(&world.outputs)[0];
    assert_eq!(flushed(&world), [], "nothing is confirmed yet");
    answer(&mut world, ping);
    assert_eq!(flushed(&world), [(flush, Ok(()))]);
}

#[test]
fn reported_state_is_sent_once_more_after_a_loss() {
    let mut world = world();
    world.send_with("older", Some("card"), None);
    let mut report = sent(&world, 2, 10);
    report.state = Some(state(&mut world, "newer", "card"));
    tell(report, &mut world);
    reconnect(&mut world);
    assert_eq!(world.sent(), ["newer"]);
}

#[test]
fn pong_of_an_earlier_ping_does_not_confirm_reported_state() {
    let mut world = world();
    world.take();
    world.send(&"x".repeat(64 * 1024));
    let ping = ping_ids(&world.outputs)[0];
    let mut report = sent(&world, 1, 4);
    report.state = Some(state(&mut world, "card", "card"));
    tell(report, &mut world);
    answer(&mut world, ping);
    reconnect(&mut world);
    assert_eq!(world.sent(), ["card"]);
}

#[test]
fn permit_ends_where_the_bytes_of_state_would() {
    let mut world = world();
    world.send_with(&"x".repeat(63 * 1024), Some("card"), None);
    // A ping goes out, and its pong is still to come.
    world.send(&"x".repeat(1024));
    world.send("first");
    assert_eq!(permit(&world).bytes, 1024);
}

#[test]
fn permit_ends_where_32_states_are_kept() {
    let mut world = world();
    for number in 1..=31 {
        world.send_with("x", Some(&number.to_string()), None);
    }
    assert!(world.session.permit().is_some());
    world.send_with("x", Some("32"), None);
    assert_eq!(world.session.permit(), None);
}

#[test]
fn reported_state_that_was_confirmed_is_not_sent_again() {
    let mut world = world();
    let mut report = sent(&world, 1, 5);
    report.state = Some(state(&mut world, "card", "card"));
    tell(report, &mut world);
    world.take();
    flush(&mut world);
    let ping = ping_ids(&world.outputs)[0];
    answer(&mut world, ping);
    reconnect(&mut world);
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn reported_state_expires() {
    let mut world = world();
    let mut report = sent(&world, 1, 5);
    report.state = Some(DirectState {
        ttl: Some(Duration::from_millis(100)),
        ..state(&mut world, "card", "card")
    });
    tell(report, &mut world);
    reconnect(&mut world);
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn silence_after_reported_messages_is_a_reason_to_ask() {
    let mut world = world();
    world.advance(900);
    tell(sent(&world, 1, 5), &mut world);
    // The first message is heard of, and the second is not.
    let heard = Instant::from_millis(500);
    world.input(Input::Activity(world.socket, heard));
    world.take();
    world.advance(2999);
    assert_eq!(ping_ids(&world.outputs), []);
    world.advance(1);
    assert_eq!(ping_ids(&world.outputs).len(), 1);
}

#[test]
fn times_after_now_do_not_put_the_session_ahead() {
    let mut world = world();
    let later = Instant::from_millis(world.now + 3_600_000);
    let mut state = state(&mut world, "card", "card");
    state.sent_at = later;
    state.ttl = Some(Duration::from_millis(100));
    let sent = Direct {
        last: later,
        state: Some(state),
        ..sent(&world, 1, 4)
    };
    tell(sent, &mut world);
    receive_frame(&mut world);
    assert_eq!(world.session.stats().last_heard, Some(world.now()));
    reconnect(&mut world);
    assert_eq!(world.sent(), [""; 0], "expired");
}

#[test]
fn a_second_of_silence_after_four_sends_needs_no_other_record() {
    let mut world = World::connected(watched());
    for text in ["a", "b", "c", "d"] {
        world.send(text);
        world.advance(1000);
    }
    let permit = world.session.permit();
    assert!(permit.is_some_and(|permit| permit.until > Instant::from_millis(world.now + 60_000)));
}
