//! Time that a pong may take: measured round trips, and lessons from connections left too early.

#[cfg(feature = "test-util")]
use std::hash::Hash;

use crate::session::{Duration, Instant};

/// Longest patience, unless the option `pongTimeout` is longer.
const LONGEST: u64 = 60_000;
/// Time of answers after which the patience is halved again.
const RECOVERY: Duration = Duration::from_millis(60_000);
/// The same from the second such connection on: a line that lives is not to be left more often.
const SECOND_RECOVERY: Duration = Duration::from_millis(3_600_000);
/// Lowest rate of a line that is not considered dead, bytes per second.
const LOWEST_RATE: u64 = 8 * 1024;
/// Most halvings of this rate.
const MOST_HALVINGS: u8 = 3;
/// Number of bytes whose time tells the rate of a line.
const MEASURABLE: u32 = 16 * 1024;

/// Estimated round trip (RFC 6298) and number of connections in a row that were left for silence.
/// Both outlive the connections.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "test-util", derive(Hash))]
pub(super) struct Patience {
    /// Smoothed round trip, ms.
    smoothed: u32,
    /// Mean deviation from it, ms.
    deviation: u32,
    /// A round trip was measured.
    is_measured: bool,
    /// Number of times that the patience is doubled.
    doublings: u8,
    /// Number of times that the lowest rate is halved, as measured.
    halvings: u8,
    /// The last connection was left for silence.
    left: bool,
    /// Number of times that the patience was halved since the last such connection.
    recovered: u8,
    /// Number of connections that were left for silence, up to two.
    lost: u8,
}

impl Patience {
    /// Takes in a round trip.
    pub(super) fn measure(&mut self, round_trip: Duration) {
        let sample = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX / 8);
        let sample = sample.min(u32::MAX / 8);
        if self.is_measured {
            let error = self.smoothed.abs_diff(sample);
            self.deviation = (3 * self.deviation + error) / 4;
            self.smoothed = (7 * self.smoothed + sample) / 8;
        } else {
            (self.smoothed, self.deviation) = (sample, sample / 2);
            self.is_measured = true;
        }
    }

    /// Takes in the time that `bytes` needed. A line that was slow is so until it carries as many
    /// faster.
    pub(super) fn measure_rate(&mut self, time: Duration, bytes: u32, least: Duration) {
        if bytes < MEASURABLE {
            return;
        }
        let time = time.as_millis().saturating_sub(least.as_millis());
        let needed = (0..MOST_HALVINGS).find(|halvings| time <= time_for(bytes, *halvings));
        let needed = needed.unwrap_or(MOST_HALVINGS);
        self.halvings = needed.max(self.halvings.saturating_sub(1));
    }

    /// A connection begins. Only those in a row count.
    pub(super) fn connected(&mut self) {
        if !std::mem::take(&mut self.left) {
            self.doublings = 0;
        }
    }

    /// The connection is left for silence. Halving the patience was wrong, if it was halved.
    pub(super) fn on_left(&mut self) {
        self.left = true;
        self.lost = (self.lost + 1).min(2);
        self.doublings = (self.doublings + std::mem::take(&mut self.recovered) + 1).min(16);
    }

    /// Handles a pong that came after `time`; `least` is the patience on a fast line, and since
    /// `since` no pong of the connection has taken longer.
    pub(super) fn on_answered(
        &mut self,
        (time, least): (Duration, Duration),
        since: &mut Instant,
        now: Instant,
    ) {
        let recovery = if self.lost > 1 {
            SECOND_RECOVERY
        } else {
            RECOVERY
        };
        if time > least {
            *since = now;
        } else if self.doublings > 0 && now.since(*since) >= recovery {
            *since = now;
            self.doublings -= 1;
            self.recovered += 1;
        }
    }

    /// Longest time that a pong may take on any line, and the bytes before its ping. `least` is the
    /// time on a fast line.
    pub(super) fn longest(&self, least: Duration, bytes: u32) -> Duration {
        let longest = LONGEST.max(least.as_millis());
        Duration::from_millis(longest + time_for(bytes, self.halvings))
    }

    /// Time that the pong of a ping may take that follows `bytes` unconfirmed bytes. `least` is
    /// the time on a fast line.
    pub(super) fn timeout(&self, least: Duration, bytes: u32) -> Duration {
        let least = least.as_millis();
        let round_trip = u64::from(self.smoothed) + 4 * u64::from(self.deviation);
        let patience = (least.max(round_trip) << self.doublings).min(LONGEST.max(least));
        let halvings = self.halvings.max(self.doublings.min(MOST_HALVINGS));
        Duration::from_millis(patience + time_for(bytes, halvings))
    }
}

/// Time for `bytes` at the lowest rate, halved so many times, ms.
fn time_for(bytes: u32, halvings: u8) -> u64 {
    u64::from(bytes) * 1000 / (LOWEST_RATE >> halvings)
}
