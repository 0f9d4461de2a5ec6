//! Virtual time: what will happen, and when.

use std::collections::BTreeMap;

/// What is to come, in the order of time; what falls together keeps its order.
pub struct Agenda<T> {
    items: BTreeMap<(u64, u64), T>,
    added: u64,
}

impl<T> Agenda<T> {
    pub const fn new() -> Self {
        let items = BTreeMap::new();
        Self { items, added: 0 }
    }

    pub fn add(&mut self, at: u64, item: T) {
        self.items.insert((at, self.added), item);
        self.added += 1;
    }

    /// When the next item is due.
    pub fn next(&self) -> Option<u64> {
        self.items.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn take(&mut self) -> Option<T> {
        self.items.pop_first().map(|(_, item)| item)
    }
}

/// The clock, and the timer that the core's deadlines are armed on.
pub struct Clock {
    pub now: u64,
    /// How late the timer fires: a hidden tab's does once a minute.
    pub lateness: u64,
}
