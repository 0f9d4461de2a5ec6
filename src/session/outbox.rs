//! Queued messages, and sent messages that may have to be sent again: bounded, keyed, with an
//! expiry.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::stats::increment;
use crate::session::{
    DropReason, Duration, Event, Instant, Outgoing, Phase, Reply, Session, SocketId, Timer,
    replaces,
};

/// Interval at which the bytes in the socket's buffer are read while messages wait for space. A
/// socket does not report when it has space again.
const BUFFER_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Longest time that a socket may be closing before it is given up. Its close event is worth
/// waiting for because it has the code and the reason.
const CLOSING_GRACE: Duration = Duration::from_millis(5000);

/// The app's own form of a message, which the core stores and never reads.
pub trait Payload: Clone {
    /// Bytes on the wire (UTF-8). Called only if the message has to be stored.
    fn size(&self) -> usize;
}

/// Message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message<P> {
    /// Content.
    pub(super) payload: P,
    /// Makes the message state: while it is queued, a newer one may replace it.
    pub(super) key: Option<String>,
    /// Time from which it is not sent any more.
    pub(super) expires: Option<Instant>,
    /// It may be sent once more if the connection is lost before it is confirmed.
    pub(super) replay: bool,
}

/// Bounds of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most messages.
    pub messages: usize,
    /// Most bytes of all messages together.
    pub bytes: usize,
    /// Most bytes in the buffer of the socket before messages are queued here instead.
    pub buffered: usize,
}

/// Messages that are given up without a confirmation.
pub(super) type Dropped<P> = Vec<(P, DropReason)>;

#[derive(Clone, Debug)]
struct Entry<P> {
    message: Message<P>,
    size: usize,
    serial: u64,
    /// The app was told that it is queued, and not yet that it was sent.
    announced: bool,
    /// It was passed to a socket once, and may have been received.
    sent: bool,
}

impl<P> Entry<P> {
    fn dropped(self, reason: DropReason) -> (P, DropReason) {
        let reason = if self.sent {
            DropReason::Unconfirmed
        } else {
            reason
        };
        (self.message.payload, reason)
    }
}

/// Queued message that is about to be passed to a socket.
struct Departure<P> {
    payload: P,
    size: usize,
    serial: u64,
    /// The app was told that it is queued.
    announced: bool,
}

/// The stored messages, oldest first: those in flight, then the queued ones.
#[derive(Clone, Debug)]
pub(super) struct Outbox<P> {
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

impl<P: Payload> Outbox<P> {
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

    /// Queues a message after the others and removes those that it replaces; returns the messages
    /// that it displaced, oldest first. `announced` if the app is told that the message waits.
    ///
    /// # Errors
    ///
    /// The message does not fit even into an empty queue, and is returned.
    fn push(&mut self, message: Message<P>, serial: u64, announced: bool) -> Result<Dropped<P>, P> {
        let size = message.payload.size();
        if self.limits.messages == 0 || size > self.limits.bytes {
            return Err(message.payload);
        }
        self.remove_replaced(message.key.as_deref());
        self.bytes += size;
        self.earliest_expiry = match (self.earliest_expiry, message.expires) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.entries.push_back(Entry {
            message,
            size,
            serial,
            announced,
            sent: false,
        });
        Ok(self.trim())
    }

