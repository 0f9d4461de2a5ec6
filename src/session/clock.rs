//! Time of a session, from a raw clock and timers that cannot be relied on.
//!
//! Tests replace timers, `performance` or both, and remove the replacements while a session runs.
//! Raw clocks may therefore stand still, jump and go back, and timers may fire before the raw
//! clock shows their time.

use crate::session::{Duration, Instant};

/// Longest wait of a JavaScript timer; a longer one would fire at once.
const MAX_WAIT: Duration = Duration::from_millis(i32::MAX as u64);
/// Advance of the clock from which what happens at once is no longer conclusive.
const JUMP: Duration = Duration::from_millis(1000);

/// Monotonic clock: the raw clock and an offset, which only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Raw time that was read last, ms.
    raw: u64,
    offset: u64,
    /// A timer has fired, and no other task has run since then.
    is_same_turn: bool,
    /// The last timer fired more than [`JUMP`] before its time.
    has_jumped: bool,
}

impl Clock {
    /// Reads the clock while the raw one shows `raw` milliseconds. A raw clock that has gone back
    /// raises the offset.
    pub fn read(&mut self, raw: u64) -> Instant {
        self.raise(self.raw.saturating_sub(raw));
        self.raw = raw;
        self.at(raw)
    }

    /// Converts a time that was noted on the raw clock since it was last read.
    pub const fn at(&self, raw: u64) -> Instant {
        Instant::from_millis(raw.saturating_add(self.offset))
    }

    /// Converts a time to one on the raw clock, the reverse of [`at`](Self::at).
    pub const fn raw(&self, at: Instant) -> u64 {
        at.as_millis().saturating_sub(self.offset)
    }

    /// Time to arm a timer for, and its wait, for a deadline at `due`. The timer fires before the
    /// deadline if that is further away than a timer can wait.
    pub fn arm(now: Instant, due: Instant) -> (Instant, Duration) {
        let wait = due.since(now).min(MAX_WAIT);
        (now.after(wait), wait)
    }

    /// Records that a timer fired that was armed for `armed_for`. It has waited its time, whatever
    /// the raw clock shows.
    ///
    /// Returns false if the timeout proves no silence: the clock has jumped, or nothing could be
    /// received since the timer before.
    pub fn fired(&mut self, raw: u64, armed_for: Instant) -> bool {
        let early = armed_for.since(self.read(raw));
        self.raise(early.as_millis());
        let jumps = early > JUMP;
        let jumped = std::mem::replace(&mut self.has_jumped, jumps);
        let is_same_turn = std::mem::replace(&mut self.is_same_turn, true);
        !is_same_turn && (jumped || !jumps)
    }

    /// Records that other tasks have had their turn.
    pub const fn turned(&mut self) {
        self.is_same_turn = false;
    }

    const fn raise(&mut self, millis: u64) {
        self.offset = self.offset.saturating_add(millis);
    }
}
