//! Frames that the session handles.

use tpa_session::session::{
    CONTROL_TYPES, CommandError, Control, Duration, Malformed, PingId, Redactor, is_of_package,
    is_replayable, time_to_live,
};

/// Parses a frame with this type and these fields.
fn parse(kind: &str, fields: &[(&str, &str)]) -> Option<Control> {
    let text = |name: &str| {
        let field = fields.iter().find(|field| field.0 == name);
        field.map(|field| field.1.to_owned())
    };
    Control::parse(kind, text, |_| None, &Redactor::default())
}

#[test]
fn ack_and_pong() {
    assert_eq!(parse("tpa_connection_ack", &[]), Some(Control::Ack));
    assert_eq!(parse("pong", &[]), Some(Control::Pong { id: None }));
}

#[test]
fn error_frames() {
    for kind in ["tpa_connection_error", "connection_error"] {
        let fields = [("code", "INVALID_JWT"), ("message", "expired")];
        let error = Control::Error {
            code: Some("INVALID_JWT".into()),
            message: "expired".into(),
        };
        assert_eq!(parse(kind, &fields), Some(error));
        let bare = Control::Error {
            code: None,
            message: "Connection refused".into(),
        };
        assert_eq!(parse(kind, &[]), Some(bare));
    }
}

#[test]
fn stop_frames() {
    let reason = Some("user_disabled".into());
    let stopped = parse("app_stopped", &[("reason", "user_disabled")]);
    assert_eq!(stopped, Some(Control::Stopped { reason }));
    let stopped = parse("app_stopped", &[]);
    assert_eq!(stopped, Some(Control::Stopped { reason: None }));
}

#[test]
fn control_types_are_exactly_those_that_are_parsed() {
    for kind in CONTROL_TYPES {
        assert!(parse(kind, &[]).is_some(), "{kind}");
    }
    for kind in ["", "ack", "data_stream", "settings_update", "PONG"] {
        assert_eq!(parse(kind, &[]), None, "{kind}");
    }
}

#[test]
fn only_displays_have_a_time_to_live() {
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(time_to_live("display_event", Some(3000.0)), millis(3000));
    assert_eq!(time_to_live("display_event", Some(0.0)), millis(0));
    for duration in [None, Some(-1.0), Some(f64::NAN)] {
        assert_eq!(time_to_live("display_event", duration), None);
    }
    assert_eq!(time_to_live("photo_request", Some(3000.0)), None);
}

#[test]
fn session_ids_end_in_the_package() {
    for (session_id, is_right) in [
        ("user-org.example.app", true),
        ("a-b@example.org-org.example.app", true),
        ("user1", false),
        ("userorg.example.app", false),
        ("-org.example.app", false),
        ("org.example.app", false),
        ("user-org.example.apps", false),
    ] {
        let found = is_of_package(session_id, "org.example.app");
        assert_eq!(found, is_right, "{session_id}");
    }
}

#[test]
fn messages_of_malformed_frames() {
    assert!(Malformed::NotJson.message().contains("not JSON"));
    assert!(Malformed::NotObject.message().contains("object"));
    assert!(Malformed::NoType.message().contains("type"));
    assert!(
        CommandError::InvalidSessionId
            .message()
            .contains("sessionId")
    );
    assert!(CommandError::EmptyStream.message().contains("streams"));
}

#[test]
fn pong_repeats_the_id_of_its_ping() {
    let pong = |id: f64| {
        let number = |name: &str| (name == "id").then_some(id);
        Control::parse("pong", |_| None, number, &Redactor::default())
    };
    for id in [0, 1, 70_000, u32::MAX] {
        let answer = Control::Pong {
            id: Some(PingId(id)),
        };
        assert_eq!(pong(f64::from(id)), Some(answer));
    }
    for number in [-1.0, 0.5, 4_294_967_296.0, f64::NAN, f64::INFINITY] {
        assert_eq!(pong(number), Some(Control::Pong { id: None }), "{number}");
    }
}

#[test]
fn mode_of_the_dashboard_is_not_sent_once_more() {
    assert!(!is_replayable("dashboard_mode_change"));
    for kind in ["display_event", "dashboard_content_update", "mine"] {
        assert!(is_replayable(kind), "{kind}");
    }
}
