//! The frames of AugmentOS Cloud that the session itself speaks and understands.
//!
//! All others belong to the app: they pass by the core, unread.

use serde::Serialize;

use super::close::FATAL_ERRORS;
use super::redact::{Redacted, Redactor};
use super::time::Duration;

/// The handshake's first frame, but for its `timestamp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "tpa_connection_init", rename_all = "camelCase")]
pub struct Init<'a> {
    /// `<userSessionId>-<packageName>`.
    pub session_id: &'a str,
    /// The app.
    pub package_name: &'a str,
    /// The app's key.
    pub api_key: &'a str,
}

/// The whole list of streams, but for its `timestamp`; it replaces the one that the cloud had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "subscription_update", rename_all = "camelCase")]
pub struct SubscriptionUpdate<'a> {
    /// The app.
    pub package_name: &'a str,
    /// The session.
    pub session_id: &'a str,
    /// Every stream that is wanted.
    pub subscriptions: &'a [String],
}

/// Are you there? Newer clouds answer `pong`; older ones ignore it.
pub const PING: &str = r#"{"type":"ping"}"#;

/// The types of the frames that become a [`Control`].
pub const CONTROL_TYPES: [&str; 5] = [
    "tpa_connection_ack",
    "tpa_connection_error",
    "connection_error",
    "app_stopped",
    "pong",
];

/// Frame types whose event has another name.
pub const RENAMED_TYPES: [(&str, &str); 2] = [
    ("dashboard_mode_changed", "dashboard_mode_change"),
    ("dashboard_always_on_changed", "dashboard_always_on_change"),
];

/// A frame that the session must act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The cloud has accepted us.
    Ack,
    /// The cloud refuses us, or reports a fault.
    Error {
        /// E.g. `INVALID_API_KEY`.
        code: Option<Redacted>,
        /// For people.
        message: Redacted,
    },
    /// The cloud is there.
    Pong,
    /// The user, or the system, stopped the app.
    Stopped {
        /// E.g. `user_disabled`.
        reason: Option<Redacted>,
    },
}

impl Control {
    /// Reads a frame of type `kind`; `text` gives a field's value where that is a string.
    /// `None` for a frame that is the app's.
    pub fn parse(
        kind: &str,
        text: impl Fn(&str) -> Option<String>,
        redactor: &Redactor,
    ) -> Option<Self> {
        let redacted = |field| text(field).map(|text| redactor.redact(&text));
        match kind {
            "tpa_connection_ack" => Some(Self::Ack),
            "tpa_connection_error" | "connection_error" => Some(Self::Error {
                code: text("code").map(|code| error_code(&code, redactor)),
                message: redacted("message").unwrap_or_else(|| "Connection refused".into()),
            }),
            "pong" => Some(Self::Pong),
            "app_stopped" => Some(Self::Stopped {
                reason: redacted("reason"),
            }),
            _ => None,
        }
    }
}

/// A known code must survive a key that is part of it, such as `API_KEY`.
fn error_code(code: &str, redactor: &Redactor) -> Redacted {
    let known = FATAL_ERRORS.into_iter().find(|known| *known == code);
    known.map_or_else(|| redactor.redact(code), Redacted::from)
}

/// Why something that came is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// The text is not JSON.
    NotJson,
    /// The JSON is not an object.
    NotObject,
    /// The object has no `type`, or one that is not a non-empty string.
    NoType,
}

impl Malformed {
    /// What is wrong with it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotJson => "Malformed frame: not JSON",
            Self::NotObject => "Malformed frame: not a JSON object",
            Self::NoType => "Malformed frame: no type",
        }
    }
}

/// How long a message of type `kind` may wait, by its `durationMs`: a card whose time is over
/// is not shown late.
pub fn time_to_live(kind: &str, duration_ms: Option<f64>) -> Option<Duration> {
    let millis = duration_ms.filter(|millis| *millis >= 0.0)?;
    (kind == "display_event").then(|| Duration::from_millis(millis as u64))
}

/// The key under which a message of type `kind` is state rather than an event, so that the
/// newest is all that an outage needs to leave. `text` gives a field's value as text.
pub fn state_key(kind: &str, text: impl Fn(&str) -> Option<String>) -> Option<String> {
    let field = match kind {
        "display_event" => "view",
        "dashboard_content_update" => "modes",
        "dashboard_system_update" => "section",
        _ => return None,
    };
    let value = text(field).unwrap_or_default();
    Some([kind, ":", &value].concat())
}
