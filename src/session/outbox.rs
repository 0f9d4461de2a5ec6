//! Messages of the app: sent at once, or stored until they can be sent.

use crate::session::keys::Key;
use crate::session::stats::increment;
use crate::session::store::Departure;
use crate::session::{
    Close, CloseKind, DropReason, Duration, Event, FlushError, Instant, Outgoing, Phase, Reply,
    Session, Timer,
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
    pub(super) key: Option<Key>,
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

impl Limits {
    /// Limits that only an empty queue keeps to.
    pub(super) const NONE: Self = Self {
        messages: 0,
        bytes: 0,
        buffered: 0,
    };

    /// True if a message of this size fits into an empty queue.
    pub(super) const fn fit(&self, size: usize) -> bool {
        self.messages > 0 && size <= self.bytes
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
        if self.is_connected()
            && let Some(buffered) = buffered
        {
            let buffered = self.drain_outbox(buffered);
            let is_clear =
                self.has_space(buffered) && self.first_unsent().is_none() && self.window_is_open();
            let size = is_clear.then(|| message.payload.size());
            open = size.filter(|size| self.liveness.may_hand_over(*size));
        }
        if buffered.is_none() {
            self.expect_close();
        }
        let keeps = self.keeps_sent();
        if self.reports_drop
            && (open.is_none() || keeps)
            && !self.outbox.has_room(&message, self.config.outbox)
        {
            // Its handler would be called again, and might send again.
            increment(&mut self.stats.dropped);
            return Reply::Dropped;
        }
        let serial = self.acks.accept();
        match open {
            Some(size) if keeps => self.send_and_keep(message, (serial, size)),
            Some(size) => self.send_now(message, (serial, size)),
            None => self.queue(message, serial),
        }
    }

    fn queue(&mut self, message: Message<P>, serial: u64) -> Reply {
        self.replay.remove_replaced(message.key.as_ref());
        let size = message.payload.size();
        if !self.config.outbox.fit(size) {
            self.emit(Event::Dropped(message.payload, DropReason::Overflow));
            return Reply::Dropped;
        }
        self.outbox.push(message, (serial, size), true);
        self.drop_excess(self.config.outbox, DropReason::Overflow);
        self.watch_expiry();
        Reply::Queued
    }

    /// Gives up the closing socket if its close event does not come. Some sockets never report
    /// one.
    fn expect_close(&mut self) {
        if self.is_connected() && self.timers.get(Timer::Failure).is_none() {
            self.timers
                .set(Timer::Failure, self.now.after(CLOSING_GRACE));
        }
    }

    fn send_now(&mut self, message: Message<P>, (serial, size): (u64, usize)) -> Reply {
        self.keep_state(&message, (serial, size), self.now);
        self.watch_frame(Some((serial, &message.payload)));
        self.acks.transmitted(serial);
        increment(&mut self.stats.sent);
        self.transmit(Outgoing::Message(message.payload));
        self.on_handed_over(size);
        Reply::Sent
    }

    fn send_and_keep(&mut self, message: Message<P>, (serial, size): (u64, usize)) -> Reply {
        self.replay.remove_replaced(message.key.as_ref());
        if self.config.outbox.fit(size) {
            self.outbox.push(message, (serial, size), false);
            self.send_queued(0);
            self.drop_excess(self.config.outbox, DropReason::Overflow);
        } else {
            let payload = message.payload.clone();
            let message = Message {
                key: None,
                ..message
            };
            self.send_now(message, (serial, size));
            self.emit(Event::Dropped(payload, DropReason::Unconfirmed));
        }
        Reply::Sent
    }

    /// Sends queued messages as far as the buffer of the socket, which holds `buffered` bytes,
    /// has space; returns the bytes that it holds then.
    pub(super) fn drain_outbox(&mut self, buffered: u32) -> u32 {
        self.drop_expired();
        let buffered = self.send_queued(buffered);
        self.watch_expiry();
        buffered
    }

    fn send_queued(&mut self, mut buffered: u32) -> u32 {
        while self.has_space(buffered)
            && self.window_is_open()
            && self.may_hand_over_next()
            && let Some(next) = self.next_departure()
        {
            let size = u32::try_from(next.size).unwrap_or(u32::MAX);
            buffered = buffered.saturating_add(size);
            let told = next.announced.then(|| next.message.payload.clone());
            self.send_now(next.message, (next.serial, next.size));
            if let Some(payload) = told {
                self.emit(Event::Sent(payload));
            }
        }
        buffered
    }

    fn next_departure(&mut self) -> Option<Departure<P>> {
        let keeps = self.keeps_sent();
        self.next_state()
            .or_else(|| self.outbox.next(keeps, self.now))
    }

    /// Serial of the first message that waits to be sent.
    pub(super) fn first_unsent(&self) -> Option<u64> {
        self.replay
            .first_queued()
            .or_else(|| self.outbox.first_queued())
    }

    /// Size of that message.
    fn next_size(&self) -> Option<usize> {
        self.replay.next_size().or_else(|| self.outbox.next_size())
    }

    /// True unless the first message that waits must wait for a pong.
    fn may_hand_over_next(&self) -> bool {
        self.next_size()
            .is_none_or(|size| self.liveness.may_hand_over(size))
    }

    /// Sends a ping if messages wait for a pong, and none is to come.
    pub(super) fn ask_for_space(&mut self) {
        if self.is_connected()
            && self.liveness.link.pings.oldest().is_none()
            && !self.may_hand_over_next()
        {
            self.ping();
        }
    }

    /// Handles the end of a connection: messages are queued again, or given up.
    pub(super) fn release_messages(&mut self, close: &Close, kind: CloseKind) {
        if !self.is_connected() {
            return;
        }
        self.outbox.requeue(self.now);
        self.watch_expiry();
        self.decide_on_state(close, kind);
        let is_lost = self.acks.cut(self.config.delivery);
        if let Some(serial) = self.replay.first_queued() {
            self.acks.rewind(serial);
        }
        if is_lost {
            self.fail_flushes(FlushError::Lost);
        }
    }

    /// Handles [`Input::Buffered`](crate::session::Input::Buffered).
    pub(super) fn on_buffered(&mut self, buffered: u32) {
        if self.is_connected() {
            self.drain_outbox(buffered);
        }
    }

    fn has_space(&self, buffered: u32) -> bool {
        buffered as usize <= self.config.outbox.buffered
    }

    /// Schedules a look at the buffer of the socket if messages only wait for space.
    pub(super) fn poll_buffer_later(&mut self) {
        if !self.is_connected() || self.first_unsent().is_none() || !self.may_hand_over_next() {
            return self.timers.stop(Timer::Drain);
        }
        let soon = self.now.after(BUFFER_POLL_INTERVAL);
        let before = self.timers.get(Timer::Drain).unwrap_or(soon);
        let at = match self.window_opens() {
            Some(at) => at.max(soon),
            None => before.min(soon),
        };
        self.timers.set(Timer::Drain, at);
    }

    pub(super) fn drop_expired(&mut self) {
        while let Some(serial) = self.replay.expired(self.now) {
            self.replay.remove(serial);
        }
        while let Some(serial) = self.outbox.expired(self.now) {
            self.drop_message(serial, DropReason::Expired);
        }
        self.watch_expiry();
    }

    pub(super) fn watch_expiry(&mut self) {
        let expiry = self.outbox.next_expiry();
        self.timers.set_or_stop(Timer::Expiry, expiry);
    }

    /// Drops the oldest messages until the queue is within these limits.
    pub(super) fn drop_excess(&mut self, limits: Limits, reason: DropReason) {
        while let Some(serial) = self.outbox.excess(limits) {
            self.drop_message(serial, reason);
        }
    }

    fn drop_message(&mut self, serial: u64, reason: DropReason) {
        if let Some((payload, reason)) = self.outbox.give_up(serial, reason) {
            self.emit(Event::Dropped(payload, reason));
        }
    }
}
