//! Queued messages.

use tpa_session::session::{
    Command, Config, Delivery, Duration, Input, Limits, Output, Reply, State, Timer, state_key,
};

use crate::world::{SESSION, World, at_least_once, config, flush, flushed, pong};

fn limited(messages: usize, bytes: usize) -> Config {
    Config {
        outbox: Limits {
            messages,
            bytes,
            ..config().outbox
        },
        ..config()
    }
}

#[test]
fn sends_at_once_while_connected() {
    let mut world = World::connected(config());
    assert_eq!(world.send("a"), Reply::Sent);
    assert_eq!(world.sent(), ["a"]);
}

#[test]
fn queue_keeps_the_order() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for text in ["a", "b", "c"] {
        assert_eq!(world.send(text), Reply::Queued);
    }
    assert_eq!(world.session.queued(), (3, 3));
    world.next_deadline();
    world.send("d");
    assert_eq!(world.sent(), Vec::<&str>::new());
    world.acknowledge();
    world.send("e");
    assert_eq!(world.sent(), ["a", "b", "c", "d", "e"]);
    assert_eq!(world.session.queued(), (0, 0));
}

#[test]
fn nothing_is_sent_on_a_closing_socket() {
    let mut world = World::connected(config());
    let payload = world.message("a");
    let reply = world.command(Command::Send {
        payload,
        key: None,
        ttl: None,
        replay: true,
        buffered: None,
    });
    assert_eq!(reply, Reply::Queued);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["a"]);
}

#[test]
fn closing_socket_is_given_up() {
    let mut world = World::connected(config());
    let payload = world.message("a");
    let send = || Command::Send {
        payload,
        key: None,
        ttl: None,
        replay: true,
        buffered: None,
    };
    world.command(send());
    world.advance(3000);
    world.command(send());
    world.advance(1999);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "a close event may still come"
    );
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["a", "a"]);
}

#[test]
fn queue_goes_before_new_messages() {
    let mut world = World::connected(config());
    let payload = world.message("a");
    world.command(Command::Send {
        payload,
        key: None,
        ttl: None,
        replay: true,
        buffered: None,
    });
    world.send("b");
    assert_eq!(world.sent(), ["a", "b"]);
}

#[test]
fn oldest_is_dropped_first() {
    let mut world = World::new(limited(2, 100));
    for text in ["a", "b", "c"] {
        assert_eq!(world.send(text), Reply::Queued);
    }
    assert_eq!(world.dropped(), [("a", "overflow")]);
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(world.sent(), ["b", "c"]);
}

#[test]
fn bytes_are_bounded() {
    let mut world = World::new(limited(100, 10));
    world.send("aaaa");
    world.send("bbbb");
    world.send("cccc");
    assert_eq!(world.dropped(), [("aaaa", "overflow")]);
    assert_eq!(world.session.queued(), (2, 8));
}

#[test]
fn message_beyond_the_bounds_is_dropped() {
    let mut world = World::new(limited(100, 3));
    world.send("a");
    assert_eq!(world.send("bbbb"), Reply::Dropped);
    assert_eq!(world.dropped(), [("bbbb", "overflow")]);
    assert_eq!(world.session.queued(), (1, 1));
}

#[test]
fn queue_of_size_zero_drops_all() {
    let mut world = World::new(limited(0, 100));
    assert_eq!(world.send("a"), Reply::Dropped);
    assert_eq!(world.dropped(), [("a", "overflow")]);
}

#[test]
fn queue_of_size_zero_stops_no_message_on_a_connection() {
    let mut world = World::connected(limited(0, 100));
    assert_eq!(world.send("a"), Reply::Sent);
    assert_eq!(world.dropped(), []);
}

#[test]
fn newer_state_replaces_the_older() {
    let mut world = World::new(config());
    world.send_with("card 1", Some("card"), None);
    world.send("b");
    for n in 2..=3600 {
        assert_eq!(
            world.send_with(&format!("card {n}"), Some("card"), None),
            Reply::Queued
        );
    }
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(
        world.sent(),
        ["b", "card 3600"],
        "in the order of the calls"
    );
    assert_eq!(world.dropped(), []);
}

