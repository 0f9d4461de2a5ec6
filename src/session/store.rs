//! Stored messages: queued, and sent ones that may have to be sent again. They are bounded, keyed,
//! and may have an expiry.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::outbox::{Dropped, Limits, Message, Payload};
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
    fn dropped(self, reason: DropReason) -> (P, DropReason) {
        let reason = if self.sent_at.is_some() {
            DropReason::Unconfirmed
        } else {
            reason
        };
        (self.message.payload, reason)
    }
}

/// Queued message that is about to be passed to a socket.
pub(super) struct Departure<P> {
    pub(super) message: Message<P>,
    pub(super) size: usize,
    pub(super) serial: u64,
    /// The app was told that it is queued.
    pub(super) announced: bool,
}

/// The stored messages, oldest first: those in flight, then the queued ones.
#[derive(Clone, Debug)]
pub(super) struct Store<P> {
    entries: VecDeque<Entry<P>>,
    /// Number of entries in flight: sent on this connection and not confirmed.
    in_flight: usize,
    bytes: usize,
    /// Earliest expiry in the queue (cached).
    earliest_expiry: Option<Instant>,
    /// The cached expiry belongs to a message that is not queued any more.
    expiry_stale: bool,
    limits: Limits,
}

impl<P: Payload> Store<P> {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            entries: VecDeque::new(),
            in_flight: 0,
            bytes: 0,
            earliest_expiry: None,
            expiry_stale: false,
            limits,
        }
    }

    /// True if a message of this size fits into an empty queue.
    pub(super) const fn fits(&self, size: usize) -> bool {
        self.limits.messages > 0 && size <= self.limits.bytes
    }

    /// Queues a message that [fits](Self::fits) after the others, and removes those that it replaces; returns the messages
    /// that it displaced, oldest first. `announced` if the app is told that the message waits.
    pub(super) fn push(
        &mut self,
        message: Message<P>,
        (serial, size): (u64, usize),
        announced: bool,
    ) -> Dropped<P> {
        self.remove_replaced(message.key.as_deref());
        self.bytes += size;
        self.earliest_expiry = Instant::earliest(self.earliest_expiry, message.expires);
        self.entries.push_back(Entry {
            message,
            size,
            serial,
            announced,
            sent_at: None,
            hit: false,
        });
        self.trim()
    }

    /// Stores a message that was sent at this time, in flight like all others. The oldest ones are
    /// let go if there is no space for it.
    pub(super) fn keep(&mut self, message: Message<P>, ids: (u64, usize), sent_at: Instant) {
        if self.fits(ids.1) {
            self.push(message, ids, false);
            if let Some(kept) = self.entries.back_mut() {
                kept.sent_at = Some(sent_at);
            }
            self.in_flight = self.entries.len();
        }
    }

    /// Removes the messages in flight that were sent longer than `age` ago.
    pub(super) fn forget_sent(&mut self, age: Duration, now: Instant) {
        while self.in_flight > 0
            && let Some(sent_at) = self.entries.front().and_then(|entry| entry.sent_at)
            && now.since(sent_at) > age
        {
            self.remove(0);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the first queued message to send it. If `keeps`, it stays stored as one in flight.
    pub(super) fn next(&mut self, keeps: bool, now: Instant) -> Option<Departure<P>> {
        let next = self.entries.get_mut(self.in_flight)?;
        let (size, serial) = (next.size, next.serial);
        let announced = std::mem::take(&mut next.announced);
        let message = if keeps {
            next.sent_at = Some(now);
            self.in_flight += 1;
            let payload = next.message.payload.clone();
            let expires = next.message.expires;
            self.on_dequeued(expires);
            Message {
                payload,
                key: None,
                expires,
                replay: false,
            }
        } else {
            self.remove(self.in_flight)?.message
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
        while self.in_flight > 0
            && self
                .entries
                .front()
                .is_some_and(|entry| entry.serial <= serial)
        {
            self.remove(0);
        }
    }

    /// Takes the first message in flight, with its serial and size, and the time at which it was
    /// sent.
    pub(super) fn take_in_flight(&mut self) -> Option<(Message<P>, (u64, usize), Instant)> {
        let entry = (self.in_flight > 0).then(|| self.remove(0))??;
        Some((entry.message, (entry.serial, entry.size), entry.sent_at?))
    }

    /// Queues the messages in flight again, before the others. Those that have expired in flight
    /// expire now: only queued messages expire.
    pub(super) fn requeue(&mut self, now: Instant) {
        for entry in self.entries.iter_mut().take(self.in_flight) {
            entry.message.expires = entry.message.expires.map(|at| at.max(now));
        }
        self.in_flight = 0;
        self.expiry_stale = true;
    }

    /// Records that the peer closes the connection. Returns true if this is the second time in a
    /// row shortly after the same message was handed over.
    pub(super) fn record_closure(&mut self, now: Instant) -> bool {
        let mut repeated = false;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let sent_at = entry.sent_at.filter(|_| index < self.in_flight);
            let hit = sent_at.is_some_and(|at| now.since(at) <= BLAME);
            let before = std::mem::replace(&mut entry.hit, hit);
            repeated |= hit && before;
        }
        repeated
    }

    /// Index of the message with this serial.
    pub(super) fn position(&self, serial: u64) -> Option<usize> {
        self.entries.iter().position(|entry| entry.serial == serial)
    }

    /// Removes the queued messages that have expired, oldest first.
    pub(super) fn take_expired(&mut self, now: Instant) -> Dropped<P> {
        let mut dropped = Vec::new();
        if self.next_expiry().is_none_or(|at| at > now) {
            return dropped;
        }
        self.expiry_stale = true;
        for _ in self.in_flight..self.entries.len() {
            let Some(entry) = self.entries.remove(self.in_flight) else {
                break;
            };
            if entry.message.expires.is_some_and(|at| at <= now) {
                self.bytes -= entry.size;
                dropped.push(entry.dropped(DropReason::Expired));
            } else {
                self.entries.push_back(entry);
            }
        }
        dropped
    }

    /// Removes all messages, oldest first.
    pub(super) fn clear(&mut self) -> Dropped<P> {
        self.in_flight = 0;
        self.bytes = 0;
        self.expiry_stale = true;
        let mut dropped = Vec::new();
        while let Some(entry) = self.entries.pop_front() {
            dropped.push(entry.dropped(DropReason::Ended));
        }
        dropped
    }

    /// Earliest expiry of the queued messages.
    pub(super) fn next_expiry(&mut self) -> Option<Instant> {
        if std::mem::take(&mut self.expiry_stale) {
            let queued = self.entries.iter().skip(self.in_flight);
            self.earliest_expiry = queued.filter_map(|entry| entry.message.expires).min();
        }
        self.earliest_expiry
    }

    /// Serial of the first queued message.
    pub(super) fn first_queued(&self) -> Option<u64> {
        self.entries.get(self.in_flight).map(|entry| entry.serial)
    }

    /// Size of that message.
    pub(super) fn next_size(&self) -> Option<usize> {
        self.entries.get(self.in_flight).map(|entry| entry.size)
    }

    /// Number and bytes of the queued messages.
    pub(super) fn queued(&self) -> (usize, usize) {
        let queued = self.entries.iter().skip(self.in_flight);
        let bytes = queued.map(|entry| entry.size).sum();
        (self.entries.len() - self.in_flight, bytes)
    }

    /// Number of messages in flight.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Serials of all messages, oldest first.
    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> Vec<u64> {
        self.entries.iter().map(|entry| entry.serial).collect()
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
        (self.in_flight, self.bytes, self.entries.len()).hash(hasher);
        for entry in &self.entries {
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
        let Some(key) = key else {
            return;
        };
        for index in (0..self.entries.len()).rev() {
            let older = self.entries[index].message.key.as_deref();
            if older.is_some_and(|older| replaces(key, older)) {
                self.remove(index);
            }
        }
    }

    pub(super) fn remove(&mut self, index: usize) -> Option<Entry<P>> {
        let removed = self.entries.remove(index)?;
        self.bytes -= removed.size;
        if index < self.in_flight {
            self.in_flight -= 1;
        } else {
            self.on_dequeued(removed.message.expires);
        }
        Some(removed)
    }

    /// Invalidates the cached expiry if it was that of the message that left the queue.
    fn on_dequeued(&mut self, expires: Option<Instant>) {
        self.expiry_stale |= expires.is_some() && expires == self.earliest_expiry;
    }

    /// True if the message can be stored without displacing others, apart from those that it
    /// replaces.
    pub(super) fn has_room(&self, message: &Message<P>) -> bool {
        let key = message.key.as_deref();
        let stays = |entry: &&Entry<P>| {
            let older = entry.message.key.as_deref();
            !key.zip(older)
                .is_some_and(|(newer, older)| replaces(newer, older))
        };
        let (mut messages, mut bytes) = (1, message.payload.size());
        for entry in self.entries.iter().filter(stays) {
            messages += 1;
            bytes += entry.size;
        }
        messages <= self.limits.messages && bytes <= self.limits.bytes
    }

    /// Removes the oldest messages until the limits hold. The newest one fits alone.
    fn trim(&mut self) -> Dropped<P> {
        let mut dropped = Vec::new();
        while self.entries.len() > self.limits.messages || self.bytes > self.limits.bytes {
            let Some(removed) = self.remove(0) else {
                break;
            };
            dropped.push(removed.dropped(DropReason::Overflow));
        }
        dropped
    }
}
