//! Meaning of closures: one table decides what a closure is called and whether the session
//! reconnects after it.
//!
//! A new close code is one row in [`CLOSE_RULES`].

use serde::{Serialize, Serializer};

use crate::session::protocol::digest;
use crate::session::time::{MAX_MILLIS, MILLIS_ALLOWED};
use crate::session::{Duration, Redacted};

/// Normal closure (RFC 6455 section 7.4.1).
pub const NORMAL: u16 = 1000;
/// The peer is going away (RFC 6455 section 7.4.1).
pub const GOING_AWAY: u16 = 1001;
/// The close frame had no code (RFC 6455 section 7.4.1: never on the wire).
pub const NO_STATUS: u16 = 1005;
/// No close frame came (RFC 6455 section 7.4.1: never on the wire).
pub const NO_CLOSE_FRAME: u16 = 1006;
/// The data is of a type that the peer does not accept (RFC 6455 section 7.4.1).
const UNSUPPORTED_DATA: u16 = 1003;
/// The data does not match its type (RFC 6455 section 7.4.1).
const INVALID_PAYLOAD: u16 = 1007;
/// The message is too big to process (RFC 6455 section 7.4.1).
pub(super) const MESSAGE_TOO_BIG: u16 = 1009;
/// Policy violation (RFC 6455 section 7.4.1). Clouds refuse connections with it.
pub const POLICY_VIOLATION: u16 = 1008;
/// Client: all attempts were used.
pub const EXHAUSTED: u16 = 4000;
/// Client: an attempt was not acknowledged in time.
pub const CONNECT_TIMEOUT: u16 = 4001;
/// Client: the peer no longer answers.
pub const LIVENESS_TIMEOUT: u16 = 4008;
/// Another connection took the session over.
pub const SUPERSEDED: u16 = 4009;
/// Client: another process of the app takes the session over.
pub const HANDED_OVER: u16 = 4010;

/// Codes of error frames that refuse the credentials: they would only fail again.
pub const FATAL_ERRORS: [&str; 4] = [
    "INVALID_API_KEY",
    "INVALID_JWT",
    "JWT_SIGNATURE_FAILED",
    "PACKAGE_NOT_FOUND",
];

/// Words for a credential in the reason of a 1008.
const CREDENTIALS: [&str; 6] = [
    "api key",
    "apikey",
    "api_key",
    "jwt",
    "credential",
    "unauthorized",
];

/// Words for a fault of a message in the reason of a 1008.
const MESSAGE_FAULTS: [&str; 6] = [
    "malformed",
    "invalid message",
    "invalid json",
    "unknown message",
    "too large",
    "too big",
];

/// Close code and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// WebSocket close code.
    pub code: u16,
    /// Reason; empty if there is none.
    pub reason: Redacted,
}

impl Close {
    /// Creates a closure with this code and reason.
    pub fn new(code: u16, reason: impl Into<Redacted>) -> Self {
        let reason = reason.into();
        Self { code, reason }
    }

    /// Code and reason as a client may send them. Browsers refuse codes other than 1000 and 3000
    /// to 4999 (WHATWG WebSockets, "close()"), and a reason has at most 123 bytes (RFC 6455
    /// section 5.5). A longer one is cut at the end of a character.
    pub fn to_send(&self) -> (u16, &str) {
        let code = match self.code {
            NORMAL | 3000..=4999 => self.code,
            _ => NORMAL,
        };
        let mut end = self.reason.len().min(123);
        while !self.reason.is_char_boundary(end) {
            end -= 1;
        }
        (code, self.reason.get(..end).unwrap_or_default())
    }

    /// True if the line broke, so that nobody decided about what was under way. `kind` is the
    /// meaning of the closure.
    pub(super) const fn is_lost(&self, kind: CloseKind) -> bool {
        match self.code {
            NO_STATUS | NO_CLOSE_FRAME | 1011..=1015 | LIVENESS_TIMEOUT => true,
            GOING_AWAY => matches!(kind, CloseKind::Abnormal),
            _ => false,
        }
    }

    /// Number by which equal closures are recognized.
    pub(super) fn digest(&self) -> u32 {
        digest(&self.reason, self.code.into())
    }