#[test]
fn larger_newer_state_does_not_drop_itself() {
    let mut world = World::new(limited(10, 10));
    world.send_with("a", Some("card"), None);
    world.send("bbbb");
    world.send("cccc");
    assert_eq!(world.send_with("aaaaaa", Some("card"), None), Reply::Queued);
    assert_eq!(world.dropped(), [("bbbb", "overflow")]);
    assert_eq!(world.session.queued(), (2, 10));
}

#[test]
fn expired_messages_are_dropped() {
    let mut world = World::new(config());
    world.send_with("short", None, Some(1000));
    world.send_with("long", None, Some(9000));
    world.send("always");
    world.advance(999);
    assert_eq!(world.dropped(), []);
    world.advance(1);
    assert_eq!(world.dropped(), [("short", "expired")], "reported at once");
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(world.sent(), ["long", "always"]);
    world.take();
    world.advance(60_000);
    assert_eq!(world.dropped(), []);
}

#[test]
fn messages_that_expire_while_the_timer_is_late_are_dropped_by_expiry() {
    let mut world = World::new(config());
    for (text, ttl) in [("third", 300), ("first", 100), ("second", 100)] {
        world.send_with(text, None, Some(ttl));
    }
    world.now = 300;
    world.input(Input::Timeout);
    let dropped = world.dropped().into_iter().map(|(text, _)| text);
    assert_eq!(dropped.collect::<Vec<_>>(), ["first", "second", "third"]);
}

#[test]
fn message_that_expired_during_sleep_is_not_sent() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.send_with("old", None, Some(1000));
    world.now += 2000;
    world.acknowledge();
    assert_eq!(world.sent(), Vec::<&str>::new());
    assert_eq!(world.dropped(), [("old", "expired")]);
}

#[test]
fn end_reports_queued_messages() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.send("a");
    world.send("b");
    world.take();
    world.disconnect();
    let story = [
        "dropped ended",
        "dropped ended",
        "-> stopped",
        "disconnected 1000 permanent",
    ];
    assert_eq!(world.story(), story);
    assert_eq!(world.session.queued(), (0, 0));
}

#[test]
fn message_after_the_end_is_dropped_without_an_event() {
    let mut world = World::connected(config());
    world.disconnect();
    world.take();
    assert_eq!(world.send("a"), Reply::Dropped);
    assert_eq!(world.outputs, []);
}

#[test]
fn nothing_is_sent_before_the_ack() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.send("a");
    world.input(tpa_session::session::Input::Opened(world.socket));
    world.send("b");
    let messages = world
        .outputs
        .iter()
        .filter(|output| matches!(output, Output::Transmit(..)))
        .count();
    assert_eq!(messages, 1, "init alone");
}

#[test]
fn displays_and_dashboards_are_state() {
    let none = |_: &str| None;
    let text = |value: &'static str| move |_: &str| Some(value.to_owned());
    assert_eq!(
        state_key("display_event", text("main")).as_deref(),
        Some("display_event:main"),
        "clear_view is a display too"
    );
    assert_eq!(
        state_key("display_event", none).as_deref(),
        Some("display_event:")
    );
    assert_eq!(
        state_key("dashboard_content_update", text("main,expanded")).as_deref(),
        Some("dashboard_content_update:main,expanded")
    );
    assert_eq!(
        state_key("dashboard_system_update", text("topLeft")).as_deref(),
        Some("dashboard_system_update:topLeft")
    );
    assert_eq!(state_key("photo_request", text("main")), None);
}

#[test]
fn newer_state_goes_to_the_end_of_the_queue() {
    let mut world = World::new(config());
    world.send_with("clock 1", Some("clock"), None);
    world.send_with("card 1", Some("card"), None);
    world.send("event");
    world.send_with("card 2", Some("card"), None);
    world.send_with("clock 2", Some("clock"), None);
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(world.sent(), ["event", "card 2", "clock 2"]);
}

