//! Record of what a session did.

use tpa_session::session::{CloseKind, DropReason, Event, LIVENESS_TIMEOUT};

use crate::Message;

/// The end of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    pub at: u64,
    pub code: u16,
    pub kind: CloseKind,
    pub permanent: bool,
    /// The connection worked in both directions all the time.
    pub was_alive: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Times of the dials.
    pub dials: Vec<u64>,
    /// Times at which the session was connected.
    pub connected: Vec<u64>,
    pub losses: Vec<Loss>,
    /// Times of the pings.
    pub pings: Vec<u64>,
    pub dropped: Vec<(u32, DropReason)>,
    pub steps: u64,
}

impl Record {
    /// An event of the session. `alive` tells whether its last connection worked.
    pub fn event(&mut self, event: &Event<Message>, at: u64, alive: bool) {
        match event {
            Event::Connected => self.connected.push(at),
            Event::Disconnected(end) => self.losses.push(Loss {
                at,
                code: end.code,
                kind: end.kind,
                permanent: end.permanent,
                was_alive: alive,
            }),
            Event::Dropped(message, reason) => self.dropped.push((message.serial, *reason)),
            _ => {}
        }
    }

    /// True if the session is over.
    pub fn is_permanent(&self) -> bool {
        self.losses.last().is_some_and(|loss| loss.permanent)
    }

    /// Living connections that the session left since it took them for dead.
    pub fn false_alarms(&self) -> usize {
        let is_false = |loss: &&Loss| loss.was_alive && loss.code == LIVENESS_TIMEOUT;
        self.losses.iter().filter(is_false).count()
    }

    /// Time of the first loss from `at` on.
    pub fn lost_after(&self, at: u64) -> Option<u64> {
        let loss = self.losses.iter().find(|loss| loss.at >= at)?;
        Some(loss.at)
    }

    /// Time of the first connection from `at` on.
    pub fn connected_after(&self, at: u64) -> Option<u64> {
        self.connected.iter().copied().find(|time| *time >= at)
    }

    /// Number of times from `from` until `to`.
    pub fn count(times: &[u64], from: u64, to: u64) -> usize {
        times.iter().filter(|at| (from..to).contains(at)).count()
    }
}