    /// True if the closure says that a message was at fault.
    pub(super) fn blames_a_message(&self) -> bool {
        match self.code {
            UNSUPPORTED_DATA | INVALID_PAYLOAD | MESSAGE_TOO_BIG => true,
            POLICY_VIOLATION => names_one_of(&self.reason, &MESSAGE_FAULTS),
            _ => false,
        }
    }

    /// True if the closure says that a subscription was at fault.
    pub(super) fn blames_a_subscription(&self) -> bool {
        self.code == POLICY_VIOLATION && names_one_of(&self.reason, &["subscription"])
    }

    /// True where the client leaves a peer that does not answer, and so does not wait for its close
    /// frame.
    pub const fn is_abandonment(&self) -> bool {
        matches!(self.code, CONNECT_TIMEOUT | LIVENESS_TIMEOUT)
    }

    /// True for a clean code; see [`is_clean`].
    pub fn was_clean(&self) -> bool {
        is_clean(self.code)
    }
}

/// True for 1000 and 1001 only. This is not the browser's definition.
pub const fn is_clean(code: u16) -> bool {
    matches!(code, NORMAL | GOING_AWAY)
}

/// Origin of a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The socket closed or broke.
    Peer,
    /// The browser closed the socket, without a reason of the peer's.
    Browser,
    /// The app called `disconnect()`.
    Client,
    /// An `app_stopped` frame was received.
    StopFrame,
    /// A connection error frame with this code was received.
    ErrorFrame(Option<&'a str>),
    /// The session gave up the attempt or the connection, or there was no socket.
    Attempt,
    /// The runtime has no WebSocket.
    Runtime,
}

/// Meaning of a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseKind {
    /// The app called `disconnect()`, or hands the session over to another process.
    ClientDisconnect,
    /// The session of the glasses is over.
    SessionEnded,
    /// The user stopped the app.
    AppStopped,
    /// Another connection took the session over. Two tabs that reconnect would never stop.
    Superseded,
    /// The credentials were refused.
    Rejected,
    /// Code 1000 or 1001 without a known reason.
    Normal,
    /// Any other closure. Another attempt may succeed.
    Abnormal,
    /// All attempts to reconnect failed.
    Exhausted,
    /// The runtime has no WebSocket.
    Unsupported,
    /// The next attempt is delayed because the environment reports that there is no network.
    /// Only in the cause of `reconnecting`.
    Offline,
}

impl CloseKind {
    /// Value of `kind` in payloads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientDisconnect => "ClientDisconnect",
            Self::SessionEnded => "SessionEnded",
            Self::AppStopped => "AppStopped",
            Self::Superseded => "Superseded",
            Self::Rejected => "Rejected",
            Self::Normal => "Normal",
            Self::Abnormal => "Abnormal",
            Self::Exhausted => "Exhausted",
            Self::Unsupported => "Unsupported",
            Self::Offline => "Offline",
        }
    }
}

impl Serialize for CloseKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Reaction to a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reconnect {
    /// The session ends.
    No,
    /// The next attempt is made after the backoff.
    Yes,
    /// The next attempt is made after exactly this time: no jitter, no upper limit.
    After(Duration),
}

impl Reconnect {
    /// The values that [`Reconnect::after_millis`] takes.
    pub const DELAY_ALLOWED: &'static str = MILLIS_ALLOWED;

    /// Reconnects after this many milliseconds; `None` if they are not
    /// [allowed](Self::DELAY_ALLOWED).
    pub fn after_millis(millis: f64) -> Option<Self> {
        let is_allowed = (0.0..=MAX_MILLIS).contains(&millis);
        is_allowed.then(|| Self::After(Duration::from_millis(millis as u64)))
    }
}

impl From<bool> for Reconnect {
    fn from(wanted: bool) -> Self {
        if wanted { Self::Yes } else { Self::No }
    }
}

/// Condition of a [`CloseRule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The app called `disconnect()`.
    ClientDisconnect,
    /// The runtime has no WebSocket.
    NoWebSocket,
    /// An `app_stopped` frame was received.
    StopFrame,
    /// The session itself gave up the attempt or the connection.
    AttemptFailed,
    /// The reason contains this text.
    Reason(&'static str),
    /// The close code is this one.
    Code(u16),
    /// The browser closed the socket.
    ClosedByBrowser,
    /// The credentials were refused: by one of [`FATAL_ERRORS`], or by a 1008 whose reason
    /// names a credential.
    CredentialsRefused,
}

