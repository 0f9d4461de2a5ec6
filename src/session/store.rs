//! Stored messages: queued, and sent ones that may have to be sent again. They are bounded, keyed,
//! and may have an expiry.
//!
//! A hash table finds a message by its key, and a heap the next one to expire, without a search
//! through all of them; none is moved when another one is removed.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::expiries::Expiries;
use crate::session::keys::{Key, Keys};
use crate::session::outbox::{Limits, Message, Payload};
use crate::session::places::Places;
use crate::session::probe::BLAME;
use crate::session::{DropReason, Duration, Instant};

/// Expiries that count no more, apart from as many as there are messages, from which they are
/// removed.
const SPARE: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Entry<P> {
    message: Message<P>,
    size: usize,
    /// The app was told that it is queued, and not yet that it was sent.
    announced: bool,
    /// Time at which it was passed to a socket. It may have been received.
    sent_at: Option<Instant>,
    /// The last connection was closed shortly after that.
    hit: bool,
}

impl<P> Entry<P> {
    /// True if a message with this key replaces it.
    fn is_replaced_by(&self, key: &Key) -> bool {
        let older = self.message.key.as_ref();
        older.is_some_and(|older| key.replaces(older))
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

/// Messages that another one replaces.
#[derive(Default)]
struct Replaced {
    messages: usize,
    bytes: usize,
    /// Serial of one of them.
    one: Option<u64>,
}

/// The stored messages.
#[derive(Clone, Debug)]
pub(super) struct Store<P> {
    /// Oldest first. Those that were sent on this connection and are not confirmed are in flight.
    entries: Places<Entry<P>>,
    bytes: usize,
    /// Those that have a key.
    keys: Keys,
    /// Those that are queued and expire.
    expiries: Expiries,
}

impl<P: Payload> Store<P> {
    pub(super) const fn new() -> Self {
        Self {
            entries: Places::new(),
            bytes: 0,
            keys: Keys::new(),
            expiries: Expiries::new(),
        }
    }

    /// Queues a message that [fits](Limits::fit) after the others, and removes those that it
    /// replaces. Afterwards there may be [more than the limits allow](Self::excess). `announced` if
    /// the app is told that the message waits.
    pub(super) fn push(
        &mut self,
        message: Message<P>,
        (serial, size): (u64, usize),
        announced: bool,
    ) {
        self.remove_replaced(message.key.as_ref());
        self.bytes += size;
        if let Some(key) = &message.key {
            self.keys.insert(key, serial);
        }
        let expires = message.expires;
        self.entries.push(
            serial,
            Entry {
                message,
                size,
                announced,
                sent_at: None,
                hit: false,
            },
        );
        if let Some(at) = expires {
            self.expiries.insert(at, serial);
        }
        if self.expiries.len() > 2 * self.entries.len() + SPARE {
            self.list_expiries();
        }
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
            self.push(message, ids, false);
            while let Some(oldest) = self.excess(limits) {
                self.remove(oldest);
            }
            while let Some((_, kept)) = self.entries.depart() {
                kept.sent_at.get_or_insert(sent_at);
            }
        }
    }

    /// Removes the messages in flight that were sent longer than `age` ago.
    pub(super) fn forget_sent(&mut self, age: Duration, now: Instant) {
        while let Some((serial, entry)) = self.entries.first_in_flight()
            && let Some(sent_at) = entry.sent_at
            && now.since(sent_at) > age
        {
            self.remove(serial);
        }
    }

    /// Takes the first queued message to send it. If `keeps`, it stays stored as one in flight.
    pub(super) fn next(&mut self, keeps: bool, now: Instant) -> Option<Departure<P>> {
        if !keeps {
            let (serial, _) = self.entries.first_queued()?;
            let Entry {
                message,
                size,
                announced,
                ..
            } = self.remove(serial)?;
            return Some(Departure {
                message,
                size,
                serial,
                announced,
            });
        }
        let (serial, next) = self.entries.depart()?;
        next.sent_at = Some(now);
        Some(Departure {
            message: Message {
                payload: next.message.payload.clone(),
                key: None,
                ..next.message
            },
            size: next.size,
            serial,
            announced: std::mem::take(&mut next.announced),
        })
    }

    /// Removes the messages in flight up to this serial: they were received.
    pub(super) fn confirm(&mut self, serial: u64) {
        while let Some((first, _)) = self.entries.first_in_flight()
            && first <= serial
        {
            self.remove(first);
        }
    }

    /// Takes the first message in flight, with its serial and size, and the time at which it was
    /// sent.
    pub(super) fn take_in_flight(&mut self) -> Option<(Message<P>, (u64, usize), Instant)> {
        let (serial, _) = self.entries.first_in_flight()?;
        let entry = self.remove(serial)?;
        Some((entry.message, (serial, entry.size), entry.sent_at?))
    }

    /// Queues the messages in flight again, before the others. Those that have expired in flight
    /// expire now: only queued messages expire.
    pub(super) fn requeue(&mut self, now: Instant) {
        for (in_flight, _, entry) in self.entries.iter_mut() {
            if in_flight && let Some(at) = &mut entry.message.expires {
                *at = now.max(*at);
            }
        }
        self.entries.requeue();
        self.list_expiries();
    }

    /// Records that the peer closes the connection. Returns true if this is the second time in a
    /// row shortly after the same message was handed over.
    pub(super) fn record_closure(&mut self, now: Instant) -> bool {
        let mut repeated = false;
        for (in_flight, _, entry) in self.entries.iter_mut() {
            let is_recent = entry.sent_at.is_some_and(|at| now.since(at) <= BLAME);
            let hit = in_flight && is_recent;
            let before = std::mem::replace(&mut entry.hit, hit);
            repeated |= hit && before;
        }
        repeated
    }

    /// True if the message with this serial is in flight.
    pub(super) fn holds(&self, serial: u64) -> bool {
        self.entries.get(serial).is_some() && self.entries.queued(serial).is_none()
    }

    /// Serial of the queued message that has expired first, if one has.
    pub(super) fn expired(&mut self, now: Instant) -> Option<u64> {
        let (at, serial) = self.first_expiry()?;
        (at <= now).then_some(serial)
    }

    /// Serial of the oldest message if there are more than the limits allow. It is not the newest
    /// one if that [fits](Limits::fit).
    pub(super) fn excess(&self, limits: Limits) -> Option<u64> {
        if self.entries.len() > limits.messages || self.bytes > limits.bytes {
            return Some(self.entries.first()?.0);
        }
        None
    }

    /// Removes the message with this serial; returns it, and why it will not be sent: for this
    /// reason, unless it was sent before.
    pub(super) fn give_up(&mut self, serial: u64, reason: DropReason) -> Option<(P, DropReason)> {
        let entry = self.remove(serial)?;
        let reason = if entry.sent_at.is_some() {
            DropReason::Unconfirmed
        } else {
            reason
        };
        Some((entry.message.payload, reason))
    }

    /// Removes all messages.
    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Earliest expiry of the queued messages.
    pub(super) fn next_expiry(&mut self) -> Option<Instant> {
        self.first_expiry().map(|(at, _)| at)
    }

    /// That expiry, with the serial of its message.
    fn first_expiry(&mut self) -> Option<(Instant, u64)> {
        let entries = &self.entries;
        self.expiries.first(|at, serial| {
            let entry = entries.queued(serial);
            entry.is_some_and(|entry| entry.message.expires == Some(at))
        })
    }

    /// Serial of the first queued message.
    pub(super) fn first_queued(&self) -> Option<u64> {
        self.entries.first_queued().map(|(serial, _)| serial)
    }

    /// Size of that message.
    pub(super) fn next_size(&self) -> Option<usize> {
        self.entries.first_queued().map(|(_, entry)| entry.size)
    }

    /// Number and bytes of the queued messages.
    pub(super) fn queued(&self) -> (usize, usize) {
        let (mut messages, mut bytes) = (0, 0);
        for (in_flight, _, entry) in self.entries.iter() {
            if !in_flight {
                messages += 1;
                bytes += entry.size;
            }
        }
        (messages, bytes)
    }

    /// Number and bytes of the messages in flight, where none is queued.
    pub(super) const fn kept(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }

    /// Number of messages in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.entries.in_flight()
    }

