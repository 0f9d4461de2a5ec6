//! One direction of a connection, and the effects of faults on it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Instant;

/// An effect that ends by itself.
#[derive(Debug, Clone, Copy)]
struct Timed<T> {
    value: T,
    until: Option<Instant>,
}

impl<T: Copy> Timed<T> {
    /// Returns the effect unless it has ended.
    fn active(effect: Option<&Self>, now: Instant) -> Option<Self> {
        let effect = *effect?;
        let is_active = effect.until.is_none_or(|until| now < until);
        is_active.then_some(effect)
    }
}

/// One direction of a connection. Frames stay in order.
#[derive(Debug)]
pub(crate) struct Lane<T> {
    delay: Option<Timed<Duration>>,
    bytes_per_second: Option<Timed<u64>>,
    frozen: Option<Timed<()>>,
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
    /// Lost, because the line is frozen without an end.
    Lost,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            delay: None,
            bytes_per_second: None,
            frozen: None,
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

    /// Stops all frames until the end. Without one, those on their way wait until the faults are
    /// cleared, and new ones are lost.
    pub(crate) fn freeze(&mut self, until: Option<Instant>) {
        self.frozen = Some(Timed { value: (), until });
        for (due, ..) in &mut self.held {
            *due = until.map_or(*due, |until| until.max(*due));
        }
    }

    fn is_frozen_for_good(&self) -> bool {
        let frozen = self.frozen.as_ref();
        frozen.is_some_and(|frozen| frozen.until.is_none())
    }

    /// Reports whether no fault affects the direction, so that frames pass immediately.
    pub(crate) fn is_clear(&self, now: Instant) -> bool {
        self.held.is_empty()
            && Timed::active(self.delay.as_ref(), now).is_none()
            && Timed::active(self.bytes_per_second.as_ref(), now).is_none()
            && Timed::active(self.frozen.as_ref(), now).is_none()
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
        let mut sent = now;
        if let Some(freeze) = Timed::active(self.frozen.as_ref(), now) {
            match freeze.until {
                Some(until) => sent = until,
                None => return Passage::Lost,
            }
        }
        if !always && !self.held.is_empty() && self.held_bytes + cost > max_bytes {
            return Passage::Full;
        }
        if let Some(slow) = Timed::active(self.bytes_per_second.as_ref(), sent) {
            let millis = (cost as u64).saturating_mul(1_000) / slow.value.max(1);
            sent = self.carried.max(sent) + Duration::from_millis(millis);
            // Afterwards the line carries the rest at once.
            sent = slow.until.map_or(sent, |until| sent.min(until));
            self.carried = sent;
        }
        let delay = Timed::active(self.delay.as_ref(), now);
        let delay = delay.map_or(Duration::ZERO, |delay| delay.value);
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
        if self.next_release()? > now {
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
        self.frozen = None;
        self.carried = now;
        for (due, ..) in &mut self.held {
            *due = now;
        }
        !self.held.is_empty()
    }

    /// Returns the time at which the next held frame is due.
    pub(crate) fn next_release(&self) -> Option<Instant> {
        let next = self.held.front().map(|(due, ..)| *due);
        next.filter(|_| !self.is_frozen_for_good())
    }

    /// Returns the time at which the last held frame is due.
    pub(crate) fn last_release(&self) -> Option<Instant> {
        let last = self.held.back().map(|(due, ..)| *due);
        last.filter(|_| !self.is_frozen_for_good())
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn held_count(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn discard_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }
}
