//! What one connection has shown of itself, and when its silence means something.

use std::hash::{Hash, Hasher};

use super::View;

/// A timer that is later than this judges nobody by itself.
const LATE: u64 = 1000;
/// How long a pong may take where there is doubt; elsewhere the app says it.
const PROBE: u64 = 2500;
/// How long a socket may be closing.
const CLOSING: u64 = 5000;

#[derive(Clone, Debug)]
pub struct Signs {
    /// How long a pong may take, as the app says it.
    patience: u64,
    /// The socket reported an error.
    pub failed: bool,
    /// The socket was closing when it was given a message: by then it must have said why.
    pub closed_by: Option<u64>,
    pub ponged: bool,
    last: u64,
    /// The pings that nothing came after.
    pings: Vec<u64>,
    /// When the first ping went out.
    asked: Option<u64>,
    /// When the timer was late, since the first of these pings for the first and the last time:
    /// what it says must be taken with caution.
    late: Option<(u64, u64)>,
}

impl Signs {
    /// There was one now, and nothing else is known.
    pub const fn new(patience: u64, now: u64) -> Self {
        Self {
            patience,
            failed: false,
            closed_by: None,
            ponged: false,
            last: now,
            pings: Vec::new(),
            asked: None,
            late: None,
        }
    }

    /// The socket would not take a message.
    pub fn closing(&mut self, now: u64) {
        self.closed_by.get_or_insert(now + CLOSING);
    }

    pub fn alive(&mut self, at: u64) {
        self.last = self.last.max(at);
        // What came at the very time of a ping is no answer to it.
        let last = self.last;
        self.pings.retain(|ping| *ping >= last);
    }

    pub fn pong(&mut self, now: u64) {
        self.alive(now);
        self.ponged = true;
        self.pings.clear();
    }

    pub fn ping(&mut self, now: u64) {
        self.pings.push(now);
        self.asked.get_or_insert(now);
    }

    /// The timer fired that was set for `due`.
    pub fn alarm(&mut self, due: u64, now: u64) {
        if due + LATE < now {
            let first = self.pings.first().copied().unwrap_or(now);
            let late = self.late_since(first);
            self.late = Some((late.map_or(now, |(first, _)| first), now));
        }
    }

    /// The cloud went on talking after a ping, and had all the time to pong.
    pub fn is_deaf(&self) -> bool {
        let asked = self.asked.filter(|_| !self.ponged);
        asked.is_some_and(|asked| asked + self.patience < self.last)
    }

    /// The cloud ponged before, and a ping was not answered in time. A timer that is late is no
    /// judge of that, unless it was late before.
    pub fn is_dead(&self, now: u64) -> bool {
        let Some(first) = self.unanswered() else {
            return false;
        };
        let is_late = first + self.longest_wait() + LATE < now;
        let late = self.late_since(first);
        let was_late = late.is_some_and(|(first, _)| first < now);
        first + self.patience.min(PROBE) <= now && (was_late || !is_late)
    }

    /// When the silence after a ping must have been judged, where it means something.
    pub fn judged_by(&self) -> Option<u64> {
        let first = self.unanswered()?;
        let late = self.late_since(first).map_or(0, |(_, last)| last);
        Some(first.max(late) + self.longest_wait())
    }

    /// A sign of life may be reported late, but not by more than a pong may take.
    pub fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        (self.failed, self.ponged, self.is_deaf()).hash(hasher);
        let closing = self.closed_by.map(|at| view.age(at, u64::MAX));
        closing.hash(hasher);
        if !self.ponged {
            let asked = self.asked.map(|at| view.age(at, 2 * self.patience + 1));
            return (asked, self.late_since(view.now).is_some()).hash(hasher);
        }
        let longest = self.longest_wait() + LATE + 1;
        let first = self.pings.first().copied();
        first.map(|first| view.age(first, longest)).hash(hasher);
        let ages = self.pings.iter().map(|&at| view.age(at, u64::MAX));
        let young: Vec<_> = ages.filter(|age| *age <= self.patience).collect();
        young.hash(hasher);
        let late = self.late_since(first.unwrap_or(view.now));
        let late = late.map(|(first, last)| (first == view.now, view.age(last, longest)));
        late.hash(hasher);
    }

    /// The first ping that nothing came after, where that means something.
    fn unanswered(&self) -> Option<u64> {
        self.pings.first().copied().filter(|_| self.ponged)
    }

    /// The longest wait for a pong. It may begin when the wait for another one ends, if the peer
    /// has shown itself between their pings.
    fn longest_wait(&self) -> u64 {
        2 * self.patience.max(PROBE)
    }

    fn late_since(&self, ping: u64) -> Option<(u64, u64)> {
        let (first, last) = self.late?;
        let first = [first, last].into_iter().find(|late| ping <= *late)?;
        Some((first, last))
    }
}
