//! Stored messages: queued, and sent ones that may have to be sent again. They are bounded, keyed,
//! and may have an expiry.
//!
//! A hash table finds a message by its key, and a sorted list the next one to expire, without a
//! search through all of them.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::expiries::Expiries;
use crate::session::keys::Keys;
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
    /// Oldest first, which is the order of their serials. Those that were sent on this connection
    /// and are not confirmed come before those in the queue.
    entries: VecDeque<Entry<P>>,
    /// Number of messages that were sent and are not confirmed.
    in_flight: usize,
    bytes: usize,
    /// Those that have a key.
    keys: Keys,
    /// Those that are queued and expire.
    expiries: Expiries,
}

impl<P: Payload> Store<P> {
    pub(super) const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            in_flight: 0,
            bytes: 0,
            keys: Keys::new(),
            expiries: Expiries::new(),
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
        debug_assert!(
            self.entries.back().is_none_or(|last| last.serial < serial),
            "serials ascend"
        );
        self.bytes += size;
        if let Some(key) = &message.key {
            self.keys.insert(key, serial);
        }
        if let Some(at) = message.expires {
            self.expiries.insert(at, serial);
        }
        self.entries.push_back(Entry {
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
            while let Some(kept) = self.depart() {
                kept.sent_at.get_or_insert(sent_at);
            }
        }
    }

    /// Removes the messages in flight that were sent longer than `age` ago.
    pub(super) fn forget_sent(&mut self, age: Duration, now: Instant) {
        while let Some(sent_at) = self.first_in_flight().and_then(|entry| entry.sent_at)
            && now.since(sent_at) > age
        {
            self.take(0);
        }
    }

    /// Takes the first queued message to send it. If `keeps`, it stays stored as one in flight.
    pub(super) fn next(&mut self, keeps: bool, now: Instant) -> Option<Departure<P>> {
        if !keeps {
            let Entry {
                message,
                size,
                serial,
                announced,
                ..
            } = self.take(self.in_flight)?;
            return Some(Departure {
                message,
                size,
                serial,
                announced,
            });
        }
        let next = self.depart()?;
        next.sent_at = Some(now);
        Some(Departure {
            message: Message {
                payload: next.message.payload.clone(),
                key: None,
                ..next.message
            },
            size: next.size,
            serial: next.serial,
            announced: std::mem::take(&mut next.announced),
        })
    }

    /// Removes the messages in flight up to this serial: they were received.
    pub(super) fn confirm(&mut self, serial: u64) {
        while self
            .first_in_flight()
            .is_some_and(|entry| entry.serial <= serial)
        {
            self.take(0);
        }
    }

    /// Takes the first message in flight, with its serial and size, and the time at which it was
    /// sent.
    pub(super) fn take_in_flight(&mut self) -> Option<(Message<P>, (u64, usize), Instant)> {
        self.first_in_flight()?;
        let entry = self.take(0)?;
        Some((entry.message, (entry.serial, entry.size), entry.sent_at?))
    }

    /// Queues the messages in flight again, before the others. Those that have expired in flight
    /// expire now: only queued messages expire.
    pub(super) fn requeue(&mut self, now: Instant) {
        for entry in self.entries.iter_mut().take(self.in_flight) {
            if let Some(at) = &mut entry.message.expires {
                *at = now.max(*at);
                self.expiries.insert(*at, entry.serial);
            }
        }
        self.in_flight = 0;
    }

