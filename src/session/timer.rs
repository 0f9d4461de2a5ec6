//! Every deadline of a session by name, in one table.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use super::time::Instant;

/// What is due when a deadline comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timer {
    /// The attempt has not been acknowledged in time.
    Connect,
    /// The socket reported an error, or was closing, and no close followed.
    Failure,
    /// The connection has lasted long enough for attempts to be counted from zero.
    Stable,
    /// The next attempt to reconnect starts.
    Retry,
    /// The connection may have been idle for long enough to be pinged.
    Ping,
    /// The pong is overdue.
    Pong,
    /// What was sent is to be confirmed.
    Confirm,
    /// The socket may have room again for what waits.
    Drain,
    /// The first of the waiting messages is too old to be sent.
    Expiry,
}

impl Timer {
    /// In the order in which deadlines that fall together are served.
    pub const ALL: [Self; 9] = [
        Self::Connect,
        Self::Failure,
        Self::Stable,
        Self::Retry,
        Self::Pong,
        Self::Ping,
        Self::Confirm,
        Self::Drain,
        Self::Expiry,
    ];
}

/// At most one deadline for each [`Timer`].
#[derive(Clone, Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn is_due(&self, timer: Timer, now: Instant) -> bool {
        self.0[timer as usize].is_some_and(|at| at <= now)
    }

    /// Stops the first timer that is due; which, and since when.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Timer, Instant)> {
        let timer = Timer::ALL.into_iter().find(|&t| self.is_due(t, now))?;
        let due = self.get(timer)?;
        self.stop(timer);
        Some((timer, due))
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    pub(super) fn next(&self) -> Option<(Instant, Timer)> {
        Timer::ALL
            .into_iter()
            .filter_map(|timer| Some((self.0[timer as usize]?, timer)))
            .min_by_key(|&(at, _)| at)
    }

    /// Each deadline counts by how far away it is, or how long overdue.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, now: Instant, hasher: &mut impl Hasher) {
        for deadline in self.0 {
            let (ahead, overdue) = (
                deadline.map(|at| at.since(now)),
                deadline.map(|at| now.since(at)),
            );
            (ahead, overdue).hash(hasher);
        }
    }
}