/// Row of the table of closures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseRule {
    /// Closures that the row applies to.
    pub condition: Condition,
    /// Meaning of these closures.
    pub kind: CloseKind,
    /// Reaction to them.
    pub reconnect: Reconnect,
}

impl CloseRule {
    /// Creates a row.
    pub const fn new(condition: Condition, kind: CloseKind, reconnect: Reconnect) -> Self {
        Self {
            condition,
            kind,
            reconnect,
        }
    }
}

/// The table of closures. The first row whose condition holds decides; where none does, the
/// closure is `Abnormal` and the session reconnects.
///
/// That includes 1005 (empty close frame), 1006, 1011 to 1015 and 4000 to 4999. The browser's
/// `wasClean` plays no part: it is true for an orderly 1012 "service restart".
pub const CLOSE_RULES: &[CloseRule] = {
    use {CloseKind as Kind, Condition as If, Reconnect::No};
    &[
        CloseRule::new(If::ClientDisconnect, Kind::ClientDisconnect, No),
        CloseRule::new(If::NoWebSocket, Kind::Unsupported, No),
        CloseRule::new(If::StopFrame, Kind::AppStopped, No),
        CloseRule::new(If::AttemptFailed, Kind::Abnormal, Reconnect::Yes),
        CloseRule::new(If::Reason("User session ended"), Kind::SessionEnded, No),
        CloseRule::new(If::Reason("App stopped"), Kind::AppStopped, No),
        CloseRule::new(If::Code(SUPERSEDED), Kind::Superseded, No),
        CloseRule::new(If::Code(HANDED_OVER), Kind::ClientDisconnect, No),
        CloseRule::new(If::CredentialsRefused, Kind::Rejected, No),
        CloseRule::new(If::ClosedByBrowser, Kind::Abnormal, Reconnect::Yes),
        CloseRule::new(If::Code(NORMAL), Kind::Normal, No),
        CloseRule::new(If::Code(GOING_AWAY), Kind::Normal, No),
    ]
};

/// Looks a closure up in `rules`: its kind and the reaction to it.
pub fn classify(close: &Close, origin: Origin<'_>, rules: &[CloseRule]) -> (CloseKind, Reconnect) {
    let rule = rules
        .iter()
        .find(|rule| rule.condition.holds(close, origin));
    rule.map_or((CloseKind::Abnormal, Reconnect::Yes), |rule| {
        (rule.kind, rule.reconnect)
    })
}

impl Condition {
    fn holds(self, close: &Close, origin: Origin<'_>) -> bool {
        match self {
            Self::ClientDisconnect => matches!(origin, Origin::Client),
            Self::NoWebSocket => matches!(origin, Origin::Runtime),
            Self::StopFrame => matches!(origin, Origin::StopFrame),
            Self::AttemptFailed => matches!(origin, Origin::Attempt),
            Self::Reason(text) => contains(&close.reason, text),
            Self::Code(code) => close.code == code,
            Self::ClosedByBrowser => matches!(origin, Origin::Browser),
            Self::CredentialsRefused => is_rejection(close, origin),
        }
    }
}

/// True if the code of an error frame says that the credentials were refused.
pub fn is_fatal_error(code: Option<&str>) -> bool {
    code.is_some_and(|code| FATAL_ERRORS.contains(&code))
}

fn is_rejection(close: &Close, origin: Origin<'_>) -> bool {
    let named_by_frame = matches!(origin, Origin::ErrorFrame(code) if is_fatal_error(code));
    named_by_frame || (close.code == POLICY_VIOLATION && names_one_of(&close.reason, &CREDENTIALS))
}

fn names_one_of(reason: &str, words: &[&str]) -> bool {
    let reason = reason.to_ascii_lowercase();
    words.iter().any(|word| contains(&reason, word))
}

/// `str::contains` without its search tables, which would be larger than this module.
pub(super) fn contains(text: &str, word: &str) -> bool {
    let mut windows = text.as_bytes().windows(word.len());
    windows.any(|window| window == word.as_bytes())
}
