//! Serialized payloads and frames. Apps and clouds depend on these names.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use tpa_session::session::{
    Cause, CloseKind, CloseRule, Condition, Config, Connecting, Delivery, Disconnected, Duration,
    Event, FlushError, Init, Input, Malformed, PingId, RESERVED_EVENTS, Reconnect, Reconnecting,
    SessionError, State, StateChange, Stats, SubscriptionUpdate, WakeHint, ping_frame,
};

use crate::world::{World, config};

fn object(record: &impl Serialize) -> Value {
    serde_json::to_value(record).expect("plain data")
}

fn cause(kind: CloseKind) -> Cause {
    Cause {
        code: 1011,
        reason: "oops".into(),
        kind,
    }
}

#[test]
fn events() {
    assert_eq!(object(&Connecting { attempt: 2 }), json!({ "attempt": 2 }));
    let change = StateChange {
        from: State::Idle,
        to: State::Connecting,
    };
    assert_eq!(
        object(&change),
        json!({ "from": "idle", "to": "connecting" })
    );
    let end = Disconnected {
        message: "Connection closed (1011): oops".into(),
        code: 1011,
        reason: "oops".into(),
        was_clean: false,
        permanent: true,
        will_reconnect: false,
        kind: CloseKind::Abnormal,
    };
    assert_eq!(
        object(&end),
        json!({
            "message": "Connection closed (1011): oops",
            "code": 1011,
            "reason": "oops",
            "wasClean": false,
            "permanent": true,
            "willReconnect": false,
            "kind": "Abnormal",
        })
    );
    let next = Reconnecting {
        attempt: 1,
        max_attempts: 3.0,
        delay: Duration::from_millis(700),
        counted: true,
        cause: cause(CloseKind::Rejected),
    };
    assert_eq!(
        object(&next),
        json!({
            "attempt": 1,
            "maxAttempts": 3.0,
            "delay": 700,
            "counted": true,
            "cause": { "code": 1011, "reason": "oops", "kind": "Rejected" },
        })
    );
}

#[test]
fn names_of_close_kinds() {
    for (kind, name) in [
        (CloseKind::ClientDisconnect, "ClientDisconnect"),
        (CloseKind::SessionEnded, "SessionEnded"),
        (CloseKind::AppStopped, "AppStopped"),
        (CloseKind::Superseded, "Superseded"),
        (CloseKind::Rejected, "Rejected"),
        (CloseKind::Normal, "Normal"),
        (CloseKind::Abnormal, "Abnormal"),
        (CloseKind::Exhausted, "Exhausted"),
        (CloseKind::Unsupported, "Unsupported"),
        (CloseKind::Offline, "Offline"),
    ] {
        assert_eq!(object(&cause(kind))["kind"], name);
    }
}

#[test]
fn frames_to_the_cloud() {
    let init = Init {
        session_id: "user-org.example.app",
        package_name: "org.example.app",
        api_key: "key",
    };
    assert_eq!(
        object(&init),
        json!({
            "type": "tpa_connection_init",
            "sessionId": "user-org.example.app",
            "packageName": "org.example.app",
            "apiKey": "key",
        })
    );
    let update = SubscriptionUpdate {
        package_name: "org.example.app",
        session_id: "user-org.example.app",
        subscriptions: &["button_press".into()],
    };
    assert_eq!(
        object(&update),
        json!({
            "type": "subscription_update",
            "packageName": "org.example.app",
            "sessionId": "user-org.example.app",
            "subscriptions": ["button_press"],
        })
    );
    let ping: serde_json::Value = serde_json::from_str(&ping_frame(PingId(7))).expect("a frame");
    assert_eq!(ping, json!({ "type": "ping", "id": 7 }));
}

