//! Expiries of messages, the earliest first.

use std::collections::VecDeque;

use crate::session::{Duration, Instant};

/// Sorted pairs of an expiry and a serial. Those at either end are added and removed in constant
/// time, and these are nearly all: messages mostly expire in the order in which they were queued.
#[derive(Clone, Debug)]
pub(super) struct Expiries(VecDeque<(u64, u64)>);

impl Expiries {
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Adds a message, which is not in the list.
    pub(super) fn insert(&mut self, at: Instant, serial: u64) {
        let pair = (at.as_millis(), serial);
        self.0.insert(self.position(pair), pair);
    }

    /// Removes a message, which is in the list.
    pub(super) fn remove(&mut self, at: Instant, serial: u64) {
        let pair = (at.as_millis(), serial);
        let position = self.position(pair);
        if self.0.get(position) == Some(&pair) {
            self.0.remove(position);
        }
    }

    /// Earliest expiry.
    pub(super) fn first(&self) -> Option<Instant> {
        let (millis, _) = self.0.front()?;
        Some(Instant::default().after(Duration::from_millis(*millis)))
    }

    /// Number of pairs before this one.
    fn position(&self, pair: (u64, u64)) -> usize {
        self.0.partition_point(|other| *other < pair)
    }
}
