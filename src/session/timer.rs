//! Deadlines of a session, by name, in one table.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::{CONNECT_TIMEOUT, Close, Instant, NO_CLOSE_FRAME, Origin, Payload, Session};

/// Meaning of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timer {
    /// The attempt has not been acknowledged in time.
    Connect,
    /// The socket reported an error, or was closing, and no close event followed.
    Failure,
    /// The connection has lasted long enough for attempts to be counted from zero.
    Stable,
    /// The next attempt to reconnect starts.
    Retry,
    /// The connection may have been idle long enough for a ping.
    Ping,
    /// The pong is overdue.
    Pong,
    /// Sent messages need a confirmation.
    Confirm,
    /// The socket may have buffer space again for queued messages.
    Drain,
    /// The first queued message has expired.
    Expiry,
}

impl Timer {
    /// All timers, in the order in which simultaneous deadlines are served.
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
#[derive(Clone, Debug)]
pub(super) struct Timers([Instant; Timer::ALL.len()]);

/// Deadline of a timer that is not set. It never comes.
const NEVER: Instant = Instant::END;

impl Default for Timers {
    fn default() -> Self {
        Self([NEVER; Timer::ALL.len()])
    }
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = at;
    }

    pub(super) fn set_or_stop(&mut self, timer: Timer, at: Option<Instant>) {
        self.set(timer, at.unwrap_or(NEVER));
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.set(timer, NEVER);
    }

    pub(super) fn is_due(&self, timer: Timer, now: Instant) -> bool {
        self.0[timer as usize] <= now
    }

    /// Stops the first timer that is due, and returns it.
    fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL.iter().copied().find(|&t| self.is_due(t, now))?;
        self.stop(timer);
        Some(timer)
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Instant> {
        let at = self.0[timer as usize];
        (at < NEVER).then_some(at)
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<(Instant, Timer)> {
        let deadlines = Timer::ALL
            .iter()
            .map(|&timer| (self.0[timer as usize], timer));
        let earliest = deadlines.min_by_key(|&(at, _)| at);
        earliest.filter(|&(at, _)| at < NEVER)
    }

    /// Hashes each deadline relative to `now`.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, now: Instant, hasher: &mut impl Hasher) {
        for deadline in self.0 {
            let deadline = Some(deadline).filter(|at| *at < NEVER);
            let (ahead, overdue) = (
                deadline.map(|at| at.since(now)),
                deadline.map(|at| now.since(at)),
            );
            (ahead, overdue).hash(hasher);
        }
    }
}

impl<P: Payload> Session<P> {
    /// Serves all timers that are due.
    pub(super) fn serve_timers(&mut self) {
        if let Some((due, _)) = self.timers.next() {
            self.check_lateness(due);
        }
        while let Some(timer) = self.timers.take_due(self.now) {
            match timer {
                Timer::Connect => self.connection_lost(
                    Close::new(CONNECT_TIMEOUT, "Not acknowledged in time"),
                    Origin::Attempt,
                ),
                Timer::Failure => {
                    self.connection_lost(Close::new(NO_CLOSE_FRAME, ""), Origin::Peer);
                }
                Timer::Stable => self.check_stable(),
                Timer::Retry => self.retry(),
                Timer::Ping => self.ping_when_due(),
                Timer::Pong => self.on_pong_overdue(),
                Timer::Confirm => self.on_confirm_due(),
                // The driver reports the buffered bytes before the timeout, and the end of each
                // call sets the timer again.
                Timer::Drain => {}
                Timer::Expiry => self.drop_expired(),
            }
        }
    }
}
