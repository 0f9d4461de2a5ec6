//! State that survives the line: messages with a key that went out and were not confirmed.

use tpa_session::session::{Command, Config, Control, Duration, FlushError, Input, Limits, Reply};

use crate::world::{
    SESSION, World, answer, at_least_once, config, flush, flushed, ping_ids, pong, receive_frame,
    watched,
};

const CARD: Option<&str> = Some("card");

fn reconnect(world: &mut World) {
    world.take();
    world.next_deadline();
    world.acknowledge();
}

/// A cloud that answers pings confirms what was sent before.
fn confirm(world: &mut World) {
    flush(world);
    pong(world);
}

fn send(world: &mut World, text: &str, key: &str, replay: bool) -> Reply {
    let payload = world.message(text);
    world.command(Command::Send {
        payload,
        key: Some(key.into()),
        ttl: None,
        replay,
        buffered: Some(0),
    })
}

#[test]
fn state_is_sent_once_more_after_the_line_was_lost() {
    for (code, reason) in [
        (1005, ""),
        (1006, ""),
        (1011, ""),
        (1012, ""),
        (1013, ""),
        (1014, ""),
        (1015, ""),
        (4008, "Stale"),
    ] {
        let mut world = World::connected(config());
        world.send_with("card", CARD, None);
        world.send("event");
        world.close(code, reason);
        reconnect(&mut world);
        assert_eq!(world.sent(), ["card"], "{code}");
        world.close(1006, "");
        reconnect(&mut world);
        assert_eq!(world.sent(), [""; 0], "{code}: only once");
    }
}

#[test]
fn state_is_not_sent_once_more_after_a_closure_that_is_no_loss() {
    for (code, reason) in [
        (1003, ""),
        (1007, ""),
        (1008, "Session expired"),
        (1008, "Malformed message"),
        (1009, ""),
        (4001, ""),
        (4500, ""),
    ] {
        let mut world = World::connected(config());
        world.send_with("card", CARD, None);
        world.close(code, reason);
        reconnect(&mut world);
        pong(&mut world);
        assert_eq!(world.sent(), [""; 0], "{code}");
    }
}

#[test]
fn closure_of_the_browser_is_a_loss() {
    let config = Config {
        browser_closes_cleanly: true,
        ..config()
    };
    let mut world = World::connected(config);
    world.send_with("card", CARD, None);
    world.close(1001, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["card"]);
}

#[test]
fn liveness_timeout_is_a_loss() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    pong(&mut world);
    world.send_with("card", CARD, None);
    flush(&mut world);
    world.advance(5000);
    assert_eq!(world.disconnected()[0].code, 4008);
    reconnect(&mut world);
    assert_eq!(world.sent(), ["card"]);
}

#[test]
fn end_of_the_session_lets_state_go() {
    type End = fn(&mut World);
    let ends: [End; 3] = [
        World::disconnect,
        |world| world.close(4009, ""),
        |world| {
            world.input(Input::Control(
                world.socket,
                Control::Stopped { reason: None },
            ))
        },
    ];
    for end in ends {
        let mut world = World::connected(config());
        world.send_with("card", CARD, None);
        end(&mut world);
        world.take();
        world.connect(SESSION);
        world.acknowledge();
        assert_eq!(world.sent(), [""; 0]);
        assert_eq!(world.dropped(), []);
    }
}

#[test]
fn state_that_is_due_is_let_go_at_the_end_without_an_event() {
    let mut world = World::connected(config());
    world.send_with("card", CARD, None);
    world.close(1006, "");
    world.disconnect();
    assert_eq!(world.dropped(), []);
    world.take();
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn confirmed_state_is_not_sent_again() {
    let mut world = World::connected(config());
    world.send_with("confirmed", CARD, None);
    confirm(&mut world);
    world.send_with("clock", Some("clock"), None);
    world.advance(60_000);
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["clock"], "pongs are known, whatever its age");
}

/// The session stops to wait for confirmations, and then the first pong comes.
#[test]
fn late_pong_confirms_no_state_that_was_sent_after_its_ping() {
    let mut world = World::connected(watched());
    world.advance(15_000);
    let pings = ping_ids(&world.take());
    world.send_with("card", CARD, None);
    flush(&mut world);
    world.advance(4000);
    receive_frame(&mut world);
    world.advance(3000);
    assert!(matches!(
        flushed(&world)[..],
        [(_, Err(FlushError::Unsupported))]
    ));
    answer(&mut world, pings[0]);
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["card"]);
}

#[test]
fn state_counts_for_20_seconds_where_pongs_are_unknown() {
    for (age, sent) in [(20_000, &["card"][..]), (20_001, &[])] {
        let mut world = World::connected(config());
        world.send_with("card", CARD, None);
        world.advance(age);
        receive_frame(&mut world);
        world.close(1006, "");
        reconnect(&mut world);
        assert_eq!(world.sent(), sent, "{age}");
    }
}

