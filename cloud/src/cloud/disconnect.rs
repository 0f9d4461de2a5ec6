//! Closing of connections.

use std::sync::Arc;

use super::Cloud;
use crate::events::{Fact, Side};
use crate::faults::Target;
use crate::identity::ConnectionId;
use crate::output::{Delivery, Output};
use crate::protocol::close;
use crate::timers::Timer;
use crate::transport::{Stage, Transport};

/// The end of a connection.
pub(super) struct Ending {
    pub(super) how: How,
    pub(super) by: Side,
    pub(super) code: u16,
    pub(super) reason: String,
}

pub(super) enum How {
    /// With a close frame.
    CloseFrame,
    /// With a reset.
    Cut,
    /// By the peer; nothing is to be done.
    Itself,
}

impl Ending {
    pub(super) fn close(code: u16, reason: impl Into<String>) -> Self {
        Self {
            how: How::CloseFrame,
            by: Side::Cloud,
            code,
            reason: reason.into(),
        }
    }

    pub(super) fn cut() -> Self {
        Self {
            how: How::Cut,
            by: Side::Cloud,
            code: close::ABNORMAL,
            reason: String::new(),
        }
    }

    pub(super) fn by_peer(code: u16, reason: &str) -> Self {
        Self {
            how: How::Itself,
            by: Side::Peer,
            code,
            reason: reason.to_owned(),
        }
    }
}

impl Cloud {
    /// Ends a connection. Afterwards only its transport references it, as closing. Returns false if
    /// it has ended before.
    pub(super) fn end(&mut self, id: ConnectionId, ending: Ending) -> bool {
        let Some(transport) = self.context.transports.get_mut(id) else {
            return false;
        };
        let was_detached = transport.is_deaf();
        let who = match std::mem::replace(&mut transport.stage, Stage::Closing) {
            Stage::Handshaking(who) | Stage::Member(who, _) | Stage::Detached(who, _) => who,
            Stage::Closing => return false,
        };
        let frozen = transport.frozen;
        transport.up.discard_held();
        for timer in Timer::of_connection(id) {
            self.context.timers.stop(&timer);
        }
        self.clear_faults_for(id);
        let Ending {
            how,
            by,
            code,
            reason,
        } = ending;
        let fact = Fact::Closed {
            code,
            reason: reason.clone(),
            by,
        };
        self.broadcast(Some(Arc::clone(&who)), fact);
        if was_detached {
            self.old_connection_ended(&who);
        }
        match how {
            How::CloseFrame if !frozen => self.send_close(id, code, reason),
            // A frozen socket does not send a close frame.
            How::CloseFrame | How::Cut => self.cut(id),
            How::Itself => self.discard_held(id),
        }
        true
    }

    /// Removes the faults and plans that target this connection only.
    fn clear_faults_for(&mut self, id: ConnectionId) {
        let target = Target::Connection(id);
        self.faults.clear(&target);
        self.stop_plans_for(&target);
    }

    /// Ends a connection whose buffer is full.
    pub(super) fn overflow(&mut self, id: ConnectionId, reason: &str) {
        let reason = reason.to_owned();
        self.end(
            id,
            Ending {
                reason,
                ..Ending::cut()
            },
        );
    }

    /// Sends a close frame after the held frames, and schedules the reset of the socket.
    fn send_close(&mut self, id: ConnectionId, code: u16, reason: String) {
        self.context.deliver(id, Delivery::Close { code, reason });
        let now = self.context.now();
        let Some(transport) = self.context.transports.get(id) else {
            return;
        };
        // Ending the connection has stopped this timer, but held frames are still sent.
        if let Some(due) = transport.down.next_release() {
            self.context.timers.set(Timer::Release(id), due);
        }
        let sent = transport.down.last_release().unwrap_or(now);
        let deadline = sent + self.context.config.close_timeout;
        self.context.timers.set(Timer::Cut(id), deadline);
    }

    /// Lets the socket answer the peer's close frame, and schedules its reset.
    pub(super) fn finish_closing(&mut self, id: ConnectionId) {
        let transport = self.context.transports.get(id);
        if transport.is_some_and(|transport| transport.frozen) {
            // The freeze began with a frame that was held until now.
            self.cut(id);
            return;
        }
        let deadline = self.context.now() + self.context.config.close_timeout;
        self.context.timers.set(Timer::Cut(id), deadline);
    }

    pub(super) fn cut(&mut self, id: ConnectionId) {
        self.discard_held(id);
        self.context.push(Output::Cut { to: id });
    }

    /// Discards the frames that a delay holds.
    pub(super) fn discard_held(&mut self, id: ConnectionId) {
        self.context.timers.stop(&Timer::Release(id));
        if let Some(transport) = self.context.transports.get_mut(id) {
            transport.down.discard_held();
        }
    }

    /// Closes a connection that has been silent for too long, or checks it again later.
    pub(super) fn check_stale(&mut self, id: ConnectionId) {
        let user = self.user_session_of(id);
        let Some(manager) = user.and_then(|user| self.sessions.get(&user)) else {
            return;
        };
        let Some(silent) = manager.stale_for(id, &mut self.context) else {
            return;
        };
        let transport = self.context.transports.get(id);
        let Some(who) = transport.and_then(Transport::identity).map(Arc::clone) else {
            return;
        };
        let reason = close::stale_reason(who.package_name.as_deref().unwrap_or_default());
        let silent_ms = silent.as_millis() as u64;
        self.broadcast(Some(who), Fact::Stale { silent_ms });
        self.end(id, Ending::close(close::STALE, reason));
    }
}
