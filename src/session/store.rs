//! Stored messages: queued, and sent ones that may have to be sent again. They are bounded, keyed,
//! and may have an expiry.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::outbox::{Limits, Message, Payload};
use crate::session::probe::BLAME;
use crate::session::{DropReason, Duration, Instant, replaces};

#[derive(Clone, Debug)]
pub(super) struct Entry<P> {
    message: Message<P>,
    size: usize,
    serial: u64,
    /// The app was told that it is queued, and not yet that it was sent.
    announced: bool,
    /// Time at which it was passed to a socket. It may have been received.
    sent_at: Option<Instant>,
    /// The last connection was closed shortly after that.
    hit: bool,
}

impl<P> Entry<P> {
    /// True if a message with this key replaces it.
    fn is_replaced_by(&self, key: &str) -> bool {
        let older = self.message.key.as_deref();
        older.is_some_and(|older| replaces(key, older))
    }

    /// The message, and why it will not be sent: for this reason, unless it was sent before.
    pub(super) fn dropped(self, reason: DropReason) -> (P, DropReason) {
        let reason = if self.sent_at.is_some() {
            DropReason::Unconfirmed
        } else {
            reason
        };
        (self.message.payload, reason)
    }
}

/// Messages that are given up.
pub(super) type Dropped<P> = VecDeque<Entry<P>>;

/// Queued message that is about to be passed to a socket.
pub(super) struct Departure<P> {
    pub(super) message: Message<P>,
    pub(super) size: usize,
    pub(super) serial: u64,
    /// The app was told that it is queued.
    pub(super) announced: bool,
}

/// The stored messages.
#[derive(Clone, Debug)]
pub(super) struct Store<P> {
    /// Sent on this connection and not confirmed; older than those in the queue.
    in_flight: VecDeque<Entry<P>>,
    queued: VecDeque<Entry<P>>,
    bytes: usize,
    /// Earliest expiry in the queue (cached).
    earliest_expiry: Option<Instant>,
    /// The cached expiry belongs to a message that is not queued any more.
    expiry_stale: bool,
}

impl<P: Payload> Store<P> {
    pub(super) const fn new() -> Self {
        Self {
            in_flight: VecDeque::new(),
            queued: VecDeque::new(),
            bytes: 0,
            earliest_expiry: None,
            expiry_stale: false,
        }
    }

    /// Queues a message that [fits](Limits::fit) after the others, and removes those that it
    /// replaces; returns the messages that it displaced, oldest first. `announced` if the app is
    /// told that the message waits.
    pub(super) fn push(
        &mut self,
        message: Message<P>,
        (serial, size): (u64, usize),
        announced: bool,
        limits: Limits,
    ) -> Dropped<P> {
        self.remove_replaced(message.key.as_deref());
        self.bytes += size;
        self.earliest_expiry = Instant::earliest(self.earliest_expiry, message.expires);
        self.queued.push_back(Entry {
            message,
            size,
            serial,
            announced,
            sent_at: None,
            hit: false,
        });
        self.trim(limits)
    }

    /// Stores a message that was sent at this time, in flight like all others. The oldest ones are
    /// let go if there is no space for it.
    pub(super) fn keep(
        &mut self,
        message: Message<P>,
        ids: (u64, usize),
        sent_at: Instant,
        limits: Limits,
    ) {
        if limits.fit(ids.1) {
            self.push(message, ids, false, limits);
            while let Some(mut kept) = self.pop_queued() {
                kept.sent_at.get_or_insert(sent_at);
                self.in_flight.push_back(kept);
            }
        }
    }

    /// Removes the messages in flight that were sent longer than `age` ago.
    pub(super) fn forget_sent(&mut self, age: Duration, now: Instant) {
        while let Some(sent_at) = self.in_flight.front().and_then(|entry| entry.sent_at)
            && now.since(sent_at) > age
        {
            self.pop_in_flight();
        }
    }

