//! Signs of life of one connection, and deadlines for its silence and its failure.

use std::hash::{Hash, Hasher};

use super::View;

/// A timer that is later than this proves nothing by itself: the pong may wait behind it.
const LATE: u64 = 1000;
/// Pong timeout where there is a reason to doubt the connection; otherwise the option applies.
const PROBE_TIMEOUT: u64 = 2500;
/// Time that a socket that reported an error has to report its close, ms.
const FAILURE_GRACE: u64 = 250;
/// Time that a closing socket has to report its close, ms.
const CLOSING_GRACE: u64 = 5000;

#[derive(Clone, Debug)]
pub struct Liveness {
    pong_timeout: u64,
    /// The socket reported an error.
    pub failed: bool,
    /// Time at which a socket that failed, or that is closing, is given up.
    pub failure_due: Option<u64>,
    /// The latest time by which a socket that is closing must have reported its close.
    pub closed_by: Option<u64>,
    pub ponged: bool,
    /// The cloud has ponged on this connection.
    answered: bool,
    last_received: u64,
    /// Pings since which nothing was received.
    pings: Vec<u64>,
    first_ping: Option<u64>,
    /// First and last time that the timer was late since the first of these pings: such a timer
    /// proves little.
    late: Option<(u64, u64)>,
}

impl Liveness {
    /// A connection that showed itself now.
    pub const fn new(pong_timeout: u64, now: u64) -> Self {
        Self {
            pong_timeout,
            failed: false,
            failure_due: None,
            closed_by: None,
            ponged: false,
            answered: false,
            last_received: now,
            pings: Vec::new(),
            first_ping: None,
            late: None,
        }
    }

    /// The same socket, acknowledged now: what came before the ack is no reason to expect a pong
    /// after it.
    pub fn acknowledged(&self, now: u64) -> Self {
        Self {
            failed: self.failed,
            failure_due: self.failure_due,
            ..Self::new(self.pong_timeout, now)
        }
    }

    pub fn fail(&mut self, now: u64) {
        self.failed = true;
        self.failure_due = Some(now.saturating_add(FAILURE_GRACE));
    }

    /// The socket did not accept a message.
    pub fn closing(&mut self, now: u64) {
        let due = now.saturating_add(CLOSING_GRACE);
        self.closed_by.get_or_insert(due);
        self.failure_due.get_or_insert(due);
    }

    pub fn received(&mut self, at: u64) {
        self.last_received = self.last_received.max(at);
        // What came at the very time of a ping is no answer to it.
        let last = self.last_received;
        self.pings.retain(|ping| *ping >= last);
    }

    pub fn pong(&mut self, now: u64) {
        self.received(now);
        self.ponged = true;
        self.answered = true;
        self.pings.clear();
    }

    pub fn ping(&mut self, now: u64) {
        self.pings.push(now);
        self.first_ping.get_or_insert(now);
    }

    /// The timer fired that was set for `due`.
    pub fn timer_fired(&mut self, due: u64, now: u64) {
        if due.saturating_add(LATE) < now {
            let first = self.pings.first().copied().unwrap_or(now);
            let late = self.late_since(first);
            self.late = Some((late.map_or(now, |(first, _)| first), now));
        }
    }

    /// True if the cloud kept sending for longer than a pong may take, and never ponged.
    pub fn is_ignoring_pings(&self) -> bool {
        let first = self.first_ping.filter(|_| !self.ponged);
        first.is_some_and(|first| first.saturating_add(self.pong_timeout) < self.last_received)
    }

    /// True if nothing was received since a ping.
    pub const fn is_silent(&self) -> bool {
        !self.pings.is_empty()
    }

    /// True if a pong has come, or none is expected.
    pub const fn is_proven(&self) -> bool {
        !self.ponged || self.answered
    }

    pub fn is_failure_due(&self, now: u64) -> bool {
        self.failure_due.is_some_and(|due| due <= now)
    }

    /// True if the cloud ponged before, and left a ping unanswered for too long. A timer that is
    /// late proves nothing, unless it was late before.
    pub fn is_dead(&self, now: u64) -> bool {
        let Some(first) = self.unanswered() else {
            return false;
        };
        let is_late = first.saturating_add(self.longest_wait() + LATE) < now;
        let late = self.late_since(first);
        let was_late = late.is_some_and(|(first, _)| first < now);
        let shortest = self.pong_timeout.min(PROBE_TIMEOUT);
        first.saturating_add(shortest) <= now && (was_late || !is_late)
    }

    /// The latest time by which the silence after a ping must have been acted on.
    pub fn silence_ends(&self) -> Option<u64> {
        let first = self.unanswered()?;
        let late = self.late_since(first).map_or(0, |(_, last)| last);
        Some(first.max(late).saturating_add(self.longest_wait()))
    }

    /// Hashes what still matters. A sign of life may be reported late, but not by more than a
    /// pong may take.
    pub fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        (self.failed, self.ponged, self.is_ignoring_pings()).hash(hasher);
        let closing = self.closed_by.map(|at| view.age(at, u64::MAX));
        closing.hash(hasher);
        if !self.ponged {
            let longest = 2 * self.pong_timeout + 1;
            let first = self.first_ping.map(|at| view.age(at, longest));
            return (first, self.late_since(view.now).is_some()).hash(hasher);
        }
        let longest = self.longest_wait() + LATE + 1;
        let first = self.pings.first().copied();
        first.map(|first| view.age(first, longest)).hash(hasher);
        let ages = self.pings.iter().map(|&at| view.age(at, u64::MAX));
        let young: Vec<_> = ages.filter(|age| *age <= self.pong_timeout).collect();
        young.hash(hasher);
        let late = self.late_since(first.unwrap_or(view.now));
        let late = late.map(|(first, last)| (first == view.now, view.age(last, longest)));
        late.hash(hasher);
    }

    /// The first ping since which nothing was received, where that means something.
    fn unanswered(&self) -> Option<u64> {
        self.pings.first().copied().filter(|_| self.ponged)
    }

    /// The longest wait for a pong. It may begin when the wait for another one ends, if the peer
    /// has shown itself between their pings.
    fn longest_wait(&self) -> u64 {
        2 * self.pong_timeout.max(PROBE_TIMEOUT)
    }

    fn late_since(&self, ping: u64) -> Option<(u64, u64)> {
        let (first, last) = self.late?;
        let first = [first, last].into_iter().find(|late| ping <= *late)?;
        Some((first, last))
    }
}
