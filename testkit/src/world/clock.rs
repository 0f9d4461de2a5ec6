//! Virtual time.

use std::collections::BTreeMap;

/// Future events in the order of time; those of the same time keep the order of their insertion.
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

    /// Time of the next event.
    pub fn next(&self) -> Option<u64> {
        self.items.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn take(&mut self) -> Option<T> {
        self.items.pop_first().map(|(_, item)| item)
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Monotonic clock, and the timer for the core's deadlines.
pub struct Clock {
    pub now: u64,
    /// Delay of the timer in milliseconds: browsers fire the timers of hidden tabs once a minute.
    pub lateness: u64,
    /// The timer fires only at multiples of so many milliseconds.
    pub grid: u64,
}

impl Clock {
    pub const fn new() -> Self {
        Self {
            now: 0,
            lateness: 0,
            grid: 1,
        }
    }

    /// Time at which a deadline is served.
    pub fn alarm(&self, deadline: u64) -> u64 {
        let at = deadline.saturating_add(self.lateness);
        at.div_ceil(self.grid).saturating_mul(self.grid)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