    /// Takes the first queued message to send it. If `keeps`, it stays stored as one in flight.
    pub(super) fn next(&mut self, keeps: bool, now: Instant) -> Option<Departure<P>> {
        let mut next = self.pop_queued()?;
        let (size, serial) = (next.size, next.serial);
        let announced = std::mem::take(&mut next.announced);
        let message = if keeps {
            let message = Message {
                payload: next.message.payload.clone(),
                key: None,
                ..next.message
            };
            next.sent_at = Some(now);
            self.in_flight.push_back(next);
            message
        } else {
            self.bytes -= size;
            next.message
        };
        Some(Departure {
            message,
            size,
            serial,
            announced,
        })
    }

    /// Removes the messages in flight up to this serial: they were received.
    pub(super) fn confirm(&mut self, serial: u64) {
        while self
            .in_flight
            .front()
            .is_some_and(|entry| entry.serial <= serial)
        {
            self.pop_in_flight();
        }
    }

    /// Takes the first message in flight, with its serial and size, and the time at which it was
    /// sent.
    pub(super) fn take_in_flight(&mut self) -> Option<(Message<P>, (u64, usize), Instant)> {
        let entry = self.pop_in_flight()?;
        Some((entry.message, (entry.serial, entry.size), entry.sent_at?))
    }

    /// Queues the messages in flight again, before the others. Those that have expired in flight
    /// expire now: only queued messages expire.
    pub(super) fn requeue(&mut self, now: Instant) {
        for entry in &mut self.in_flight {
            entry.message.expires = entry.message.expires.map(|at| at.max(now));
        }
        while let Some(entry) = self.queued.pop_front() {
            self.in_flight.push_back(entry);
        }
        std::mem::swap(&mut self.in_flight, &mut self.queued);
        self.expiry_stale = true;
    }

    /// Records that the peer closes the connection. Returns true if this is the second time in a
    /// row shortly after the same message was handed over.
    pub(super) fn record_closure(&mut self, now: Instant) -> bool {
        let mut repeated = false;
        for entry in &mut self.in_flight {
            let hit = entry.sent_at.is_some_and(|at| now.since(at) <= BLAME);
            let before = std::mem::replace(&mut entry.hit, hit);
            repeated |= hit && before;
        }
        for entry in &mut self.queued {
            entry.hit = false;
        }
        repeated
    }

    /// True if the message with this serial is in flight.
    pub(super) fn holds(&self, serial: u64) -> bool {
        self.in_flight.iter().any(|entry| entry.serial == serial)
    }

    /// Removes the message with this serial.
    pub(super) fn remove(&mut self, serial: u64) {
        self.remove_where(&|entry| entry.serial == serial);
    }

    /// Removes the queued messages that have expired, oldest first.
    pub(super) fn take_expired(&mut self, now: Instant) -> Dropped<P> {
        if self.next_expiry().is_none_or(|at| at > now) {
            return VecDeque::new();
        }
        self.expiry_stale = true;
        let has_expired = |entry: &Entry<P>| entry.message.expires.is_some_and(|at| at <= now);
        take_where(&mut self.queued, &mut self.bytes, &has_expired)
    }

    /// Removes all messages, oldest first.
    pub(super) fn clear(&mut self) -> Dropped<P> {
        self.requeue(Instant::default());
        self.bytes = 0;
        std::mem::take(&mut self.queued)
    }

    /// Earliest expiry of the queued messages.
    pub(super) fn next_expiry(&mut self) -> Option<Instant> {
        if std::mem::take(&mut self.expiry_stale) {
            self.earliest_expiry = None;
            for entry in &self.queued {
                let expires = entry.message.expires;
                self.earliest_expiry = Instant::earliest(self.earliest_expiry, expires);
            }
        }
        self.earliest_expiry
    }

    /// Serial of the first queued message.
    pub(super) fn first_queued(&self) -> Option<u64> {
        self.queued.front().map(|entry| entry.serial)
    }

    /// Size of that message.
    pub(super) fn next_size(&self) -> Option<usize> {
        self.queued.front().map(|entry| entry.size)
    }

    /// Number and bytes of the queued messages.
    pub(super) fn queued(&self) -> (usize, usize) {
        let bytes = self.queued.iter().map(|entry| entry.size).sum();
        (self.queued.len(), bytes)
    }

