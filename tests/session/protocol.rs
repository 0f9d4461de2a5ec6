//! The frames that the session itself understands.

use tpa_session::session::{
    CONTROL_TYPES, CommandError, Control, Duration, Malformed, Redactor, time_to_live,
};

/// Reads a frame of this type with these fields.
fn parse(kind: &str, fields: &[(&str, &str)]) -> Option<Control> {
    let text = |name: &str| {
        let field = fields.iter().find(|field| field.0 == name);
        field.map(|field| field.1.to_owned())
    };
    Control::parse(kind, text, &Redactor::default())
}

#[test]
fn an_ack_and_a_pong_are_known_by_their_type() {
    assert_eq!(parse("tpa_connection_ack", &[]), Some(Control::Ack));
    assert_eq!(parse("pong", &[]), Some(Control::Pong));
}

#[test]
fn an_error_has_its_code_and_text_under_either_name() {
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
fn a_stop_has_its_reason_if_any() {
    let reason = Some("user_disabled".into());
    let stopped = parse("app_stopped", &[("reason", "user_disabled")]);
    assert_eq!(stopped, Some(Control::Stopped { reason }));
    let stopped = parse("app_stopped", &[]);
    assert_eq!(stopped, Some(Control::Stopped { reason: None }));
}

#[test]
fn every_control_type_is_read_and_no_other() {
    for kind in CONTROL_TYPES {
        assert!(parse(kind, &[]).is_some(), "{kind}");
    }
    for kind in ["", "ack", "data_stream", "settings_update", "PONG"] {
        assert_eq!(parse(kind, &[]), None, "{kind}");
    }
}

#[test]
fn only_a_card_lives_for_as_long_as_it_is_shown() {
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(time_to_live("display_event", Some(3000.0)), millis(3000));
    assert_eq!(time_to_live("display_event", Some(0.0)), millis(0));
    for duration in [None, Some(-1.0), Some(f64::NAN)] {
        assert_eq!(time_to_live("display_event", duration), None);
    }
    assert_eq!(time_to_live("photo_request", Some(3000.0)), None);
}

#[test]
fn what_was_wrong_is_told_in_words() {
    assert!(Malformed::NotJson.message().contains("not JSON"));
    assert!(Malformed::NotObject.message().contains("object"));
    assert!(Malformed::NoType.message().contains("type"));
    assert!(CommandError::EmptySessionId.message().contains("sessionId"));
    assert!(CommandError::EmptyStream.message().contains("streams"));
}
