//! Closures and error frames that clouds and networks cause, each with its meaning.

use tpa_session::session::CloseKind::{
    Abnormal, AppStopped, Normal, Rejected, SessionEnded, Superseded,
};
use tpa_session::session::{
    CLOSE_RULES, Close, CloseKind, CloseRule, Condition, Control, Duration, Reconnect,
};

/// A closure as a socket reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    pub code: u16,
    pub reason: &'static str,
    pub kind: CloseKind,
}

const fn closure(code: u16, reason: &'static str, kind: CloseKind) -> Closure {
    Closure { code, reason, kind }
}

/// No close frame came.
pub const CUT: Closure = closure(1006, "", Abnormal);

/// Closures that the clouds cause, and some that nobody expects.
pub const CLOSURES: [Closure; 30] = [
    CUT,
    closure(1011, "Internal server error", Abnormal),
    closure(1000, "", Normal),
    closure(1001, "", Normal),
    closure(1001, "Connection timeout detected", Normal),
    closure(1000, "App stopped", AppStopped),
    closure(1000, "App stopped by user", AppStopped),
    closure(1006, "App stopped", AppStopped),
    closure(1000, "User session ended", SessionEnded),
    closure(4009, "User session ended", SessionEnded),
    closure(1008, "Invalid API key", Rejected),
    closure(1008, "JWT expired", Rejected),
    closure(1008, "No active session", Abnormal),
    closure(1008, "Session not found", Abnormal),
    closure(1011, "Invalid API key", Abnormal),
    closure(4009, "", Superseded),
    closure(4009, "Another connection took over", Superseded),
    closure(1005, "", Abnormal),
    closure(1012, "Service restart", Abnormal),
    closure(1015, "", Abnormal),
    closure(4000, "", Abnormal),
    closure(4999, "Out of \u{1F453}", Abnormal),
    closure(0, "", Abnormal),
    closure(65535, "", Abnormal),
    closure(1003, "", Abnormal),
    closure(1007, "Invalid UTF-8", Abnormal),
    closure(1008, "Message too large", Abnormal),
    closure(1009, "", Abnormal),
    closure(1009, "", Abnormal),
    closure(1008, "Invalid subscription type: transcription", Abnormal),
];

/// Further closures that tpa-cloud causes, by itself or by its faults.
const TPA_CLOUD_CLOSURES: [Closure; 12] = [
    closure(1001, "Server shutting down", Normal),
    closure(1008, "Handshake timeout", Abnormal),
    closure(1008, "Invalid session ID format", Abnormal),
    closure(1008, "Malformed message", Abnormal),
    closure(1008, "Package not found", Abnormal),
    closure(1009, "Frame too big", Abnormal),
    closure(1013, "Try again later", Abnormal),
    closure(4000, "Because", Abnormal),
    closure(4008, "No sign of life from org.example.app", Abnormal),
    closure(4008, "No sign of life from org.example.other", Abnormal),
    closure(
        4008,
        "No sign of life from system.augmentos.dashboard",
        Abnormal,
    ),
    closure(4009, "Superseded by another connection", Superseded),
];

/// A closure that asks the client to stay away for [`RETRY_AFTER`], where the session has
/// [`RULES_WITH_DELAY`].
pub const BUSY: Closure = closure(4013, "Busy", Abnormal);
/// Delay after a [`BUSY`] closure.
pub const RETRY_AFTER: Duration = Duration::from_millis(30_000);

/// Table of closures with one more row.
pub static RULES_WITH_DELAY: &[CloseRule] = &{
    let row = CloseRule::new(
        Condition::Code(BUSY.code),
        Abnormal,
        Reconnect::After(RETRY_AFTER),
    );
    let mut rules = [row; CLOSE_RULES.len() + 1];
    let mut index = 0;
    while index < CLOSE_RULES.len() {
        rules[index] = CLOSE_RULES[index];
        index += 1;
    }
    rules
};

/// All closures of the tables.
pub fn all_closures() -> impl Iterator<Item = Closure> {
    let all = CLOSURES.into_iter().chain(TPA_CLOUD_CLOSURES);
    all.chain([BUSY])
}

impl Closure {
    pub fn close(self) -> Close {
        Close::new(self.code, self.reason)
    }
}

/// An error frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Option<&'static str>,
    pub message: &'static str,
    /// Its meaning where it ends the connection. An acknowledged connection is ended only by
    /// those that reject the credentials.
    pub kind: CloseKind,
}

const fn refusal(code: Option<&'static str>, message: &'static str, kind: CloseKind) -> Refusal {
    Refusal {
        code,
        message,
        kind,
    }
}

pub const REFUSALS: [Refusal; 8] = [
    refusal(Some("INVALID_API_KEY"), "Wrong", Rejected),
    refusal(Some("INVALID_JWT"), "Wrong", Rejected),
    refusal(Some("JWT_SIGNATURE_FAILED"), "Wrong", Rejected),
    refusal(Some("PACKAGE_NOT_FOUND"), "Wrong", Rejected),
    refusal(Some("SESSION_NOT_FOUND"), "Session not found", Abnormal),
    refusal(Some("MALFORMED_MESSAGE"), "Not understood", Abnormal),
    refusal(Some("INTERNAL_ERROR"), "A fault", Abnormal),
    refusal(None, "Something is wrong", Abnormal),
];

impl Refusal {
    pub fn control(self) -> Control {
        Control::Error {
            code: self.code.map(Into::into),
            message: self.message.into(),
        }
    }
}
