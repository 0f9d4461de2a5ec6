//! What the app sends and what it subscribes to.

use super::super::input::{CommandError, Reply, SocketId};
use super::super::outbox::{Message, Payload};
use super::super::output::{DropReason, Event, Outgoing};
use super::super::subscriptions::Subscriptions;
use super::super::timer::Timer;
use super::{Phase, Session};

impl<P: Payload> Session<P> {
    pub(super) fn send(&mut self, message: Message<P>, writable: bool) -> Reply {
        if self.phase == Phase::Stopped {
            return Reply::Dropped;
        }
        if let (Phase::Connected(socket), true) = (self.phase, writable) {
            self.drain_outbox(socket);
            self.transmit(socket, Outgoing::Message(message.payload));
            return Reply::Sent;
        }
        let (dropped, reply) = match self.outbox.push(message) {
            Ok(gave_way) => (gave_way, Reply::Queued),
            Err(refused) => (vec![refused], Reply::Dropped),
        };
        self.report_dropped(dropped, DropReason::Overflow);
        self.watch_expiry();
        reply
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

    pub(super) fn drain_outbox(&mut self, socket: SocketId) {
        self.drop_expired();
        while let Some(payload) = self.outbox.pop() {
            self.transmit(socket, Outgoing::Message(payload));
        }
        self.timers.stop(Timer::Expiry);
    }

    pub(super) fn drop_expired(&mut self) {
        let expired = self.outbox.take_expired(self.now);
        self.report_dropped(expired, DropReason::Expired);
        self.watch_expiry();
    }

    pub(super) fn watch_expiry(&mut self) {
        match self.outbox.next_expiry() {
            Some(at) => self.timers.set(Timer::Expiry, at),
            None => self.timers.stop(Timer::Expiry),
        }
    }

    pub(super) fn report_dropped(&mut self, dropped: Vec<P>, why: DropReason) {
        for payload in dropped {
            self.emit(Event::Dropped(payload, why));
        }
    }
}
