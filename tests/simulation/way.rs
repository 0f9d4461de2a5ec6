//! How the client's end of one attempt fares, in whichever world.

use tpa_session::session::{Input, SocketId};

use crate::tally::{Sight, Tally};

/// How the URL and the key are come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    AtOnce,
    After(u64),
    Fail(u64),
    Hang,
    /// This runtime has no WebSocket.
    Unsupported,
}

/// How a socket tells that it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    Close,
    ErrorThenClose,
    /// As some runtimes do.
    ErrorOnly,
    Twice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    Opens(u64),
    Refused(u64, Signs),
    Hangs,
    /// The constructor throws.
    Throws,
}

/// How far the client has got with a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    New,
    Connecting,
    Open,
    Gone,
}

/// What will become of one attempt, as far as the peer has no part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub credentials: Credentials,
    pub dial: Dial,
    /// One-way delay to the cloud.
    pub up: u64,
    /// One-way delay from the cloud.
    pub down: u64,
    /// `close()` fires the events of the socket before it returns.
    pub closes_at_once: bool,
}

/// All goes well.
pub const GOOD_WAY: Way = Way {
    credentials: Credentials::AtOnce,
    dial: Dial::Opens(2),
    up: 5,
    down: 5,
    closes_at_once: false,
};

impl Credentials {
    /// What comes of them, and how long it takes; nothing where they are waited for in vain.
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

    /// Whether that comes before `prepare` returns.
    pub const fn is_at_once(self) -> bool {
        matches!(self, Self::AtOnce | Self::Unsupported)
    }
}

impl Signs {
    /// Each sign in turn: whether it is the close, rather than an error.
    pub const fn closes(self) -> &'static [bool] {
        match self {
            Self::Close => &[true],
            Self::ErrorOnly => &[false],
            Self::ErrorThenClose => &[false, true],
            Self::Twice => &[false, true, false, true],
        }
    }

    pub const fn sight(self) -> Sight {
        match self {
            Self::Close => Sight::Closed,
            Self::ErrorThenClose => Sight::ErrorThenClose,
            Self::ErrorOnly => Sight::ErrorOnly,
            Self::Twice => Sight::Twice,
        }
    }
}

impl Way {
    pub fn see(&self, tally: &mut Tally) {
        match self.credentials {
            Credentials::AtOnce | Credentials::Unsupported => {}
            Credentials::After(_) => tally.saw(Sight::KeyLate),
            Credentials::Fail(_) => tally.saw(Sight::KeyFailed),
            Credentials::Hang => tally.saw(Sight::KeyHung),
        }
        match self.dial {
            Dial::Opens(_) => {}
            Dial::Refused(..) => tally.saw(Sight::Refused),
            Dial::Hangs => tally.saw(Sight::DialHung),
            Dial::Throws => tally.saw(Sight::DialThrew),
        }
    }
}
