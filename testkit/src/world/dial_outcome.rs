//! Outcome of one attempt on the client's side, whatever is at the other end.

use tpa_session::session::{Input, SocketId};

/// Outcome of asking for the URL and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    AtOnce,
    After(u64),
    Fail(u64),
    Hang,
    /// This runtime has no WebSocket.
    Unsupported,
}

/// Events by which a socket reports its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseEvents {
    Close,
    ErrorThenClose,
    /// Some runtimes never report the close.
    ErrorOnly,
    Twice,
}

/// Outcome of opening a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    Opens(u64),
    Refused(u64, CloseEvents),
    Hangs,
    /// The constructor throws.
    Throws,
}

/// State of a socket as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    New,
    Connecting,
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialOutcome {
    pub credentials: Credentials,
    pub dial: Dial,
    /// One-way delay to the cloud.
    pub up: u64,
    /// One-way delay from the cloud.
    pub down: u64,
    /// `close()` fires the events of the socket before it returns.
    pub closes_at_once: bool,
}

impl DialOutcome {
    /// An attempt that succeeds.
    pub const SUCCESS: Self = Self {
        credentials: Credentials::AtOnce,
        dial: Dial::Opens(2),
        up: 5,
        down: 5,
        closes_at_once: false,
    };
}

impl Credentials {
    /// The input that reports the outcome, and after how long; `None` where none ever does.
    pub fn input(self, socket: SocketId) -> Option<(u64, Input)> {
        let reason = "no key".into();
        Some(match self {
            Self::Hang => return None,
            Self::AtOnce => (0, Input::Prepared(socket)),
            Self::After(after) => (after, Input::Prepared(socket)),
            Self::Fail(after) => (after, Input::AttemptFailed { socket, reason }),
            Self::Unsupported => (0, Input::Unsupported { socket, reason }),
        })
    }

    /// True if that input comes before `prepare` returns.
    pub const fn is_at_once(self) -> bool {
        matches!(self, Self::AtOnce | Self::Unsupported)
    }
}

impl CloseEvents {
    /// The events in order: `true` is `close`, `false` is `error`.
    pub const fn closes(self) -> &'static [bool] {
        match self {
            Self::Close => &[true],
            Self::ErrorOnly => &[false],
            Self::ErrorThenClose => &[false, true],
            Self::Twice => &[false, true, false, true],
        }
    }
}
