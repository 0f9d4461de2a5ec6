//! What a closure means and whether it may be retried. The only file with close codes.

/// Normal closure (RFC 6455 section 7.4.1).
pub const NORMAL: u16 = 1000;
/// The peer is going away (RFC 6455 section 7.4.1).
pub const GOING_AWAY: u16 = 1001;
/// No close frame came (RFC 6455 section 7.4.1: never on the wire).
pub const NO_CLOSE_FRAME: u16 = 1006;
/// Policy violation (RFC 6455 section 7.4.1): how the clouds refuse.
pub const POLICY_VIOLATION: u16 = 1008;
/// Made by the client in its last event, when every attempt was used up.
pub const EXHAUSTED: u16 = 4000;
/// Made by the client when an attempt was not acknowledged in time.
pub const CONNECT_TIMEOUT: u16 = 4001;
/// Made by the client when the peer no longer answered.
pub const LIVENESS_TIMEOUT: u16 = 4008;
/// Another connection took the session over.
pub const SUPERSEDED: u16 = 4009;

/// Error codes after which the same credentials can only fail again.
const FATAL_ERRORS: [&str; 4] = [
    "INVALID_API_KEY",
    "INVALID_JWT",
    "JWT_SIGNATURE_FAILED",
    "PACKAGE_NOT_FOUND",
];

/// Words by which the reason of a 1008 names a credential.
const CREDENTIALS: [&str; 6] = [
    "api key",
    "apikey",
    "api_key",
    "jwt",
    "credential",
    "unauthorized",
];

/// How a connection ended, as reported to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// WebSocket close code.
    pub code: u16,
    /// Reason text; empty when there was none.
    pub reason: String,
}

impl Close {
    /// A closure with this code and reason.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { code, reason }
    }

    /// Code and reason as a client may put them into a close frame: other codes than 1000 and
    /// 3000 to 4999 are refused by browsers (WHATWG WebSockets, "close()"), and a reason has
    /// at most 123 bytes (RFC 6455 section 5.5). It is cut at the end of a character.
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

    /// Whether its code is one of a clean end.
    pub fn was_clean(&self) -> bool {
        is_clean(self.code)
    }
}

/// The product's own definition, not the browser's: true for 1000 and 1001 only.
pub const fn is_clean(code: u16) -> bool {
    matches!(code, NORMAL | GOING_AWAY)
}

/// Who ended the connection, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The socket closed, or broke.
    Peer,
    /// The app called `disconnect()`.
    Client,
    /// An `app_stopped` frame came.
    StopFrame,
    /// A connection error frame came, with this code.
    ErrorFrame(Option<&'a str>),
    /// We gave the attempt or the connection up, or there was no socket to begin with.
    Attempt,
    /// This runtime has no WebSocket at all.
    Runtime,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseKind {
    /// The app's own `disconnect()`.
    ClientDisconnect,
    /// The glasses' session is over.
    SessionEnded,
    /// The user stopped the app.
    AppStopped,
    /// Another connection took the session over: two tabs would fight for ever.
    Superseded,
    /// The credentials were refused.
    Rejected,
    /// 1000 or 1001 without a reason that says more.
    Normal,
    /// Everything else: worth another try.
    Abnormal,
    /// Every attempt to reconnect has failed.
    Exhausted,
    /// There is no WebSocket in this runtime.
    Unsupported,
}

impl CloseKind {
    /// The name in payloads.
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
        }
    }

    /// Whether the same attempt, made again, may end otherwise.
    pub const fn may_reconnect(self) -> bool {
        match self {
            Self::Abnormal => true,
            Self::ClientDisconnect
            | Self::SessionEnded
            | Self::AppStopped
            | Self::Superseded
            | Self::Rejected
            | Self::Normal
            | Self::Exhausted
            | Self::Unsupported => false,
        }
    }
}

/// Judges a closure; the first rule that fits decides.
pub fn classify(close: &Close, origin: Origin<'_>) -> CloseKind {
    match origin {
        Origin::Client => return CloseKind::ClientDisconnect,
        Origin::Runtime => return CloseKind::Unsupported,
        Origin::StopFrame => return CloseKind::AppStopped,
        Origin::Attempt => return CloseKind::Abnormal,
        Origin::Peer | Origin::ErrorFrame(_) => {}
    }
    if contains(&close.reason, "User session ended") {
        CloseKind::SessionEnded
    } else if contains(&close.reason, "App stopped") {
        CloseKind::AppStopped
    } else if close.code == SUPERSEDED {
        CloseKind::Superseded
    } else if is_rejection(close, origin) {
        CloseKind::Rejected
    } else if close.was_clean() {
        CloseKind::Normal
    } else {
        // 1005 (an empty close frame), 1006, 1011 to 1015 and 4000 to 4999 included: by code,
        // never by the browser's wasClean, which is true for an orderly 1012 "service restart".
        CloseKind::Abnormal
    }
}

/// Whether an error frame's code says that the credentials were refused.
pub fn is_fatal_error(code: Option<&str>) -> bool {
    code.is_some_and(|code| FATAL_ERRORS.contains(&code))
}

fn is_rejection(close: &Close, origin: Origin<'_>) -> bool {
    let named_by_frame = matches!(origin, Origin::ErrorFrame(code) if is_fatal_error(code));
    named_by_frame || (close.code == POLICY_VIOLATION && names_credential(&close.reason))
}

fn names_credential(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    CREDENTIALS.iter().any(|word| contains(&reason, word))
}

/// `str::contains` without its search tables, which would weigh more than this whole file.
fn contains(text: &str, word: &str) -> bool {
    let mut windows = text.as_bytes().windows(word.len());
    windows.any(|window| window == word.as_bytes())
}