    /// Records that the peer closes the connection. Returns true if this is the second time in a
    /// row shortly after the same message was handed over.
    pub(super) fn record_closure(&mut self, now: Instant) -> bool {
        let mut repeated = false;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let is_recent = entry.sent_at.is_some_and(|at| now.since(at) <= BLAME);
            let hit = index < self.in_flight && is_recent;
            let before = std::mem::replace(&mut entry.hit, hit);
            repeated |= hit && before;
        }
        repeated
    }

    /// True if the message with this serial is in flight.
    pub(super) fn holds(&self, serial: u64) -> bool {
        self.find(serial)
            .is_some_and(|index| index < self.in_flight)
    }

    /// Removes the message with this serial.
    pub(super) fn remove(&mut self, serial: u64) {
        if let Some(index) = self.find(serial) {
            self.take(index);
        }
    }

    /// Removes the queued messages that have expired, oldest first.
    pub(super) fn take_expired(&mut self, now: Instant) -> Dropped<P> {
        let mut expired = VecDeque::new();
        if self.next_expiry().is_none_or(|at| at > now) {
            return expired;
        }
        let mut index = self.in_flight;
        while let Some(entry) = self.entries.get(index) {
            if entry.message.expires.is_some_and(|at| at <= now) {
                let Some(entry) = self.take(index) else { break };
                expired.push_back(entry);
            } else {
                index += 1;
            }
        }
        expired
    }

    /// Removes all messages, oldest first.
    pub(super) fn clear(&mut self) -> Dropped<P> {
        std::mem::replace(self, Self::new()).entries
    }

    /// Earliest expiry of the queued messages.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.expiries.first()
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

    /// Number and bytes of the messages in flight, where none is queued.
    pub(super) const fn kept(&self) -> (usize, usize) {
        (self.in_flight, self.bytes)
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
        for serial in self.replaced(key) {
            self.remove(serial);
        }
    }

    /// Serials of the messages that one with this key replaces, in any order.
    fn replaced(&self, key: Option<&str>) -> Vec<u64> {
        let mut replaced = Vec::new();
        let Some(key) = key else { return replaced };
        for serial in self.keys.candidates(key) {
            if self
                .get(serial)
                .is_some_and(|entry| entry.is_replaced_by(key))
            {
                replaced.push(serial);
            }
        }
        replaced
    }

    /// The message with this serial.
    fn get(&self, serial: u64) -> Option<&Entry<P>> {
        self.entries.get(self.find(serial)?)
    }

    /// Index of the message with this serial.
    fn find(&self, serial: u64) -> Option<usize> {
        self.entries
            .binary_search_by_key(&serial, |entry| entry.serial)
            .ok()
    }

    fn first_in_flight(&self) -> Option<&Entry<P>> {
        self.entries.front().filter(|_| self.in_flight > 0)
    }

    /// Counts the first queued message among those in flight.
    fn depart(&mut self) -> Option<&mut Entry<P>> {
        let next = self.entries.get_mut(self.in_flight)?;
        self.in_flight += 1;
        if let Some(at) = next.message.expires {
            self.expiries.remove(at, next.serial);
        }
        Some(next)
    }

    /// Removes a message.
    fn take(&mut self, index: usize) -> Option<Entry<P>> {
        let taken = self.entries.remove(index)?;
        self.bytes -= taken.size;
        if let Some(key) = &taken.message.key {
            self.keys.remove(key, taken.serial);
        }
        if index < self.in_flight {
            self.in_flight -= 1;
        } else if let Some(at) = taken.message.expires {
            self.expiries.remove(at, taken.serial);
        }
        Some(taken)
    }

    /// True if the message can be stored without displacing others, apart from those that it
    /// replaces.
    pub(super) fn has_room(&self, message: &Message<P>, limits: Limits) -> bool {
        let replaced = self.replaced(message.key.as_deref());
        let entries = replaced.iter().filter_map(|serial| self.get(*serial));
        let freed: usize = entries.map(|entry| entry.size).sum();
        self.entries.len() - replaced.len() < limits.messages
            && self.bytes - freed + message.payload.size() <= limits.bytes
    }

    /// Removes the oldest messages until the limits hold. The newest one fits alone.
    fn trim(&mut self, limits: Limits) -> Dropped<P> {
        let mut removed = VecDeque::new();
        while self.entries.len() > limits.messages || self.bytes > limits.bytes {
            let Some(oldest) = self.take(0) else { break };
            removed.push_back(oldest);
        }
        removed
    }
}
