//! The table of closures and its consequences.

use tpa_session::session::{
    CLOSE_RULES, Close, CloseKind, CloseRule, Condition, Config, Control, Duration, Input, Origin,
    Output, Reconnect, State, classify,
};

use crate::world::{SESSION, World, config, redacted};

use CloseKind::{
    Abnormal, AppStopped, ClientDisconnect, Normal, Rejected, SessionEnded, Superseded,
};

/// Known closures of clouds: code, reason, kind.
const TABLE: [(u16, &str, CloseKind); 33] = [
    (1000, "", Normal),
    (1000, "bye", Normal),
    (1000, "App stopped", AppStopped),
    (1000, "App stopped by user", AppStopped),
    (1011, "App stopped: error", AppStopped),
    (1000, "User session ended", SessionEnded),
    (1006, "User session ended", SessionEnded),
    (1001, "", Normal),
    (1001, "Connection timeout detected", Normal),
    (1002, "", Abnormal),
    (1003, "", Abnormal),
    (1005, "", Abnormal),
    (1006, "", Abnormal),
    (1007, "", Abnormal),
    (1008, "", Abnormal),
    (1008, "No active session", Abnormal),
    (1008, "Session not found", Abnormal),
    (1008, "App not started for this session", Abnormal),
    (1008, "Invalid session ID format", Abnormal),
    (1008, "no WiFi for streaming", Abnormal),
    (1008, "Invalid API key", Rejected),
    (1008, "invalid api_key", Rejected),
    (1008, "JWT expired", Rejected),
    (1008, "Unauthorized", Rejected),
    (1011, "Internal server error", Abnormal),
    (1012, "service restart", Abnormal),
    (1013, "", Abnormal),
    (1015, "", Abnormal),
    (4000, "", Abnormal),
    (4008, "stale", Abnormal),
    (4009, "Superseded", Superseded),
    (4010, "Handed over", ClientDisconnect),
    (4999, "", Abnormal),
];

#[test]
fn table_of_closures() {
    for (code, reason, kind) in TABLE {
        let close = Close::new(code, reason);
        let (found, _) = classify(&close, Origin::Peer, CLOSE_RULES);
        assert_eq!(found, kind, "{code} {reason}");
        assert_eq!(close.was_clean(), code == 1000 || code == 1001);
    }
}

#[test]
fn only_abnormal_closures_are_retried() {
    for (code, reason, kind) in TABLE {
        let mut world = World::connected(config());
        world.close(code, reason);
        let events = world.disconnected();
        assert_eq!(
            events.len(),
            1,
            "{code} {reason}: one event for one closure"
        );
        let event = events[0];
        assert_eq!((event.code, event.reason.as_str()), (code, reason));
        assert_eq!(event.kind, kind);
        assert_eq!(event.was_clean, code == 1000 || code == 1001);
        assert_eq!(event.will_reconnect, kind == Abnormal, "{code} {reason}");
        assert_eq!(event.permanent, !event.will_reconnect);
        let state = if kind == Abnormal {
            State::Waiting
        } else {
            State::Stopped
        };
        assert_eq!(world.session.state(), state, "{code} {reason}");
        world.advance(60_000);
        let dials = usize::from(kind == Abnormal);
        assert_eq!(world.dials().min(1), dials, "{code} {reason}");
    }
}

#[test]
fn disconnect_emits_one_clean_final_event() {
    let mut world = World::connected(config());
    world.disconnect();
    let events = world.disconnected();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].code, events[0].kind), (1000, ClientDisconnect));
    assert!(events[0].was_clean && events[0].permanent);
    world.take();
    for code in [1000, 1005, 1006] {
        world.close(code, "echo");
    }
    world.disconnect();
    world.advance(60_000);
    assert_eq!(world.outputs, []);
}

#[test]
fn disconnect_while_waiting_stops_the_next_dial() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.advance(500);
    world.take();
    world.disconnect();
    assert_eq!(world.story(), ["-> stopped", "disconnected 1000 permanent"]);
    world.take();
    world.advance(60_000);
    assert_eq!(world.outputs, []);
}

