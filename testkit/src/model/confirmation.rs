//! Pings, pongs and what the session concludes from them, across the parts of the model.

use tpa_session::session::{Delivery, PingId, SessionError, SocketId, Timer};

use super::rules::Model;
use super::sequence::Step;
use super::{Snapshot, Violation, ensure};

impl Model {
    /// Checks a ping that is transmitted: it follows the ack, and its id the one before.
    pub(super) fn check_ping(&mut self, socket: SocketId, id: PingId) -> Result<(), Violation> {
        let last = std::mem::replace(&mut self.last_ping, id);
        ensure!(
            self.acknowledged >= Some(socket) && id.0 == last.0.wrapping_add(1),
            "liveness",
            "{id:?} after {last:?} on {socket:?}; {:?} was acknowledged",
            self.acknowledged
        );
        Ok(())
    }

    /// A pong came on the current socket.
    pub(super) fn ponged(&mut self, was_foreign: bool, after: &Snapshot) {
        if let Some(answer) = self.lifecycle.take_answered() {
            let is_stable = self.lifecycle.is_stable();
            if let Some(ping) = self.outbox.ponged(answer, after, is_stable) {
                self.lifecycle.liveness.answered(ping, answer.is_exact);
            }
        }
        if self.lifecycle.liveness.is_foreign && !was_foreign {
            self.outbox.give_up_confirmation();
            if self.config.delivery == Delivery::AtLeastOnce {
                self.errors.expect(SessionError::Unconfirmable);
                self.sequence.expect([Step::Error]);
            }
        }
    }

    /// A timer may have shown that the cloud confirms nothing, or that a message is too old.
    pub(super) fn timeout(&mut self, before: &Snapshot, after: &Snapshot) -> Result<(), Violation> {
        let now = self.lifecycle.now;
        let liveness = &self.lifecycle.liveness;
        let is_ignoring_pings = liveness.is_ignoring_pings() && !liveness.expects_pong();
        if before.errors == after.errors {
            let in_time = matches!(before.deadline, Some((at, Timer::Confirm)) if at == now);
            let resends = self.config.delivery == Delivery::AtLeastOnce;
            ensure!(
                !(in_time && resends && self.outbox.has_in_flight() && is_ignoring_pings),
                "messages",
                "the cloud confirms nothing, and the app is not told"
            );
        } else {
            ensure!(
                is_ignoring_pings,
                "messages",
                "the app is told that the cloud confirms nothing, and it may"
            );
            self.outbox.give_up_confirmation();
            self.errors.expect(SessionError::Unconfirmable);
            self.sequence.expect([Step::Error]);
        }
        self.outbox.expire(now);
        Ok(())
    }
}
