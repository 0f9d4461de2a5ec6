//! Planned course of an attempt: the dial, and the cloud at the other end.

use super::dial_outcome::{CloseEvents, DialOutcome};
use super::field::pongs::Pongs;
use crate::closures::{Closure, Refusal};

/// Answer of the cloud to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    Ack(u64),
    Silence,
    /// An error frame, with a close frame after it or without.
    Refuse(u64, Refusal, Option<Closure>),
    Close(u64, Closure, CloseEvents),
}

/// Planned course of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPlan {
    pub outcome: DialOutcome,
    pub greeting: Greeting,
    pub pongs: Pongs,
    /// Pongs repeat the ids of their pings.
    pub repeats_ids: bool,
}

/// An attempt that succeeds.
pub const SUCCESS: AttemptPlan = AttemptPlan {
    outcome: DialOutcome::SUCCESS,
    greeting: Greeting::Ack(2),
    pongs: Pongs::Always,
    repeats_ids: true,
};

impl Greeting {
    /// Delay of the answer; `None` where none comes.
    pub const fn delay(self) -> Option<u64> {
        match self {
            Self::Silence => None,
            Self::Ack(after) | Self::Refuse(after, ..) | Self::Close(after, ..) => Some(after),
        }
    }
}
