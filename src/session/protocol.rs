//! Frames of AugmentOS Cloud that the session itself sends and handles.
//!
//! All other frames belong to the app and bypass the core.

use serde::{Serialize, Serializer};

use crate::session::fields::{self, Value};
use crate::session::{
    Close, Duration, Event, FATAL_ERRORS, NORMAL, Origin, POLICY_VIOLATION, Payload, PingId,
    Redacted, Redactor, Session, SessionError, decimal, is_fatal_error,
};

/// First frame of the handshake, without its `timestamp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init<'a> {
    /// `<userSessionId>-<packageName>`.
    pub session_id: &'a str,
    /// Reverse-DNS name of the app.
    pub package_name: &'a str,
    /// Key of the app.
    pub api_key: &'a str,
}

impl Serialize for Init<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [
            ("type", Value::Text("tpa_connection_init")),
            ("sessionId", Value::Text(self.session_id)),
            ("packageName", Value::Text(self.package_name)),
            ("apiKey", Value::Text(self.api_key)),
        ];
        fields::serialize(&fields, serializer)
    }
}

/// Complete list of streams, without its `timestamp`. It replaces the list that the cloud has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionUpdate<'a> {
    /// Reverse-DNS name of the app.
    pub package_name: &'a str,
    /// `<userSessionId>-<packageName>`.
    pub session_id: &'a str,
    /// All streams that the app asks for.
    pub subscriptions: &'a [String],
}

impl Serialize for SubscriptionUpdate<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [
            ("type", Value::Text("subscription_update")),
            ("packageName", Value::Text(self.package_name)),
            ("sessionId", Value::Text(self.session_id)),
            ("subscriptions", Value::Texts(self.subscriptions)),
        ];
        fields::serialize(&fields, serializer)
    }
}

/// Ping frame. Newer clouds answer with `pong`, and some repeat the id; older ones ignore it.
pub fn ping_frame(id: PingId) -> String {
    [r#"{"type":"ping","id":"#, &decimal(id.0), "}"].concat()
}

const ACK: &str = "tpa_connection_ack";
const TPA_ERROR: &str = "tpa_connection_error";
const ERROR: &str = "connection_error";
const STOPPED: &str = "app_stopped";
const PONG: &str = "pong";

/// Type of the messages with content for modes of the dashboard.
const CONTENT_UPDATE: &str = "dashboard_content_update";

/// Types of the frames that [`Control::parse`] reads.
pub const CONTROL_TYPES: [&str; 5] = [ACK, TPA_ERROR, ERROR, STOPPED, PONG];

/// Frame types whose event has another name: `(type, event)`.
pub const RENAMED_TYPES: [(&str, &str); 2] = [
    ("dashboard_mode_changed", "dashboard_mode_change"),
    ("dashboard_always_on_changed", "dashboard_always_on_change"),
];

/// Frame that the session handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The cloud accepts the connection.
    Ack,
    /// The cloud refuses the connection or reports a fault.
    Error {
        /// Code for programs, e.g. `INVALID_API_KEY`.
        code: Option<Redacted>,
        /// Text for people.
        message: Redacted,
    },
    /// Answer to a ping.
    Pong {
        /// Id of the ping, from clouds that repeat it.
        id: Option<PingId>,
    },
    /// The user, or the system, stopped the app.
    Stopped {
        /// Reason, e.g. `user_disabled`.
        reason: Option<Redacted>,
    },
}

impl Control {
    /// Reads a frame of type `kind`; `None` for a frame of the app. `text` returns the value of
    /// a field if it is a string, `number` if it is a number.
    pub fn parse(
        kind: &str,
        text: impl Fn(&str) -> Option<String>,
        number: impl Fn(&str) -> Option<f64>,
        redactor: &Redactor,
    ) -> Option<Self> {
        let redacted = |field| text(field).map(|text| redactor.redact_line(&text));
        match kind {
            ACK => Some(Self::Ack),
            TPA_ERROR | ERROR => Some(Self::Error {
                code: text("code").map(|code| error_code(&code, redactor)),
                message: redacted("message").unwrap_or_else(|| "Connection refused".into()),
            }),
            PONG => Some(Self::Pong {
                id: number("id").and_then(ping_id),
            }),
            STOPPED => Some(Self::Stopped {
                reason: redacted("reason"),
            }),
            _ => None,
        }
    }
}

/// Reads the id of a ping; `None` for a number that the session never sends.
fn ping_id(number: f64) -> Option<PingId> {
    let id = number as u32;
    (f64::from(id) == number).then_some(PingId(id))
}

/// Redacts a code, except a known one: that must survive a key that is part of it.
fn error_code(code: &str, redactor: &Redactor) -> Redacted {
    let known = FATAL_ERRORS.into_iter().find(|known| *known == code);
    known.map_or_else(|| redactor.redact_line(code), Redacted::from)
}

impl<P: Payload> Session<P> {
    pub(super) fn handle_control(&mut self, control: Control) {
        if !matches!(control, Control::Pong { .. }) {
            self.on_activity(self.now);
        }
        match control {
            Control::Ack => self.on_ack(),
            Control::Pong { id } => self.on_pong(id),
            Control::Stopped { reason } => {
                let text = match reason {
                    Some(reason) => Redacted::trusted(["App stopped: ", &reason].concat()),
                    None => "App stopped".into(),
                };
                self.connection_lost(Close::new(NORMAL, text), Origin::StopFrame);
            }
            Control::Error { code, message } => {
                if self.is_connected() && !is_fatal_error(code.as_deref()) {
                    self.emit(Event::Error(SessionError::Reported {
                        code: code.map(String::from),
                        message: message.into(),
                    }));
                } else {
                    let close = Close::new(POLICY_VIOLATION, message);
                    self.connection_lost(close, Origin::ErrorFrame(code.as_deref()));
                }
            }
        }
    }
}

