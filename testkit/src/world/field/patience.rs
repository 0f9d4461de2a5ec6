//! Upper bound of the time that a client may wait for a pong.

/// Bytes a second that a line has at least, unless it has shown to be slower.
const LEAST_RATE: u64 = 8192;
/// Most halvings of this rate.
const MOST_HALVINGS: u32 = 3;
/// Number of bytes that show the rate of a line.
const MEASURABLE: u64 = 16_384;
const LONGEST: u64 = 60_000;
/// The client may take so long to see that a line has recovered, ms; and after more than one
/// connection that it left.
const RECOVERY: u64 = 120_000;
const SECOND_RECOVERY: u64 = 7_200_000;

#[derive(Clone, Copy, Debug)]
pub struct Patience {
    least: u64,
    /// Smoothed round trip and its variation, ms (RFC 6298).
    smoothed: Option<(f64, f64)>,
    doublings: u32,
    /// The most doublings so far.
    most: u32,
    /// Halvings of the rate that the line has shown.
    halvings: u32,
    answered_since: Option<u64>,
}

impl Patience {
    pub const fn new(pong_timeout: u64) -> Self {
        Self {
            least: pong_timeout,
            smoothed: None,
            doublings: 0,
            most: 0,
            halvings: 0,
            answered_since: None,
        }
    }

    /// A ping was answered after so many milliseconds, and so many bytes before it.
    pub fn answered(&mut self, round_trip: u64, bytes: u64, now: u64) {
        if bytes >= MEASURABLE {
            let time = round_trip.saturating_sub(self.least);
            let fits = |halvings: &u32| time <= bytes * 1000 / (LEAST_RATE >> halvings);
            let halvings = (0..MOST_HALVINGS).find(fits).unwrap_or(MOST_HALVINGS);
            self.halvings = self.halvings.max(halvings);
        }
        let sample = round_trip as f64;
        self.smoothed = Some(match self.smoothed {
            None => (sample, sample / 2.0),
            Some((mean, variation)) => (
                0.875 * mean + 0.125 * sample,
                0.75 * variation + 0.25 * (mean - sample).abs(),
            ),
        });
        let since = *self.answered_since.get_or_insert(now);
        let recovery = if self.most > 1 {
            SECOND_RECOVERY
        } else {
            RECOVERY
        };
        if now - since >= recovery {
            self.doublings = self.doublings.saturating_sub(1);
            self.answered_since = Some(now);
        }
    }

    /// A connection ended since a ping was not answered.
    pub const fn gave_up(&mut self) {
        self.most += 1;
        self.doublings = self.most;
        self.answered_since = None;
    }

    /// Time for a ping behind so many bytes, ms.
    pub fn behind(&self, bytes: u64) -> u64 {
        let halvings = self.halvings.max(self.doublings.min(MOST_HALVINGS));
        self.millis() + bytes * 1000 / (LEAST_RATE >> halvings)
    }

    fn millis(&self) -> u64 {
        let estimate = self.smoothed.map_or(0.0, |(mean, var)| mean + 4.0 * var);
        let patience = self.least.max(estimate.ceil() as u64);
        (patience << self.doublings.min(8)).min(LONGEST.max(patience))
    }
}
