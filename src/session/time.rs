//! Time in milliseconds on a monotonic clock that the caller reads.
//!
//! `std::time::Instant` panics on wasm32-unknown-unknown and cannot be created from a number,
//! so neither the shell nor a simulation could use it.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Serialize, Serializer};

/// Point on the caller's monotonic clock, in milliseconds since an arbitrary fixed moment.
///
/// It holds one more than that number, so that an `Option` of it takes no more memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Default for Instant {
    fn default() -> Self {
        Self::from_millis(0)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({})", self.as_millis())
    }
}

impl Instant {
    /// Last millisecond that JavaScript can count. Clocks end here and deadlines do not, so that a
    /// deadline always lies in the future: one that is due when it is set would be served
    /// forever.
    const LAST: u64 = (1 << 53) - 1;

    /// The point after all others.
    pub(super) const END: Self = Self(NonZeroU64::MAX);

    /// Creates the point `millis` after the zero of the clock.
    pub const fn from_millis(millis: u64) -> Self {
        let millis = if millis < Self::LAST {
            millis
        } else {
            Self::LAST
        };
        Self(NonZeroU64::MIN.saturating_add(millis))
    }

    /// Milliseconds since the zero of the clock.
    pub const fn as_millis(self) -> u64 {
        self.0.get() - 1
    }

    /// The point `duration` later; saturates.
    #[must_use]
    #[inline(never)]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }

    /// The earlier of two points that may be missing.
    pub(super) fn earliest(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Time from `earlier` to this point; zero if it is not later.
    #[inline(never)]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.get().saturating_sub(earlier.0.get()))
    }
}

/// Longest time that a JavaScript timer can wait, ms.
pub(super) const MAX_MILLIS: f64 = 2_147_483_647.0;
/// The numbers of milliseconds that a JavaScript timer can wait, for error messages.
pub(super) const MILLIS_ALLOWED: &str = "a number of milliseconds from 0 to 2147483647";

/// Length of time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Serialize for Duration {
    /// Serializes the milliseconds, at most 2^32 - 1: a serializer for JavaScript carries the code
    /// for an error if it is given a wider integer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.as_u32())
    }
}

impl Duration {
    /// Length zero.
    pub const ZERO: Self = Self(0);

    /// Creates a duration of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Length in milliseconds, at most 2^32 - 1.
    pub fn as_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    /// Length in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}