/// Number of malformed frames at which a connection is left. What else such a peer sends is not read.
const MOST_MALFORMED: u32 = 100;

impl<P: Payload> Session<P> {
    /// Tells the app of a malformed frame; of a too large one, once for each connection.
    pub(super) fn on_malformed(&mut self, malformed: Malformed) {
        self.on_activity(self.now);
        if malformed == Malformed::TooLarge {
            if std::mem::replace(&mut self.run.told_large, true) {
                return;
            }
        } else {
            self.run.malformed += 1;
            if self.run.malformed == MOST_MALFORMED {
                let close = Close::new(POLICY_VIOLATION, "Too many malformed frames");
                return self.connection_lost(close, Origin::ErrorFrame(None));
            }
        }
        self.emit(Event::Error(SessionError::Malformed(malformed)));
    }
}

/// Reason why received data is not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// The text is not JSON.
    NotJson,
    /// The JSON is not an object.
    NotObject,
    /// The object has no `type`, or one that is not a non-empty string.
    NoType,
    /// The frame has more bytes or values than the shell accepts. Told once for each connection.
    TooLarge,
}

impl Malformed {
    /// Text for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotJson => "Malformed frame: not JSON",
            Self::NotObject => "Malformed frame: not a JSON object",
            Self::NoType => "Malformed frame: no type",
            Self::TooLarge => "Malformed frame: more bytes than maxFrameBytes, or 100,000 values",
        }
    }
}

/// True if a session id ends in the name of this package, as clouds make them.
pub fn is_of_package(session_id: &str, package_name: &str) -> bool {
    let user = session_id.strip_suffix(package_name);
    user.is_some_and(|user| user.len() > 1 && user.ends_with('-'))
}

/// Treatment of the messages of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRule {
    /// Type of the messages.
    pub kind: &'static str,
    /// Field whose value makes the key, together with the type.
    pub key_field: Option<&'static str>,
    /// Field that limits the time to wait.
    pub time_field: Option<&'static str>,
    /// Such a message may be sent once more after a reconnect.
    pub replay: bool,
}

impl MessageRule {
    const fn state(kind: &'static str, key_field: &'static str) -> Self {
        Self {
            kind,
            key_field: Some(key_field),
            time_field: None,
            replay: true,
        }
    }
}

/// Messages that are not treated like all others. The user can change the mode of the dashboard too,
/// so that an old one is not sent again.
pub const MESSAGE_RULES: [MessageRule; 4] = [
    MessageRule {
        time_field: Some("durationMs"),
        ..MessageRule::state("display_event", "view")
    },
    MessageRule::state(CONTENT_UPDATE, "modes"),
    MessageRule::state("dashboard_system_update", "section"),
    MessageRule {
        kind: "dashboard_mode_change",
        key_field: None,
        time_field: None,
        replay: false,
    },
];

fn rule_of(kind: &str) -> Option<MessageRule> {
    MESSAGE_RULES.into_iter().find(|rule| rule.kind == kind)
}

/// Default time to live of a message of type `kind`: a display with a `durationMs` is not shown
/// after that time.
pub fn time_to_live(kind: &str, duration_ms: Option<f64>) -> Option<Duration> {
    let millis = duration_ms.filter(|millis| *millis >= 0.0)?;
    rule_of(kind)?
        .time_field
        .map(|_| Duration::from_millis(millis as u64))
}

/// True if a message of type `kind` may be sent once more after a reconnect.
pub fn is_replayable(kind: &str) -> bool {
    rule_of(kind).is_none_or(|rule| rule.replay)
}

/// Default key of a message of type `kind`. Messages with a key are state: a queued one is removed
/// if a newer one [replaces] it. `text` returns the value of a field as text.
pub fn state_key(kind: &str, text: impl Fn(&str) -> Option<String>) -> Option<String> {
    let field = rule_of(kind)?.key_field?;
    let value = text(field).unwrap_or_default();
    Some([kind, ":", &value].concat())
}

/// True if a message with the key `newer` replaces an older one with the key `older`: the keys are
/// equal, or both write content for modes of the dashboard, and all modes of the older one are among
/// those of the newer.
pub fn replaces(newer: &str, older: &str) -> bool {
    newer == older
        || modes(newer)
            .zip(modes(older))
            .is_some_and(|(newer, older)| {
                let is_comma = |byte: &u8| *byte == b',';
                let mut older = older.split(is_comma);
                older.all(|mode| newer.split(is_comma).any(|written| written == mode))
            })
}

/// Digest that a key shares with all keys that it [replaces].
pub(super) fn key_digest(key: &str) -> u32 {
    digest(modes(key).map_or(key, |_| CONTENT_UPDATE), 0)
}

/// FNV-1a hash. Different seeds give different hashes.
pub(super) fn digest(text: &str, seed: u32) -> u32 {
    text.bytes().fold(0x811c_9dc5 ^ seed, |digest, byte| {
        (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The modes in the default key of a `dashboard_content_update`.
fn modes(key: &str) -> Option<&[u8]> {
    let modes = key.strip_prefix(CONTENT_UPDATE)?.as_bytes();
    modes.strip_prefix(b":")
}
