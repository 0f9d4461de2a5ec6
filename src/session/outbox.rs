//! What waits to be sent, and what was sent and may have to be sent again: bounded, keyed, and
//! with an end to its waiting.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use super::output::DropReason;
use super::time::Instant;

/// The app's own form of a message, which the core keeps and never reads.
pub trait Payload: Clone {
    /// Bytes on the wire (UTF-8). Asked for only when the message has to be kept.
    fn size(&self) -> usize;
}

/// A message that the app wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<P> {
    /// What is to be sent.
    pub payload: P,
    /// Makes the message state: while it waits, a newer one with the same key takes its place.
    pub key: Option<String>,
    /// From when on it is too late to send it.
    pub expires: Option<Instant>,
}

/// How much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most messages.
    pub messages: usize,
    /// Most bytes, all messages together.
    pub bytes: usize,
    /// Bytes that the socket itself may hold before messages wait here instead.
    pub buffered: usize,
}

/// What is no longer kept although nobody knows that it was received.
pub(super) type Dropped<P> = Vec<(P, DropReason)>;

#[derive(Clone, Debug)]
struct Entry<P> {
    message: Message<P>,
    size: usize,
    serial: u64,
    /// It went to a socket once, and may have been received.
    sent: bool,
}

impl<P> Entry<P> {
    fn dropped(self, why: DropReason) -> (P, DropReason) {
        let why = if self.sent {
            DropReason::Unconfirmed
        } else {
            why
        };
        (self.message.payload, why)
    }
}

/// The messages that are kept, oldest first: those in flight, then those that wait.
#[derive(Clone, Debug)]
pub(super) struct Outbox<P> {
    kept: VecDeque<Entry<P>>,
    /// How many of them are in flight: sent on this connection and not confirmed.
    in_flight: usize,
    bytes: usize,
    /// When the first of those that wait expires, as long as it is still among them.
    earliest_expiry: Option<Instant>,
    /// It is not: they must all be looked at to know.
    expiry_stale: bool,
    limits: Limits,
}

