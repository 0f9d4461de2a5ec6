//! Time as the core knows it: milliseconds on a monotonic clock that the caller reads.
//!
//! `std::time::Instant` panics on wasm32-unknown-unknown and cannot be made from a number,
//! so neither the shell nor a simulation could use it.

use serde::Serialize;

/// A point on the caller's monotonic clock, in milliseconds since any fixed moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The last millisecond that JavaScript can count. No clock goes further, so that there is
    /// always room for a deadline: one that is due when it is set would be served for ever.
    const LAST: u64 = (1 << 53) - 1;

    /// The point `millis` after the clock's zero.
    pub const fn from_millis(millis: u64) -> Self {
        Self(if millis < Self::LAST {
            millis
        } else {
            Self::LAST
        })
    }

    /// Milliseconds since the clock's zero.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The point `duration` later, or the end of time.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

/// Longest time that a timer of JavaScript can wait, ms.
pub(super) const MAX_MILLIS: f64 = 2_147_483_647.0;

/// A length of time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}
