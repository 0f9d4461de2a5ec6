//! When the next attempt is due.

use std::ops::RangeInclusive;

use fastrand::Rng;

use super::time::Duration;

/// Exponential backoff with jitter that only shortens: never later than documented (the cloud
/// waits 5 s before it restarts an app), never in step with a million other clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Longest wait before the first attempt.
    pub initial: Duration,
    /// Longest wait before any attempt.
    pub max: Duration,
    /// Share of each wait that is left to chance, from 0 to 1.
    pub jitter: f64,
}

/// Longest wait before an attempt for which there is a fresh reason.
pub(super) const MAX_IMMEDIATE_DELAY: Duration = Duration::from_millis(250);

/// Draws the wait before an attempt that is made at once, yet not by all clients together.
pub(super) fn immediate_delay(rng: &mut Rng) -> Duration {
    between(0, MAX_IMMEDIATE_DELAY.as_millis(), rng)
}

impl Backoff {
    /// The waits that are possible before the attempt with index `attempt`, counted from 0.
    pub fn interval(&self, attempt: u32) -> RangeInclusive<Duration> {
        let factor = 1_u64.checked_shl(attempt).unwrap_or(u64::MAX);
        let longest = self
            .initial
            .as_millis()
            .saturating_mul(factor)
            .min(self.max.as_millis());
        let shortest = (longest as f64 * (1.0 - self.jitter)) as u64;
        Duration::from_millis(shortest.min(longest))..=Duration::from_millis(longest)
    }

    /// Draws the wait before the attempt with index `attempt` uniformly from its interval.
    pub fn delay(&self, attempt: u32, rng: &mut Rng) -> Duration {
        let interval = self.interval(attempt);
        let (shortest, longest) = (interval.start().as_millis(), interval.end().as_millis());
        between(shortest, longest, rng)
    }
}

/// Draws uniformly, both ends included. (`Rng::u64` would do, at the price of formatting its
/// arguments for a panic that cannot happen: 1 kB of wasm.)
fn between(shortest: u64, longest: u64, rng: &mut Rng) -> Duration {
    let choices = (longest - shortest) as f64 + 1.0;
    let drawn = shortest + (rng.f64() * choices) as u64;
    Duration::from_millis(drawn.min(longest))
}