#[test]
fn counters() {
    let stats = Stats {
        attempts: 1,
        connections: 2,
        sent: 3,
        dropped: 4,
        errors: 5,
        pings: 6,
        pongs: 7,
        queued: 8,
        queued_bytes: 9,
        unconfirmed: 10,
        ..Stats::default()
    };
    let right = json!({
        "attempts": 1, "connections": 2, "sent": 3, "dropped": 4, "errors": 5,
        "pings": 6, "pongs": 7, "roundTrip": null, "queued": 8, "queuedBytes": 9,
        "unconfirmed": 10,
    });
    assert_eq!(object(&stats), right);
    let stats = Stats {
        round_trip: Some(Duration::from_millis(12)),
        ..stats
    };
    assert_eq!(object(&stats)["roundTrip"], 12.0);
}

#[test]
fn flush_errors() {
    for (error, code, message) in [
        (
            FlushError::Unsupported,
            "NOT_SUPPORTED",
            "not supported by this cloud",
        ),
        (
            FlushError::Lost,
            "CONNECTION_LOST",
            "the connection was lost before all was confirmed",
        ),
        (FlushError::Ended, "SESSION_OVER", "the session is over"),
        (
            FlushError::NotStarted,
            "NOT_STARTED",
            "connect() was not called",
        ),
    ] {
        assert_eq!((error.code(), error.message()), (code, message));
    }
}

#[test]
fn states_by_name() {
    use State::{Connected, Connecting, Handshaking, Idle, Stopped, Waiting};
    for state in [Idle, Connecting, Handshaking, Connected, Waiting, Stopped] {
        assert_eq!(State::of_name(state.name()), Some(state));
    }
    assert_eq!(State::of_name("gone"), None);
}

#[test]
fn frames_must_not_spoof_events_of_the_session() {
    let mut world = World::connected(Config {
        delivery: Delivery::AtLeastOnce,
        ..config()
    });
    world.connect("another-org.example.app");
    world.acknowledge();
    world.input(Input::Malformed(world.socket, Malformed::NotJson));
    world.send("lost");
    world.close(1006, "");
    world.disconnect();
    let names: BTreeSet<_> = world.events().into_iter().map(Event::name).collect();
    assert_eq!(names.len(), 7);
    for name in names {
        assert!(RESERVED_EVENTS.contains(&name), "{name}");
    }
}

#[test]
fn error_events() {
    let reported = SessionError::Reported {
        code: Some("INTERNAL_ERROR".into()),
        message: "oops".into(),
    };
    assert_eq!(reported.code(), Some("INTERNAL_ERROR"));
    assert_eq!(reported.message(), "oops");
    let malformed = SessionError::Malformed(Malformed::NotJson);
    assert_eq!(malformed.code(), Some("MALFORMED_FRAME"));
    assert_eq!(malformed.message(), Malformed::NotJson.message());
    assert_eq!(SessionError::Unconfirmable.code(), Some("UNCONFIRMABLE"));
    assert!(SessionError::Unconfirmable.message().contains("confirms"));
}

#[test]
fn names_in_the_timeline() {
    let mut world = World::connected(config());
    world.input(Input::Malformed(world.socket, Malformed::NotJson));
    world.input(Input::Wake(WakeHint::Resumed));
    world.input(Input::Offline);
    world.close(1006, "");
    world.input(Input::Online);
    world.disconnect();
    world.input(Input::Wake(WakeHint::Slept));
    let names: BTreeSet<_> = world.session.timeline().map(|it| it.event.name()).collect();
    let expected = [
        "connecting",
        "disconnected",
        "error",
        "offline",
        "online",
        "reconnecting",
        "resumed",
        "slept",
        "stateChange",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn decisions() {
    assert_eq!(Reconnect::from(true), Reconnect::Yes);
    assert_eq!(Reconnect::from(false), Reconnect::No);
    let row = CloseRule::new(Condition::Code(4013), CloseKind::Abnormal, Reconnect::Yes);
    assert_eq!(row.condition, Condition::Code(4013));
    assert_eq!(
        (row.kind, row.reconnect),
        (CloseKind::Abnormal, Reconnect::Yes)
    );
}
