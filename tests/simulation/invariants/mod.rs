//! What must hold in every life, checked after every step of it.
//!
//! | invariant | where |
//! |---|---|
//! | 1. at most one socket is live | `generations` |
//! | 2. no output concerns a dead generation | `generations`, `decisions` |
//! | 3. the order of events; nothing after the end | `grammar` |
//! | 4. attempts and delays within their bounds | `decisions`, `grammar` |
//! | 5. no message vanishes, none is sent twice | `mailbox`, `flushes`, `cloud` |
//! | 6. the cloud knows the list of streams | `mailbox`, `cloud`, `world` |
//! | 7. something will happen | `rest`, `rules`, `signs` |
//! | 8. memory is bounded | `rest` |
//! | 9. the same again is the same | `runner` |

mod decisions;
mod flushes;
mod generations;
mod grammar;
mod likeness;
mod mailbox;
mod promises;
mod rest;
mod rules;
mod signs;

pub use decisions::Decision;
pub use likeness::View;
pub use rules::{Call, Rules};

use decisions::{Decisions, Heard};
use flushes::{Facts, Flushes};
use generations::Generations;
use grammar::Grammar;
use likeness::hash_all;
use mailbox::Mailbox;
use promises::Promises;

use tpa_session::session::{Session, SocketId, State, Timer};

use crate::app::Mail;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which: what is shrunk must break the same one.
    pub rule: &'static str,
    pub detail: String,
}

macro_rules! ensure {
    ($holds:expr, $rule:literal, $($detail:tt)+) => {
        if !$holds {
            let detail = format!($($detail)+);
            return Err($crate::invariants::Broken { rule: $rule, detail });
        }
    };
}
pub(crate) use ensure;

/// What can be seen of a session from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    pub state: State,
    /// The socket of the current attempt, or of the last one.
    pub socket: SocketId,
    /// Messages that wait, and their bytes.
    pub queued: (usize, usize),
    /// Messages that were sent and are not confirmed.
    pub in_flight: usize,
    /// Errors that were reported.
    pub errors: u32,
    pub deadline: Option<(u64, Timer)>,
}

impl Glance {
    pub fn at(session: &Session<Mail>) -> Self {
        Self {
            state: session.state(),
            socket: session.connection(),
            queued: session.queued(),
            in_flight: session.stats().unconfirmed,
            errors: session.stats().errors,
            deadline: session
                .poll_timeout()
                .map(|(at, timer)| (at.as_millis(), timer)),
        }
    }
}
