//! Expiries of messages, the earliest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::session::Instant;

/// Pairs of an expiry and a serial. A pair stays when its message is removed, sent or expired,
/// because it could be anywhere in the heap: the reader tells which ones count.
#[derive(Clone, Debug)]
pub(super) struct Expiries(BinaryHeap<Reverse<(Instant, u64)>>);

impl Expiries {
    pub(super) const fn new() -> Self {
        Self(BinaryHeap::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn insert(&mut self, at: Instant, serial: u64) {
        self.0.push(Reverse((at, serial)));
    }

    /// The earliest pair of those that count. Removes the others before it.
    pub(super) fn first(
        &mut self,
        counts: impl Fn(Instant, u64) -> bool,
    ) -> Option<(Instant, u64)> {
        while let Some(Reverse((at, serial))) = self.0.peek() {
            if counts(*at, *serial) {
                return Some((*at, *serial));
            }
            self.0.pop();
        }
        None
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
