//! Changes of state that the app must be told of.

use tpa_session::session::{Cause, RunId};

/// A change of state that the app must be told of.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Start {
        attempt: u32,
        /// The wait was skipped, or it is not known when it ends.
        at_once: bool,
    },
    Open,
    Acknowledge,
    Wait {
        /// End of the connection or attempt.
        cause: Cause,
        /// The state before was connected.
        was_connected: bool,
        announcement: Announcement,
    },
    Stop {
        /// The run that is over.
        run: Option<RunId>,
        cause: Cause,
        attempts: u32,
    },
}

/// Announcement of the next attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Announcement {
    pub attempt: u32,
    pub counted: bool,
    pub cause: Cause,
    pub delay: Delay,
    /// Time from which the delay counts. The clock may have advanced since.
    pub at: u64,
}

/// Delay of the next attempt, ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delay {
    /// Within these bounds.
    Within(u64, u64),
    /// Exactly this long, as the app or the table of closures says.
    Exactly(u64),
    /// As announced before, but not before this time.
    AsAnnounced(u64),
}

impl Decision {
    pub const fn is_stop(&self) -> bool {
        matches!(self, Self::Stop { .. })
    }
}
