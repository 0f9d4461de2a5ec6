//! What the cloud has received: asking for it by pings, and telling those who wait for it.

use super::super::delivery::Delivery;
use super::super::input::Reply;
use super::super::outbox::Payload;
use super::super::output::{Event, FlushError, Output, SessionError};
use super::super::time::{Duration, Instant};
use super::super::timer::Timer;
use super::watching::{LATE, PROBE_TIMEOUT};
use super::{Phase, Session};

/// How long a message may be in flight before its confirmation is asked for: one ping then
/// serves many.
const CONFIRM_DELAY: Duration = Duration::from_millis(1000);

impl<P: Payload> Session<P> {
    pub(super) fn flush(&mut self) -> Reply {
        let flush = self.acks.flush();
        if !self.is_active() {
            self.fail_flushes(FlushError::Ended);
        }
        Reply::Flush(flush)
    }

    pub(super) fn fail_flushes(&mut self, error: FlushError) {
        while let Some(flush) = self.acks.take_flush() {
            self.outputs.push_back(Output::Flushed(flush, Err(error)));
        }
    }

    /// Whether messages are to be kept after they were sent.
    pub(super) fn keeps(&self) -> bool {
        self.config.delivery == Delivery::AtLeastOnce && !self.acks.unanswered
    }

    /// At the end of each call: what is received is told, and what is not is asked for.
    pub(super) fn follow_deliveries(&mut self) {
        if self.acks.unanswered {
            self.fail_flushes(FlushError::Unsupported);
        }
        let waiting = self.outbox.first_waiting();
        while let Some(flush) = self.acks.take_flushed(waiting) {
            self.outputs.push_back(Output::Flushed(flush, Ok(())));
        }
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        let is_flushing = self.acks.is_flushing();
        if !self.acks.is_open() || !(is_flushing || self.keeps()) {
            return;
        }
        if is_flushing && self.acks.pending_ping.is_none() {
            self.ping(socket, self.config.watch.pong_timeout);
        }
        let patience = match self.acks.pending_ping {
            None => CONFIRM_DELAY,
            Some(_) if self.liveness.supports_pong => {
                if self.timers.get(Timer::Pong).is_none() {
                    // The cloud was heard since, and no pong came. Should nothing come any more,
                    // only another ping shows it.
                    self.ping(socket, self.config.watch.pong_timeout);
                }
                return;
            }
            Some(_) => self.config.watch.pong_timeout,
        };
        if self.timers.get(Timer::Confirm).is_none() {
            self.timers.set(Timer::Confirm, self.now.after(patience));
        }
    }

    pub(super) fn confirm(&mut self) {
        if let Some(pending_ping) = self.acks.ponged() {
            self.stats.round_trip = Some(self.now.since(pending_ping.sent_at));
            self.outbox.confirm(self.acks.confirmed());
        }
        self.timers.stop(Timer::Confirm);
    }

    /// What was sent has waited for long enough, since `due`.
    pub(super) fn demand_confirmation(&mut self, due: Instant) {
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        let timeout = self.config.watch.pong_timeout;
        let Some(pending_ping) = self.acks.pending_ping else {
            return self.ping(socket, timeout);
        };
        if self.liveness.supports_pong {
            // Whether the cloud is still there is judged elsewhere.
            return;
        }
        let deadline = pending_ping.sent_at.after(timeout);
        if self.now < deadline {
            return self.timers.set(Timer::Confirm, deadline);
        }
        if self.now.since(due) > LATE {
            // The pong may wait behind this timer.
            let later = self.now.after(PROBE_TIMEOUT);
            return self.timers.set(Timer::Confirm, later);
        }
        self.fail_flushes(FlushError::Unsupported);
        if self.liveness.heard_after(deadline) {
            self.acks.unanswered = true;
            self.forget_deliveries();
        }
    }

    /// The cloud is there and answers no pings.
    fn forget_deliveries(&mut self) {
        self.acks.give_up();
        if self.config.delivery == Delivery::AtLeastOnce {
            self.outbox.confirm(self.acks.confirmed());
            self.emit(Event::Error(SessionError::Unconfirmable));
        }
    }
}