impl<P: Payload> Outbox<P> {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            kept: VecDeque::new(),
            in_flight: 0,
            bytes: 0,
            earliest_expiry: None,
            expiry_stale: false,
            limits,
        }
    }

    /// Lets a message wait. Returns what had to give way, oldest first; the message itself is
    /// the error when it could not fit even into an empty queue.
    pub(super) fn push(&mut self, message: Message<P>, serial: u64) -> Result<Dropped<P>, P> {
        let size = message.payload.size();
        if self.limits.messages == 0 || size > self.limits.bytes {
            return Err(message.payload);
        }
        self.bytes += size;
        self.earliest_expiry = match (self.earliest_expiry, message.expires) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let mut newcomer = Entry {
            message,
            size,
            serial,
            sent: false,
        };
        let older = self.find(newcomer.message.key.as_deref());
        let index = match older {
            Some(index) if index >= self.in_flight => {
                newcomer.serial = self.kept[index].serial;
                let gone = std::mem::replace(&mut self.kept[index], newcomer);
                self.bytes -= gone.size;
                self.no_longer_waits(gone.message.expires);
                index
            }
            _ => {
                // One in flight stays where it is as far as the cloud is concerned, but it
                // will not be sent again.
                older.and_then(|index| self.remove(index));
                self.kept.push_back(newcomer);
                self.kept.len() - 1
            }
        };
        Ok(self.trim(index))
    }

    /// Takes out the first of the waiting messages to be sent, its size and its serial. Where
    /// `keeps`, it stays here as one in flight.
    pub(super) fn next(&mut self, keeps: bool) -> Option<(P, usize, u64)> {
        let next = self.kept.get_mut(self.in_flight)?;
        let (size, serial) = (next.size, next.serial);
        if !keeps {
            let gone = self.remove(self.in_flight)?;
            return Some((gone.message.payload, size, serial));
        }
        next.sent = true;
        self.in_flight += 1;
        let payload = next.message.payload.clone();
        let expires = next.message.expires;
        self.no_longer_waits(expires);
        Some((payload, size, serial))
    }

    /// All in flight up to this serial was received.
    pub(super) fn confirm(&mut self, serial: u64) {
        while self.in_flight > 0 && self.kept.front().is_some_and(|kept| kept.serial <= serial) {
            self.remove(0);
        }
    }

    /// What is in flight will be sent again, before what waits. What is too old for that is so
    /// from now on: only what waits expires.
    pub(super) fn requeue(&mut self, now: Instant) {
        for kept in self.kept.iter_mut().take(self.in_flight) {
            kept.message.expires = kept.message.expires.map(|at| at.max(now));
        }
        self.in_flight = 0;
        self.expiry_stale = true;
    }

    /// Takes out what is too old to be sent, oldest first.
    pub(super) fn take_expired(&mut self, now: Instant) -> Dropped<P> {
        let mut dropped = Vec::new();
        if self.next_expiry().is_none_or(|at| at > now) {
            return dropped;
        }
        self.expiry_stale = true;
        for kept in self.kept.split_off(self.in_flight) {
            if kept.message.expires.is_some_and(|at| at <= now) {
                self.bytes -= kept.size;
                dropped.push(kept.dropped(DropReason::Expired));
            } else {
                self.kept.push_back(kept);
            }
        }
        dropped
    }

    /// Takes out all, oldest first.
    pub(super) fn clear(&mut self) -> Dropped<P> {
        self.in_flight = 0;
        self.bytes = 0;
        self.expiry_stale = true;
        let all = std::mem::take(&mut self.kept).into_iter();
        all.map(|kept| kept.dropped(DropReason::Ended)).collect()
    }

    /// When the first of the waiting messages expires.
    pub(super) fn next_expiry(&mut self) -> Option<Instant> {
        if std::mem::take(&mut self.expiry_stale) {
            self.earliest_expiry = self.waiting().filter_map(|w| w.message.expires).min();
        }
        self.earliest_expiry
    }

    /// The serial of the first of the waiting messages.
    pub(super) fn first_waiting(&self) -> Option<u64> {
        self.kept.get(self.in_flight).map(|kept| kept.serial)
    }

    /// Messages that wait, and their bytes.
    pub(super) fn queued(&self) -> (usize, usize) {
        let bytes = self.waiting().map(|kept| kept.size).sum();
        (self.kept.len() - self.in_flight, bytes)
    }

    /// Messages in flight.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The serials of all messages, oldest first.
    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> Vec<u64> {
        self.kept.iter().map(|kept| kept.serial).collect()
    }

    /// Everything but the serials, which mean something only beside those of the deliveries.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(
        &self,
        now: Instant,
        name: &impl Fn(&P) -> u64,
        hasher: &mut impl Hasher,
    ) {
        (self.in_flight, self.bytes, self.kept.len()).hash(hasher);
        for kept in &self.kept {
            let Message {
                payload,
                key,
                expires,
            } = &kept.message;
            let ahead = expires.map(|at| at.since(now));
            (name(payload), key, ahead, kept.size, kept.sent).hash(hasher);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &Entry<P>> {
        self.kept.iter().skip(self.in_flight)
    }

    /// There is at most one with a key.
    fn find(&self, key: Option<&str>) -> Option<usize> {
        let key = key?;
        self.kept
            .iter()
            .position(|kept| kept.message.key.as_deref() == Some(key))
    }

    fn remove(&mut self, index: usize) -> Option<Entry<P>> {
        let gone = self.kept.remove(index)?;
        self.bytes -= gone.size;
        if index < self.in_flight {
            self.in_flight -= 1;
        } else {
            self.no_longer_waits(gone.message.expires);
        }
        Some(gone)
    }

    fn no_longer_waits(&mut self, expires: Option<Instant>) {
        self.expiry_stale |= expires.is_some() && expires == self.earliest_expiry;
    }

    /// Drops the oldest until the limits hold, but not the newcomer, wherever it stands.
    fn trim(&mut self, mut newcomer: usize) -> Dropped<P> {
        let mut dropped = Vec::new();
        while self.kept.len() > self.limits.messages || self.bytes > self.limits.bytes {
            let oldest = usize::from(newcomer == 0);
            let Some(gone) = self.remove(oldest) else {
                break;
            };
            newcomer = newcomer.saturating_sub(1);
            dropped.push(gone.dropped(DropReason::Overflow));
        }
        dropped
    }
}