    /// Takes the first queued message to send it. If `keeps`, it stays stored as one in flight.
    fn next(&mut self, keeps: bool) -> Option<Departure<P>> {
        let next = self.entries.get_mut(self.in_flight)?;
        let (size, serial) = (next.size, next.serial);
        let announced = std::mem::take(&mut next.announced);
        let departure = |payload| Departure {
            payload,
            size,
            serial,
            announced,
        };
        if !keeps {
            let removed = self.remove(self.in_flight)?;
            return Some(departure(removed.message.payload));
        }
        next.sent = true;
        self.in_flight += 1;
        let payload = next.message.payload.clone();
        let expires = next.message.expires;
        self.on_dequeued(expires);
        Some(departure(payload))
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

    /// Queues the messages in flight again, before the others. Those that have expired in flight
    /// expire now: only queued messages expire.
    pub(super) fn requeue(&mut self, now: Instant) {
        for entry in self.entries.iter_mut().take(self.in_flight) {
            entry.message.expires = entry.message.expires.map(|at| at.max(now));
        }
        self.in_flight = 0;
        self.expiry_stale = true;
    }

    /// Removes the queued messages that have expired, oldest first.
    fn take_expired(&mut self, now: Instant) -> Dropped<P> {
        let mut dropped = Vec::new();
        if self.next_expiry().is_none_or(|at| at > now) {
            return dropped;
        }
        self.expiry_stale = true;
        for entry in self.entries.split_off(self.in_flight) {
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
        let all = std::mem::take(&mut self.entries).into_iter();
        all.map(|entry| entry.dropped(DropReason::Ended)).collect()
    }

    /// Earliest expiry of the queued messages.
    fn next_expiry(&mut self) -> Option<Instant> {
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

    /// Size of the first queued message.
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
        now: Instant,
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
            (entry.announced, entry.sent).hash(hasher);
        }
    }

    /// Removes the messages that one with this key replaces. Those in flight may be received, but
    /// will not be sent again.
    fn remove_replaced(&mut self, key: Option<&str>) {
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

    fn remove(&mut self, index: usize) -> Option<Entry<P>> {
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

impl<P: Payload> Session<P> {
    /// Executes [`Command::Send`](crate::session::Command::Send).
    pub(super) fn send(&mut self, message: Message<P>, buffered: Option<u32>) -> Reply {
        if self.phase == Phase::Stopped {
            increment(&mut self.stats.dropped);
            return Reply::Dropped;
        }
        let mut open = None;
        if let (Phase::Connected(socket), Some(buffered)) = (self.phase, buffered) {
            let buffered = self.drain_outbox(socket, buffered);
            let is_clear = self.has_space(buffered) && self.outbox.first_queued().is_none();
            let size = is_clear.then(|| message.payload.size());
            let size = size.filter(|size| self.liveness.may_hand_over(*size));
            open = size.map(|size| (socket, size));
        }
        if buffered.is_none() {
            self.expect_close();
        }
        let serial = self.acks.accept();
        match open {
            Some((socket, size)) if self.keeps_sent() => {
                self.send_and_keep(socket, message, (serial, size))
            }
            Some((socket, size)) => self.send_now(socket, message.payload, (serial, size)),
            None => match self.outbox.push(message, serial, true) {
                Ok(displaced) => {
                    self.report_dropped(displaced);
                    self.watch_expiry();
                    Reply::Queued
                }
                Err(refused) => {
                    self.emit(Event::Dropped(refused, DropReason::Overflow));
                    Reply::Dropped
                }
            },
        }
    }

    /// Gives up the closing socket if its close event does not come. Some sockets never report
    /// one.
    fn expect_close(&mut self) {
        let is_connected = matches!(self.phase, Phase::Connected(_));
        if is_connected && self.timers.get(Timer::Failure).is_none() {
            self.timers
                .set(Timer::Failure, self.now.after(CLOSING_GRACE));
        }
    }

    fn send_now(&mut self, socket: SocketId, payload: P, (serial, size): (u64, usize)) -> Reply {
        self.acks.transmitted(serial);
        increment(&mut self.stats.sent);
        self.transmit(socket, Outgoing::Message(payload));
        self.on_handed_over(socket, size);
        Reply::Sent
    }

    fn send_and_keep(
        &mut self,
        socket: SocketId,
        message: Message<P>,
        (serial, size): (u64, usize),
    ) -> Reply {
        match self.outbox.push(message, serial, false) {
            Ok(displaced) => {
                self.send_queued(socket, 0);
                self.report_dropped(displaced);
            }
            Err(refused) => {
                self.send_now(socket, refused.clone(), (serial, size));
                self.emit(Event::Dropped(refused, DropReason::Unconfirmed));
            }
        }
        Reply::Sent
    }

    /// Sends queued messages as far as the buffer of the socket, which holds `buffered` bytes,
    /// has space; returns the bytes that it holds then.
    pub(super) fn drain_outbox(&mut self, socket: SocketId, buffered: u32) -> u32 {
        self.drop_expired();
        let buffered = self.send_queued(socket, buffered);
        self.watch_expiry();
        buffered
    }

    fn send_queued(&mut self, socket: SocketId, mut buffered: u32) -> u32 {
        while self.has_space(buffered)
            && let Some(size) = self.outbox.next_size()
            && self.liveness.may_hand_over(size)
            && let Some(next) = self.outbox.next(self.keeps_sent())
        {
            buffered = buffered.saturating_add(u32::try_from(size).unwrap_or(u32::MAX));
            let told = next.announced.then(|| next.payload.clone());
            self.send_now(socket, next.payload, (next.serial, next.size));
            if let Some(payload) = told {
                self.emit(Event::Sent(payload));
            }
        }
        buffered
    }

    /// Handles [`Input::Buffered`](crate::session::Input::Buffered).
    pub(super) fn on_buffered(&mut self, socket: SocketId, buffered: u32) {
        if matches!(self.phase, Phase::Connected(_)) {
            self.drain_outbox(socket, buffered);
        }
    }

    const fn has_space(&self, buffered: u32) -> bool {
        buffered as usize <= self.config.outbox.buffered
    }

    /// Schedules a look at the buffer of the socket if queued messages only wait for space.
    pub(super) fn poll_buffer_later(&mut self) {
        let next = self.outbox.next_size();
        let waits = next.is_some_and(|size| self.liveness.may_hand_over(size));
        if !(waits && matches!(self.phase, Phase::Connected(_))) {
            self.timers.stop(Timer::Drain);
        } else if self.timers.get(Timer::Drain).is_none() {
            self.timers
                .set(Timer::Drain, self.now.after(BUFFER_POLL_INTERVAL));
        }
    }

    pub(super) fn drop_expired(&mut self) {
        let expired = self.outbox.take_expired(self.now);
        self.report_dropped(expired);
        self.watch_expiry();
    }

    pub(super) fn watch_expiry(&mut self) {
        match self.outbox.next_expiry() {
            Some(at) => self.timers.set(Timer::Expiry, at),
            None => self.timers.stop(Timer::Expiry),
        }
    }

    pub(super) fn report_dropped(&mut self, dropped: Dropped<P>) {
        for (payload, reason) in dropped {
            self.emit(Event::Dropped(payload, reason));
        }
    }
}
