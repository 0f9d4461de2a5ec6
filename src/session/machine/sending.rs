//! What the app sends and what it subscribes to.

use super::super::input::{CommandError, Reply, SocketId};
use super::super::outbox::{Dropped, Message, Payload};
use super::super::output::{DropReason, Event, Outgoing};
use super::super::stats::count;
use super::super::subscriptions::Subscriptions;
use super::super::time::Duration;
use super::super::timer::Timer;
use super::{Phase, Session};

/// A socket does not say when it has room again, so it is asked.
const ROOM_INTERVAL: Duration = Duration::from_millis(50);

/// How long a socket may be closing before it is given up. Its close event has the code and the
/// reason, so it is worth a wait.
const CLOSING_GRACE: Duration = Duration::from_millis(5000);

impl<P: Payload> Session<P> {
    /// `buffered` is what the socket holds itself, where it is open.
    pub(super) fn send(&mut self, message: Message<P>, buffered: Option<u32>) -> Reply {
        if self.phase == Phase::Stopped {
            return Reply::Dropped;
        }
        let mut open = None;
        if let (Phase::Connected(socket), Some(buffered)) = (self.phase, buffered) {
            let buffered = self.drain_outbox(socket, buffered);
            let has_room = self.has_room(buffered) && self.outbox.first_waiting().is_none();
            open = has_room.then_some(socket);
        }
        if buffered.is_none() {
            self.expect_close();
        }
        let serial = self.acks.accept();
        match open {
            Some(socket) if self.keeps() => self.send_and_keep(socket, message, serial),
            Some(socket) => self.send_now(socket, message.payload, serial),
            None => match self.outbox.push(message, serial) {
                Ok(gave_way) => {
                    self.report_dropped(gave_way);
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

    /// The socket is closing, and should say so soon; some never do.
    fn expect_close(&mut self) {
        let is_connected = matches!(self.phase, Phase::Connected(_));
        if is_connected && self.timers.get(Timer::Failure).is_none() {
            self.timers
                .set(Timer::Failure, self.now.after(CLOSING_GRACE));
        }
    }

    fn send_now(&mut self, socket: SocketId, payload: P, serial: u64) -> Reply {
        self.acks.transmitted(serial);
        count(&mut self.stats.sent);
        self.transmit(socket, Outgoing::Message(payload));
        Reply::Sent
    }

    fn send_and_keep(&mut self, socket: SocketId, message: Message<P>, serial: u64) -> Reply {
        match self.outbox.push(message, serial) {
            Ok(gave_way) => {
                self.send_waiting(socket, 0);
                self.report_dropped(gave_way);
            }
            Err(unkept) => {
                self.send_now(socket, unkept.clone(), serial);
                self.emit(Event::Dropped(unkept, DropReason::Unconfirmed));
            }
        }
        Reply::Sent
    }

    pub(super) fn change_subscriptions(
        &mut self,
        streams: Vec<String>,
        change: impl FnOnce(&mut Subscriptions, Vec<String>) -> bool,
    ) -> Result<Reply, CommandError> {
        if streams.iter().any(|stream| stream.trim_ascii().is_empty()) {
            return Err(CommandError::EmptyStream);
        }
        let changed = change(&mut self.subscriptions, streams);
        if let (Phase::Connected(socket), true) = (self.phase, changed) {
            self.tell_subscriptions(socket);
        }
        Ok(Reply::Done)
    }

    pub(super) fn tell_subscriptions(&mut self, socket: SocketId) {
        let streams = self.subscriptions.as_slice().to_vec();
        self.transmit(socket, Outgoing::Subscriptions(streams));
    }

    /// Sends what waits, as far as the socket has room beside what it holds: what it holds
    /// then.
    pub(super) fn drain_outbox(&mut self, socket: SocketId, buffered: u32) -> u32 {
        self.drop_expired();
        let buffered = self.send_waiting(socket, buffered);
        self.watch_expiry();
        buffered
    }

    fn send_waiting(&mut self, socket: SocketId, mut buffered: u32) -> u32 {
        while self.has_room(buffered)
            && let Some((payload, size, serial)) = self.outbox.next(self.keeps())
        {
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            buffered = buffered.saturating_add(size);
            self.send_now(socket, payload, serial);
        }
        buffered
    }

    /// The open socket holds so much, and may take more.
    pub(super) fn use_room(&mut self, socket: SocketId, buffered: u32) {
        if matches!(self.phase, Phase::Connected(_)) {
            self.drain_outbox(socket, buffered);
        }
    }

    const fn has_room(&self, buffered: u32) -> bool {
        buffered as usize <= self.config.outbox.buffered
    }

    /// Looks again later, where messages wait for nothing but room.
    pub(super) fn await_room(&mut self) {
        let waits = self.outbox.first_waiting().is_some();
        if !(waits && matches!(self.phase, Phase::Connected(_))) {
            self.timers.stop(Timer::Drain);
        } else if self.timers.get(Timer::Drain).is_none() {
            self.timers.set(Timer::Drain, self.now.after(ROOM_INTERVAL));
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
        for (payload, why) in dropped {
            self.emit(Event::Dropped(payload, why));
        }
    }
}
