//! Upper bound of the time that a client may wait for a pong.

/// Bytes a second that a line has at least, for the bytes that wait before a ping.
pub const LEAST_RATE: u64 = 8192;
const LONGEST: u64 = 60_000;
/// The client may take so long to see that a line has recovered, ms.
const RECOVERY: u64 = 120_000;

#[derive(Clone, Copy, Debug)]
pub struct Patience {
    least: u64,
    /// Smoothed round trip and its variation, ms (RFC 6298).
    smoothed: Option<(f64, f64)>,
    doublings: u32,
    answered_since: Option<u64>,
}

impl Patience {
    pub const fn new(pong_timeout: u64) -> Self {
        Self {
            least: pong_timeout,
            smoothed: None,
            doublings: 0,
            answered_since: None,
        }
    }

    /// A ping was answered after so many milliseconds.
    pub fn answered(&mut self, round_trip: u64, now: u64) {
        let sample = round_trip as f64;
        self.smoothed = Some(match self.smoothed {
            None => (sample, sample / 2.0),
            Some((mean, variation)) => (
                0.875 * mean + 0.125 * sample,
                0.75 * variation + 0.25 * (mean - sample).abs(),
            ),
        });
        let since = *self.answered_since.get_or_insert(now);
        if now - since >= RECOVERY {
            self.doublings = self.doublings.saturating_sub(1);
            self.answered_since = Some(now);
        }
    }

    /// A connection ended since a ping was not answered.
    pub const fn gave_up(&mut self) {
        self.doublings += 1;
        self.answered_since = None;
    }

    pub fn millis(&self) -> u64 {
        let estimate = self.smoothed.map_or(0.0, |(mean, var)| mean + 4.0 * var);
        let patience = self.least.max(estimate.ceil() as u64);
        (patience << self.doublings.min(8)).min(LONGEST.max(patience))
    }
}
