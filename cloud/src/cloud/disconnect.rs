//! How connections end.

use std::sync::Arc;

use super::Cloud;
use crate::events::{Fact, Side};
use crate::faults::Target;
use crate::identity::ConnectionId;
use crate::output::{Delivery, Output};
use crate::protocol::close;
use crate::timers::Timer;
use crate::transport::{Link, Stage};

/// How a connection ends.
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
    /// By itself; it is over already.
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
    /// Ends a connection: from here on only its link knows it, and only that it is closing.
    /// False when it was over already.
    pub(super) fn end(&mut self, id: ConnectionId, ending: Ending) -> bool {
        let Some(link) = self.context.links.get_mut(id) else {
            return false;
        };
        let who = match std::mem::replace(&mut link.stage, Stage::Closing) {
            Stage::Handshaking(who) | Stage::Member(who, _) => who,
            Stage::Closing => return false,
        };
        let frozen = link.frozen;
        for timer in Timer::of_connection(id) {
            self.context.timers.stop(&timer);
        }
        self.forget_wishes_for(id);
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
        self.announce(Some(who), fact);
        match how {
            How::CloseFrame if !frozen => self.send_close(id, code, reason),
            // No close frame gets through ice.
            How::CloseFrame | How::Cut => self.cut(id),
            How::Itself => self.forget_held(id),
        }
        true
    }

    /// What was wanted for this connection only has nobody left whom it could befall.
    fn forget_wishes_for(&mut self, id: ConnectionId) {
        let target = Target::Connection(id);
        self.faults.clear(&target);
        self.end_plays_for(&target);
    }

    /// Ends a connection whose peer cannot be reading.
    pub(super) fn overflow(&mut self, id: ConnectionId) {
        let reason = "send buffer full".to_owned();
        self.end(
            id,
            Ending {
                reason,
                ..Ending::cut()
            },
        );
    }

    /// Sends a close frame, after whatever is held back, and sees to it that the socket goes.
    fn send_close(&mut self, id: ConnectionId, code: u16, reason: String) {
        self.context.deliver(id, Delivery::Close { code, reason });
        let now = self.context.now();
        let Some(link) = self.context.links.get(id) else {
            return;
        };
        // Ending the connection has stopped this timer; what is held must still go out.
        if let Some(due) = link.next_release() {
            self.context.timers.set(Timer::Release(id), due);
        }
        let sent = link.last_release().unwrap_or(now);
        let deadline = sent + self.context.config.close_timeout;
        self.context.timers.set(Timer::Cut(id), deadline);
    }

    pub(super) fn cut(&mut self, id: ConnectionId) {
        self.forget_held(id);
        self.context.push(Output::Cut { to: id });
    }

    /// Nothing more goes out.
    pub(super) fn forget_held(&mut self, id: ConnectionId) {
        self.context.timers.stop(&Timer::Release(id));
        if let Some(link) = self.context.links.get_mut(id) {
            link.forget_held();
        }
    }

    /// Closes a connection that has been silent for too long.
    pub(super) fn judge_silence(&mut self, id: ConnectionId) {
        let user = self.user_session_of(id);
        let Some(manager) = user.and_then(|user| self.sessions.get(&user)) else {
            return;
        };
        let Some(silent) = manager.silence(id, &mut self.context) else {
            return;
        };
        let link = self.context.links.get(id);
        let Some(who) = link.and_then(Link::identity).map(Arc::clone) else {
            return;
        };
        let reason = close::stale_reason(who.package_name.as_deref().unwrap_or_default());
        let silent_ms = silent.as_millis() as u64;
        self.announce(Some(who), Fact::Stale { silent_ms });
        self.end(id, Ending::close(close::STALE, reason));
    }
}
