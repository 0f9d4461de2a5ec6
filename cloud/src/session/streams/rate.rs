//! Rate of a script.

use std::time::Duration;

use crate::time::Instant;

/// Steps at a fixed interval, which may be shorter than a millisecond.
#[derive(Debug)]
pub(crate) struct Rate {
    interval: Duration,
    since: Instant,
    done: u64,
}

impl Rate {
    /// Largest number of steps at once. Steps that a slow machine misses are skipped.
    const MAX_BURST: u64 = 2_000;

    /// Creates a rate whose first step is one interval after `now`.
    pub(crate) fn new(interval: Duration, now: Instant) -> Self {
        Self {
            interval: interval.max(Duration::from_micros(1)),
            since: now,
            done: 0,
        }
    }

    /// Returns the number of steps that are due.
    pub(crate) fn take_due(&mut self, now: Instant) -> u64 {
        let passed = now.since(self.since).as_nanos() / self.interval.as_nanos();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let due = passed.saturating_sub(self.done);
        self.done = passed.max(self.done);
        // At a slow rate at most one step is late.
        let at_once = Duration::from_millis(100).as_nanos() / self.interval.as_nanos();
        let most = u64::try_from(at_once).unwrap_or(u64::MAX);
        due.min(most.clamp(1, Self::MAX_BURST))
    }

    /// Returns the time of the next step; later than `now`, so that the timer always advances.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        let nanos = self.interval.as_nanos() * (u128::from(self.done) + 1);
        let millis = u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let next = self.since + Duration::from_millis(millis);
        next.max(now + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Number of steps in `seconds` if each deadline is met.
    fn steps(interval: Duration, seconds: u64) -> u64 {
        let mut rate = Rate::new(interval, at(0));
        let mut now = at(0);
        let mut count = 0;
        loop {
            now = rate.next(now);
            if now > at(seconds * 1_000) {
                return count;
            }
            count += rate.take_due(now);
        }
    }

    #[test]
    fn the_average_rate_is_met_below_a_millisecond() {
        assert_eq!(steps(Duration::from_secs(1), 10), 10);
        assert_eq!(steps(Duration::from_millis(3), 3), 1_000);
        assert_eq!(steps(Duration::from_micros(1_500), 3), 2_000);
        assert_eq!(steps(Duration::from_micros(10), 2), 200_000);
    }

    #[test]
    fn missed_steps_are_skipped() {
        let mut rate = Rate::new(Duration::from_secs(1), at(0));
        assert_eq!(rate.take_due(at(60_000)), 1);
        assert_eq!(rate.next(at(60_000)), at(61_000));
        let mut rate = Rate::new(Duration::from_micros(10), at(0));
        assert_eq!(rate.take_due(at(60_000)), 2_000);
        assert_eq!(rate.take_due(at(60_000)), 0);
        assert_eq!(rate.next(at(60_000)), at(60_001));
    }
}