#[test]
fn newer_state_takes_the_place_of_the_older() {
    let mut world = World::connected(config());
    world.send_with("card 1", CARD, None);
    world.send_with("clock 1", Some("clock"), None);
    world.send_with("card 2", CARD, None);
    world.close(1006, "");
    world.send_with("clock 2", Some("clock"), None);
    reconnect(&mut world);
    assert_eq!(world.sent(), ["card 2", "clock 2"]);
}

#[test]
fn state_goes_in_its_order_before_the_queue() {
    let mut world = World::connected(config());
    world.send_with("a", Some("a"), None);
    world.send_with("b", Some("b"), None);
    world.close(1006, "");
    world.send("queued");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["a", "b", "queued"]);
}

#[test]
fn content_for_fewer_modes_goes_after_content_for_all() {
    let mut world = World::connected(config());
    let all = Some("dashboard_content_update:main,expanded");
    world.send_with("all", all, None);
    world.send_with("main", Some("dashboard_content_update:main"), None);
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["all", "main"]);
}

#[test]
fn state_whose_time_is_over_is_not_sent_again() {
    let mut world = World::connected(config());
    world.send_with("card", CARD, Some(500));
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), [""; 0]);
    assert_eq!(world.dropped(), [], "it was sent");
}

#[test]
fn replay_can_be_switched_off() {
    let mut world = World::connected(config());
    world.send_with("old", CARD, None);
    send(&mut world, "card", "card", false);
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), [""; 0]);
}

#[test]
fn failed_attempts_keep_what_is_due() {
    let mut world = World::connected(config());
    world.send_with("card", CARD, None);
    world.close(1006, "");
    world.next_deadline();
    world.close(1008, "No active session");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["card"]);
}

#[test]
fn table_is_bounded_by_32_messages() {
    let mut world = World::connected(config());
    let texts: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    for text in &texts {
        send(&mut world, text, text, true);
    }
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), texts[8..]);
}

#[test]
fn table_is_bounded_by_64_kib() {
    let mut world = World::connected(config());
    let large = |n: char| n.to_string().repeat(30 * 1024);
    for key in ['a', 'b', 'c'] {
        send(&mut world, &large(key), &key.to_string(), true);
    }
    send(&mut world, &"d".repeat(64 * 1024 + 1), "d", true);
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), [large('b'), large('c')]);
}

#[test]
fn state_does_not_count_towards_the_limits_of_the_queue() {
    let config = Config {
        outbox: Limits {
            messages: 1,
            ..config().outbox
        },
        ..config()
    };
    let mut world = World::connected(config);
    world.send_with("a", Some("a"), None);
    world.send_with("b", Some("b"), None);
    world.close(1006, "");
    world.send("queued");
    assert_eq!(world.session.queued(), (1, 6));
    reconnect(&mut world);
    assert_eq!(world.sent(), ["a", "b", "queued"]);
    assert_eq!(world.dropped(), []);
}

#[test]
fn full_socket_delays_state_too() {
    let mut world = World::connected(Config {
        outbox: Limits {
            buffered: 3,
            ..config().outbox
        },
        ..config()
    });
    for text in ["aaaa", "bbbb"] {
        world.input(Input::Buffered(world.socket, 0));
        world.send_with(text, Some(text), None);
    }
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["aaaa"]);
    world.input(Input::Buffered(world.socket, 0));
    assert_eq!(world.sent(), ["aaaa", "bbbb"]);
}

#[test]
fn flush_waits_for_state_that_is_sent_again() {
    let mut world = World::connected(config());
    world.send_with("card", CARD, None);
    world.close(1006, "");
    let first = flush(&mut world);
    assert_eq!(flushed(&world), []);
    reconnect(&mut world);
    assert_eq!(flushed(&world), [], "sent, and not confirmed");
    pong(&mut world);
    assert_eq!(flushed(&world), [(first, Ok(()))]);
}

#[test]
fn at_least_once_sends_state_again_until_it_is_confirmed() {
    let mut world = World::connected(at_least_once());
    world.send_with("card", CARD, None);
    for _ in 0..2 {
        world.advance(3000);
        world.close(1006, "");
        reconnect(&mut world);
        assert_eq!(world.sent(), ["card"]);
    }
}

/// A cloud that confirms nothing makes at-least-once impossible, and state survives all the same.
#[test]
fn at_least_once_without_pongs_sends_state_once_more() {
    let mut world = World::connected(at_least_once());
    world.send_with("early", Some("early"), None);
    for _ in 0..8 {
        world.advance(1000);
        receive_frame(&mut world);
    }
    world.send_with("late", Some("late"), None);
    world.close(1006, "");
    reconnect(&mut world);
    assert_eq!(world.sent(), ["early", "late"]);
}

#[test]
fn no_timer_is_needed() {
    let mut config = config();
    config.stable_after = Duration::ZERO;
    let mut world = World::connected(config);
    world.advance(1);
    world.send_with("card", CARD, None);
    assert_eq!(world.session.poll_timeout(), None);
}
