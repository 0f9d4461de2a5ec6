//! Delays before attempts to reconnect.

use std::ops::RangeInclusive;

use fastrand::Rng;

use crate::session::Duration;

/// Exponential backoff. The jitter only shortens the delays, so that no attempt comes later than
/// documented (the cloud waits 5 s before it restarts an app), and clients do not reconnect in
/// step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Longest delay before the first attempt.
    pub initial: Duration,
    /// Longest delay before any attempt.
    pub max: Duration,
    /// Random share of each delay, from 0 to 1.
    pub jitter: f64,
}

/// Longest delay before an attempt that does not follow the backoff, e.g. when the network
/// returns.
pub(super) const MAX_IMMEDIATE_DELAY: Duration = Duration::from_millis(250);

/// Draws the delay before such an attempt. It is random so that not all clients dial at once.
pub(super) fn immediate_delay(rng: &mut Rng) -> Duration {
    between(0, MAX_IMMEDIATE_DELAY.as_millis(), rng)
}

impl Backoff {
    /// Possible delays before the attempt with index `attempt`, counted from 0.
    pub fn interval(&self, attempt: u32) -> RangeInclusive<Duration> {
        let longest = doubled(self.initial, attempt, self.max).as_millis();
        let shortest = (longest as f64 * (1.0 - self.jitter)) as u64;
        Duration::from_millis(shortest.min(longest))..=Duration::from_millis(longest)
    }

    /// Draws the delay before the first attempt after a connection was lost in silence. A cloud
    /// that stalls loses many connections at the same time, and is still busy.
    pub(super) fn delay_after_silence(&self, rng: &mut Rng) -> Duration {
        between(0, doubled(self.initial, 1, self.max).as_millis(), rng)
    }

    /// Draws the delay before the attempt with index `attempt` uniformly from its interval.
    pub fn delay(&self, attempt: u32, rng: &mut Rng) -> Duration {
        let interval = self.interval(attempt);
        let (shortest, longest) = (interval.start().as_millis(), interval.end().as_millis());
        between(shortest, longest, rng)
    }
}

/// The duration after so many doublings, at most `max`.
pub(super) fn doubled(initial: Duration, doublings: u32, max: Duration) -> Duration {
    let millis = initial.as_millis();
    let doublings = doublings.min(u64::BITS - 1);
    if doublings < millis.leading_zeros() {
        Duration::from_millis(millis << doublings).min(max)
    } else {
        max
    }
}

/// Draws uniformly, including both ends. `Rng::u64` formats its arguments for a panic that
/// cannot happen here, which costs 1 kB of wasm.
fn between(shortest: u64, longest: u64, rng: &mut Rng) -> Duration {
    let choices = (longest - shortest) as f64 + 1.0;
    let drawn = shortest + (rng.f64() * choices) as u64;
    Duration::from_millis(drawn.min(longest))
}
