//! Time, supplied by the caller.
//!
//! `std::time::Instant` cannot be created from a number, which virtual time requires.

use std::ops::Add;
use std::time::{Duration, UNIX_EPOCH};

/// Milliseconds on a monotonic clock; the caller chooses its zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// The clock's zero.
    pub const ZERO: Self = Self(0);

    /// Creates the instant `millis` after the clock's zero.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the clock's zero.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// Converts instants to the ISO-8601 dates of frames and events.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    unix_millis_at_zero: u64,
}

impl WallClock {
    /// Last millisecond of the year 9999.
    const LAST: u64 = 253_402_300_799_999;

    /// Creates a wall clock that shows `unix_millis` at the zero of the monotonic clock.
    pub const fn starting_at(unix_millis: u64) -> Self {
        Self {
            unix_millis_at_zero: unix_millis,
        }
    }

    /// Returns the date, such as `2026-01-31T09:30:00.250Z`.
    pub fn iso(&self, now: Instant) -> String {
        let millis = self
            .unix_millis_at_zero
            .saturating_add(now.as_millis())
            .min(Self::LAST);
        humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(millis)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso_8601_and_never_panic() {
        let clock = WallClock::starting_at(1_700_000_000_000);
        assert_eq!(
            clock.iso(Instant::from_millis(250)),
            "2023-11-14T22:13:20.250Z"
        );
        let late = clock.iso(Instant::from_millis(u64::MAX));
        assert_eq!(late, "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn durations_are_not_negative() {
        let since = Instant::from_millis(5).since(Instant::from_millis(9));
        assert_eq!(since, Duration::ZERO);
    }
}