    /// Number and bytes of the messages in flight, where none is queued.
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.in_flight.len(), self.bytes)
    }

    /// Number of messages in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// All messages, oldest first.
    #[cfg(feature = "test-util")]
    fn iter(&self) -> impl Iterator<Item = &Entry<P>> {
        self.in_flight.iter().chain(&self.queued)
    }

    /// Serials of all messages, oldest first.
    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> Vec<u64> {
        self.iter().map(|entry| entry.serial).collect()
    }

    /// Hashes everything but the serials, which matter only in relation to those of the
    /// [`AckTracker`](crate::session::ack::AckTracker).
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(
        &self,
        (now, oldest): (Instant, Duration),
        name: &impl Fn(&P) -> u64,
        hasher: &mut impl Hasher,
    ) {
        (self.in_flight.len(), self.bytes, self.queued.len()).hash(hasher);
        for entry in self.iter() {
            let Message {
                payload,
                key,
                expires,
                replay,
            } = &entry.message;
            let ahead = expires.map(|at| at.since(now));
            (name(payload), key, ahead, replay, entry.size).hash(hasher);
            let sent = entry.sent_at.map(|at| now.since(at).min(oldest));
            (entry.announced, sent, entry.hit).hash(hasher);
        }
    }

    /// Removes the messages that one with this key replaces. Those in flight may be received, but
    /// will not be sent again.
    pub(super) fn remove_replaced(&mut self, key: Option<&str>) {
        if let Some(key) = key {
            self.remove_where(&|entry| entry.is_replaced_by(key));
        }
    }

    fn remove_where(&mut self, matches: &dyn Fn(&Entry<P>) -> bool) {
        for entries in [&mut self.in_flight, &mut self.queued] {
            let taken = take_where(entries, &mut self.bytes, matches);
            self.expiry_stale |= !taken.is_empty();
        }
    }

    fn pop_in_flight(&mut self) -> Option<Entry<P>> {
        let removed = self.in_flight.pop_front()?;
        self.bytes -= removed.size;
        Some(removed)
    }

    /// Takes the first entry out of the queue. Its bytes still count.
    fn pop_queued(&mut self) -> Option<Entry<P>> {
        let removed = self.queued.pop_front()?;
        let expires = removed.message.expires;
        self.expiry_stale |= expires.is_some() && expires == self.earliest_expiry;
        Some(removed)
    }

    /// True if the message can be stored without displacing others, apart from those that it
    /// replaces.
    pub(super) fn has_room(&self, message: &Message<P>, limits: Limits) -> bool {
        let key = message.key.as_deref();
        let (mut messages, mut bytes) = (1, message.payload.size());
        for entries in [&self.in_flight, &self.queued] {
            for entry in entries {
                if !key.is_some_and(|key| entry.is_replaced_by(key)) {
                    messages += 1;
                    bytes += entry.size;
                }
            }
        }
        messages <= limits.messages && bytes <= limits.bytes
    }

    /// Removes the oldest messages until the limits hold. The newest one fits alone.
    fn trim(&mut self, limits: Limits) -> Dropped<P> {
        let mut removed = VecDeque::new();
        while self.in_flight.len() + self.queued.len() > limits.messages
            || self.bytes > limits.bytes
        {
            let Some(oldest) = self.in_flight.pop_front().or_else(|| self.pop_queued()) else {
                break;
            };
            self.bytes -= oldest.size;
            removed.push_back(oldest);
        }
        removed
    }
}

/// Removes the entries that match, oldest first.
fn take_where<P>(
    entries: &mut VecDeque<Entry<P>>,
    bytes: &mut usize,
    matches: &dyn Fn(&Entry<P>) -> bool,
) -> Dropped<P> {
    let mut taken = VecDeque::new();
    let mut from = 0;
    while let Some(offset) = entries.iter().skip(from).position(matches) {
        from += offset;
        if let Some(entry) = entries.remove(from) {
            *bytes -= entry.size;
            taken.push_back(entry);
        }
    }
    taken
}