#[test]
fn disconnect_after_the_end_has_no_effect() {
    for close in [(1000, "App stopped"), (1006, "")] {
        let mut world = World::connected(config());
        world.close(close.0, close.1);
        world.refuse_all();
        world.take();
        world.disconnect();
        world.advance(60_000);
        assert_eq!(world.outputs, [], "{close:?}");
    }
}

#[test]
fn disconnect_before_connect_has_no_effect() {
    let mut world = World::new(config());
    world.disconnect();
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.state(), State::Idle);
}

#[test]
fn disconnect_in_the_same_tick_sends_no_init() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.take();
    world.disconnect();
    let socket = world.socket;
    assert!(matches!(world.outputs[0], Output::Close(closed, _) if closed == socket));
    world.take();
    world.input(Input::Opened(socket));
    assert_eq!(world.outputs, []);
}

#[test]
fn stopped_app_emits_one_event() {
    for code in [1000, 1006] {
        let mut world = World::connected(config());
        let reason = Some("user_disabled".into());
        world.input(Input::Control(world.socket, Control::Stopped { reason }));
        world.close(code, "");
        world.advance(60_000);
        let events = world.disconnected();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, AppStopped);
        assert_eq!(events[0].reason, "App stopped: user_disabled");
        assert!(events[0].permanent);
        assert_eq!(world.dials(), 0);
    }
}

#[test]
fn loss_without_auto_reconnect_is_final() {
    let mut world = World::connected(Config {
        auto_reconnect: false,
        ..config()
    });
    world.close(1006, "");
    let events = world.disconnected();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].code, events[0].permanent), (1006, true));
}

#[test]
fn close_frame_has_valid_code_and_length() {
    for (code, sent) in [
        (1000, 1000),
        (1001, 1000),
        (1006, 1000),
        (3000, 3000),
        (4008, 4008),
    ] {
        assert_eq!(Close::new(code, "").to_send().0, sent);
    }
    let long = Close::new(1000, redacted(&"é".repeat(100)));
    assert_eq!(
        long.to_send().1,
        "é".repeat(61),
        "123 bytes would cut a character in two"
    );
    let short = Close::new(1000, redacted(&"a".repeat(123)));
    assert_eq!(short.to_send().1.len(), 123);
}

#[test]
fn message_has_code_and_reason() {
    let message = |code, reason| {
        let mut world = World::connected(config());
        world.close(code, reason);
        world.disconnected()[0].message.clone()
    };
    assert_eq!(message(1000, ""), "Connection closed (1000)");
    assert_eq!(message(1011, "oops"), "Connection closed (1011): oops");
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all();
    let end = world.disconnected().pop().expect("the end");
    assert_eq!(
        end.message,
        "Maximum reconnection attempts exceeded. The last one: Connection closed (1006)"
    );
}

/// Row for a cloud that asks for a delay of 30 s by 4013.
const WITH_4013: &[CloseRule] = &[CloseRule::new(
    Condition::Code(4013),
    CloseKind::Abnormal,
    Reconnect::After(Duration::from_millis(30_000)),
)];

#[test]
fn rule_can_carry_a_delay() {
    let mut world = World::connected(Config {
        close_rules: WITH_4013,
        ..config()
    });
    world.close(4013, "busy");
    let next = world.reconnecting()[0];
    assert_eq!((next.attempt, next.delay.as_millis()), (1, 30_000));
    world.advance(29_999);
    assert_eq!(world.dials(), 0);
    world.advance(1);
    assert_eq!(world.dials(), 1);
}

#[test]
fn first_matching_rule_decides() {
    let rules = [WITH_4013, CLOSE_RULES].concat();
    let kinds = [
        (4013, "User session ended", CloseKind::Abnormal),
        (1000, "User session ended", CloseKind::SessionEnded),
        (1000, "bye", CloseKind::Normal),
        (4014, "", CloseKind::Abnormal),
    ];
    for (code, reason, kind) in kinds {
        let close = Close::new(code, reason);
        assert_eq!(classify(&close, Origin::Peer, &rules).0, kind);
    }
}

#[test]
fn only_silence_of_the_peer_is_abandonment() {
    for code in [4001, 4008] {
        assert!(Close::new(code, "").is_abandonment(), "{code}");
    }
    for code in [1000, 1001, 1006, 4000, 4009, 4010] {
        assert!(!Close::new(code, "").is_abandonment(), "{code}");
    }
}