#[test]
fn content_replaces_content_for_the_same_or_fewer_modes() {
    let key = |modes: &str| format!("dashboard_content_update:{modes}");
    let cases = [
        ("main", "main", true),
        ("main", "main,expanded", true),
        ("expanded", "main,expanded", true),
        ("expanded,main", "main,expanded", true),
        ("main,expanded", "main", false),
        ("main", "expanded", false),
    ];
    for (older, newer, is_replaced) in cases {
        let mut world = World::new(config());
        world.send_with("older", Some(&key(older)), None);
        world.send_with("newer", Some(&key(newer)), None);
        let queued = if is_replaced { 1 } else { 2 };
        assert_eq!(world.session.queued().0, queued, "{older} then {newer}");
    }
}

#[test]
fn content_for_all_modes_replaces_several() {
    let mut world = World::new(config());
    for modes in ["main", "expanded", "main,expanded"] {
        let key = format!("dashboard_content_update:{modes}");
        world.send_with(modes, Some(&key), None);
    }
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(world.sent(), ["main,expanded"]);
    assert_eq!(world.dropped(), []);
}

#[test]
fn only_content_is_compared_by_its_modes() {
    let mut world = World::new(config());
    world.send_with("a", Some("section:main"), None);
    world.send_with("b", Some("section:main,expanded"), None);
    assert_eq!(world.session.queued().0, 2);
}

#[test]
fn ack_sends_the_whole_queue() {
    let mut world = World::connected(config());
    for outage in 0..3 {
        world.close(1006, "");
        world.take();
        let texts: Vec<_> = (0..100).map(|n| format!("{outage}.{n}")).collect();
        for text in &texts {
            world.send(text);
        }
        world.next_deadline();
        world.acknowledge();
        assert_eq!(world.sent(), texts);
        assert_eq!(world.session.queued(), (0, 0));
        world.advance(5000);
    }
}

#[test]
fn sent_message_leaves_no_timer() {
    let mut world = World::new(config());
    world.send_with("a", None, Some(60_000));
    world.connect(SESSION);
    world.acknowledge();
    assert_eq!(world.sent(), ["a"]);
    world.advance(5000);
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn end_leaves_no_expiry_timer() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.send_with("a", None, Some(60_000));
    world.disconnect();
    assert_eq!(world.dropped(), [("a", "ended")]);
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn replaced_message_leaves_no_timer() {
    let mut world = World::new(config());
    world.send_with("short", Some("card"), Some(1000));
    world.send_with("for ever", Some("card"), None);
    assert_eq!(world.session.poll_timeout(), None);
    world.advance(5000);
    assert_eq!(world.session.queued().0, 1);
}

#[test]
fn sent_messages_leave_their_space() {
    let limits = limited(10, 8);
    for config in [
        limits.clone(),
        Config {
            delivery: Delivery::AtLeastOnce,
            ..limits
        },
    ] {
        let mut world = World::new(config);
        world.connect("user-org.example.app");
        world.send("12345678");
        world.acknowledge();
        assert_eq!(world.sent(), ["12345678"]);
        let flushing = flush(&mut world);
        pong(&mut world);
        assert_eq!(flushed(&world), [(flushing, Ok(()))]);
        world.close(1006, "");
        world.send("1234");
        world.send("5678");
        assert_eq!(world.dropped(), []);
        assert_eq!(world.session.queued(), (2, 8));
    }
}

#[test]
fn message_that_replaces_both_sent_and_queued_ones_leaves_no_timer() {
    let mut world = World::connected(at_least_once());
    let content = |modes: &str| format!("dashboard_content_update:{modes}");
    world.send_with("a", Some(&content("main")), None);
    for (text, modes, ttl) in [("b", "expanded", Some(100)), ("c", "main,expanded", None)] {
        let payload = world.message(text);
        world.command(Command::Send {
            payload,
            key: Some(content(modes)),
            ttl: ttl.map(Duration::from_millis),
            replay: true,
            buffered: Some(u32::MAX),
        });
    }
    assert_eq!(world.session.queued(), (1, 1));
    while let Some((at, timer)) = world.session.poll_timeout()
        && at.as_millis() <= 1000
    {
        assert_ne!(timer, Timer::Expiry);
        world.next_deadline();
    }
}