    /// Serials of all messages, oldest first.
    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> Vec<u64> {
        self.entries.iter().map(|(_, serial, _)| serial).collect()
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
        (self.in_flight(), self.bytes, self.entries.len()).hash(hasher);
        for (_, _, entry) in self.entries.iter() {
            let Message {
                payload,
                key,
                expires,
                replay,
            } = &entry.message;
            let ahead = expires.map(|at| at.since(now));
            let key = key.as_ref().map(Key::text);
            (name(payload), key, ahead, replay, entry.size).hash(hasher);
            let sent = entry.sent_at.map(|at| now.since(at).min(oldest));
            (entry.announced, sent, entry.hit).hash(hasher);
        }
    }

    /// Removes the messages that one with this key replaces. Those in flight may be received, but
    /// will not be sent again.
    pub(super) fn remove_replaced(&mut self, key: Option<&Key>) {
        while let Some(serial) = self.replaced(key).one {
            self.remove(serial);
        }
    }

    /// The messages that one with this key replaces.
    fn replaced(&self, key: Option<&Key>) -> Replaced {
        let mut replaced = Replaced::default();
        let Some(key) = key else { return replaced };
        for serial in self.keys.candidates(key) {
            if let Some(entry) = self.entries.get(serial)
                && entry.is_replaced_by(key)
            {
                replaced.messages += 1;
                replaced.bytes += entry.size;
                replaced.one = Some(serial);
            }
        }
        replaced
    }

    /// Removes the message with this serial.
    pub(super) fn remove(&mut self, serial: u64) -> Option<Entry<P>> {
        let removed = self.entries.remove(serial)?;
        self.bytes -= removed.size;
        if let Some(key) = &removed.message.key {
            self.keys.remove(key, serial);
        }
        Some(removed)
    }

    /// Lists the expiries of the queued messages anew.
    fn list_expiries(&mut self) {
        self.expiries.clear();
        for (in_flight, serial, entry) in self.entries.iter() {
            if !in_flight && let Some(at) = entry.message.expires {
                self.expiries.insert(at, serial);
            }
        }
    }

    /// True if the message can be stored without displacing others, apart from those that it
    /// replaces.
    pub(super) fn has_room(&self, message: &Message<P>, limits: Limits) -> bool {
        let replaced = self.replaced(message.key.as_ref());
        self.entries.len() - replaced.messages < limits.messages
            && self.bytes - replaced.bytes + message.payload.size() <= limits.bytes
    }
}
