//! One direction of a connection, and the effects of faults on it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Instant;

/// An effect that ends by itself.
#[derive(Debug)]
struct Timed<T> {
    value: T,
    until: Option<Instant>,
}

impl<T: Copy> Timed<T> {
    fn at(effect: Option<&Self>, now: Instant) -> Option<T> {
        let effect = effect?;
        let is_active = effect.until.is_none_or(|until| now < until);
        is_active.then_some(effect.value)
    }
}

/// One direction of a connection. Frames stay in order.
#[derive(Debug)]
pub(crate) struct Lane<T> {
    delay: Option<Timed<Duration>>,
    bytes_per_second: Option<Timed<u64>>,
    dead: Option<Timed<()>>,
    /// Time at which a slow line has carried everything.
    carried: Instant,
    held: VecDeque<(Instant, usize, T)>,
    held_bytes: usize,
}

/// Outcome of [`Lane::pass`].
pub(crate) enum Passage<T> {
    /// To be handled immediately.
    Now(T),
    /// Held at least until then.
    Held(Instant),
    /// Refused, because the limit of held bytes is reached.
    Full,
    /// Lost, because the line is dead.
    Lost,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            delay: None,
            bytes_per_second: None,
            dead: None,
            carried: Instant::ZERO,
            held: VecDeque::new(),
            held_bytes: 0,
        }
    }
}

impl<T> Lane<T> {
    pub(crate) fn delay(&mut self, by: Duration, until: Option<Instant>) {
        self.delay = Some(Timed { value: by, until });
    }

    pub(crate) fn slow(&mut self, bytes_per_second: u64, until: Option<Instant>) {
        let value = bytes_per_second;
        self.bytes_per_second = Some(Timed { value, until });
    }

    pub(crate) fn lose(&mut self, until: Option<Instant>) {
        self.dead = Some(Timed { value: (), until });
    }

    /// Reports whether no fault affects the direction, so that frames pass immediately.
    pub(crate) fn is_clear(&self, now: Instant) -> bool {
        self.held.is_empty()
            && Timed::at(self.delay.as_ref(), now).is_none()
            && Timed::at(self.bytes_per_second.as_ref(), now).is_none()
            && Timed::at(self.dead.as_ref(), now).is_none()
    }

    /// Passes a frame through the faults. `always` exempts it from the limit.
    pub(crate) fn pass(
        &mut self,
        frame: T,
        cost: usize,
        now: Instant,
        max_bytes: usize,
        always: bool,
    ) -> Passage<T> {
        if Timed::at(self.dead.as_ref(), now).is_some() {
            return Passage::Lost;
        }
        if !always && !self.held.is_empty() && self.held_bytes + cost > max_bytes {
            return Passage::Full;
        }
        let mut sent = now;
        if let Some(rate) = Timed::at(self.bytes_per_second.as_ref(), now) {
            let millis = (cost as u64).saturating_mul(1_000) / rate.max(1);
            sent = self.carried.max(now) + Duration::from_millis(millis);
            self.carried = sent;
        }
        let delay = Timed::at(self.delay.as_ref(), now).unwrap_or_default();
        let last = self.held.back().map_or(now, |(due, ..)| *due);
        let due = last.max(sent + delay);
        if due <= now && self.held.is_empty() {
            return Passage::Now(frame);
        }
        if !always && cost > max_bytes {
            return Passage::Full;
        }
        self.held_bytes += cost;
        self.held.push_back((due, cost, frame));
        Passage::Held(due)
    }

    /// Returns the next held frame that is due.
    pub(crate) fn release(&mut self, now: Instant) -> Option<T> {
        if self.held.front()?.0 > now {
            return None;
        }
        let (_, cost, frame) = self.held.pop_front()?;
        self.held_bytes -= cost;
        Some(frame)
    }

    /// Ends the faults. Returns whether frames are held; they are due immediately.
    pub(crate) fn clear(&mut self, now: Instant) -> bool {
        self.delay = None;
        self.bytes_per_second = None;
        self.dead = None;
        self.carried = now;
        for (due, ..) in &mut self.held {
            *due = now;
        }
        !self.held.is_empty()
    }

    /// Returns the time at which the next held frame is due.
    pub(crate) fn next_release(&self) -> Option<Instant> {
        self.held.front().map(|(due, ..)| *due)
    }

    /// Returns the time at which the last held frame is due.
    pub(crate) fn last_release(&self) -> Option<Instant> {
        self.held.back().map(|(due, ..)| *due)
    }

    pub(crate) fn discard_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }
}
