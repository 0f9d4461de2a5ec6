//! Reference model of a session: a second, simpler implementation that predicts what a session
//! does and reports every deviation as a [`Violation`].
//!
//! The model is fed step by step with commands, inputs, outputs and deadlines. It knows neither
//! the random source of the session nor its timers: where chance or a timer decides, it checks
//! that what happened is allowed at that time, and that it happens no later than it must.
//!
//! | rule | module |
//! |---|---|
//! | at most one live socket; no output for a socket that was given up | `sockets`, `lifecycle` |
//! | outputs in the right order, none missing, none too many | `sequence` |
//! | events in the right order, with the right content; nothing after the end | `events`, `errors` |
//! | attempts counted and delayed within their bounds | `lifecycle`, `events` |
//! | no message lost, duplicated or reordered | `outbox`, `flushes` |
//! | no message blamed that was not alone out; few out at a time until the culprit is found | `outbox`, `messages` |
//! | the cloud is sent the current list of streams | `outbox` |
//! | `connect()` and `flush()` settle once, and truthfully | `promises`, `flushes` |
//! | a deadline is set whenever something has to happen, and not for anything else | `quiescence`, `liveness` |
//! | memory is bounded | `quiescence`, `flushes` |

mod checked;
mod classify;
mod confirmation;
mod equivalence;
mod errors;
mod events;
mod flushes;
mod lifecycle;
mod liveness;
mod messages;
mod outbox;
mod promises;
mod quiescence;
mod rules;
mod sequence;
mod sockets;
mod twin;

pub use checked::{CheckedSession, InputReport};
pub use equivalence::View;
pub use events::backoff_interval;
pub use lifecycle::{Announcement, Decision, Delay};
pub use rules::Model;
pub use twin::Twin;

use tpa_session::session::{Session, SocketId, State, Timer};

use crate::Message;

/// Longest delay of an attempt that is made at once, ms.
const MAX_IMMEDIATE_DELAY: u64 = 250;

/// A deviation of a session from the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Name of the rule; a schedule is shrunk as long as the same rule is violated.
    pub rule: &'static str,
    pub detail: String,
}

/// Returns a [`Violation`] of the rule unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($holds:expr, $rule:literal, $($detail:tt)+) => {
        if !$holds {
            let detail = format!($($detail)+);
            return Err($crate::model::Violation { rule: $rule, detail });
        }
    };
}
pub(crate) use ensure;

/// Everything that can be observed of a session between two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub state: State,
    /// Socket of the current attempt, or of the last one.
    pub socket: SocketId,
    /// Messages in the queue, and their bytes.
    pub queued: (usize, usize),
    /// Messages sent and not confirmed.
    pub in_flight: usize,
    /// Errors reported so far.
    pub errors: u32,
    /// Messages handed over so far.
    pub sent: u32,
    /// Pings sent so far.
    pub pings: u32,
    /// Time from the last ping that was answered to its pong, ms.
    pub round_trip: Option<u64>,
    pub deadline: Option<(u64, Timer)>,
}

impl Snapshot {
    pub fn of(session: &Session<Message>) -> Self {
        let stats = session.stats();
        Self {
            state: session.state(),
            socket: session.connection(),
            queued: session.queued(),
            in_flight: stats.unconfirmed,
            errors: stats.errors,
            sent: stats.sent,
            pings: stats.pings,
            round_trip: stats.round_trip.map(|time| time.as_millis()),
            deadline: session
                .poll_timeout()
                .map(|(at, timer)| (at.as_millis(), timer)),
        }
    }
}

/// Effects of an input that show only in outputs, before which other calls may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints {
    /// A timer made the session ask the app whether to reconnect.
    pub asks: bool,
    /// A timer made the session assume that the cloud no longer pongs.
    pub forgets: bool,
    /// The next attempt was announced, since there is a sign of a network.
    pub announces: bool,
}

/// The time `duration` after `at`, as far as clocks go.
const fn after(at: u64, duration: tpa_session::session::Duration) -> u64 {
    at.saturating_add(duration.as_millis())
}
