//! The end of a connection: another attempt, or the end of the session.

use crate::session::backoff::{MAX_IMMEDIATE_DELAY, immediate_delay};
use crate::session::{
    Cause, Close, CloseKind, ConnectionError, Disconnected, Duration, EXHAUSTED, Event, FlushError,
    Origin, Output, Payload, Phase, Reconnect, Reconnecting, Session, State, Timer, classify,
    decimal, is_clean,
};

impl<P: Payload> Session<P> {
    /// Handles the end of a connection, of an attempt, or of the wait before one.
    pub(super) fn connection_lost(&mut self, close: Close, origin: Origin<'_>) {
        let (kind, reconnect) = classify(&close, origin, self.config.close_rules);
        if self.timers.is_due(Timer::Stable, self.now) {
            // The timer may be late, e.g. in a hidden tab. The connection was stable all the same.
            self.run.attempts = 0;
        }
        if let Some(socket) = self.phase.socket() {
            self.outputs.push_back(Output::Close(socket, close.clone()));
        }
        for timer in [
            Timer::Connect,
            Timer::Failure,
            Timer::Stable,
            Timer::Retry,
            Timer::Ping,
            Timer::Pong,
            Timer::Confirm,
        ] {
            self.timers.stop(timer);
        }
        if self.acks.cut(self.config.delivery) {
            self.fail_flushes(FlushError::Lost);
        }
        self.outbox.requeue(self.now);
        self.watch_expiry();
        let asks_app = self.config.asks_app
            && !matches!(kind, CloseKind::ClientDisconnect | CloseKind::Unsupported);
        let cause = cause(close, kind);
        if asks_app {
            self.outputs
                .push_back(Output::AskShouldReconnect(cause.clone()));
        }
        self.run.cause = Some(cause);
        self.run.default_decision = reconnect;
        self.phase = Phase::AwaitingDecision(self.phase.state());
        if !asks_app {
            self.apply_decision(None);
        }
    }

    /// Continues or stops, once the app has decided; `None` leaves the decision to the table of
    /// closures.
    pub(super) fn apply_decision(&mut self, decision: Option<Reconnect>) {
        let (Phase::AwaitingDecision(state), Some(cause)) = (self.phase, self.run.cause.clone())
        else {
            return;
        };
        let reconnect = decision.unwrap_or(self.run.default_decision);
        let retriable = reconnect != Reconnect::No;
        let wanted = retriable || (decision.is_none() && self.takes_fresh_key(cause.kind));
        if let Reconnect::After(_) = reconnect {
            self.run.next_attempt_free = false;
        }
        let may_try = self.run.next_attempt_free || !self.is_exhausted();
        if wanted && self.config.auto_reconnect && may_try {
            self.wait(state == State::Connected, cause, reconnect);
        } else {
            self.stop(cause, retriable);
        }
    }

    /// True once per acknowledged connection, if its key was refused and a provider can replace
    /// it.
    fn takes_fresh_key(&mut self, kind: CloseKind) -> bool {
        kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.run.fresh_key_tried, true)
    }

    fn is_exhausted(&self) -> bool {
        self.config
            .max_reconnect_attempts
            .is_some_and(|max| self.run.attempts >= max)
    }

    /// Waits before the next attempt.
    fn wait(&mut self, was_connected: bool, cause: Cause, reconnect: Reconnect) {
        self.enter(Phase::Waiting);
        if was_connected {
            let message = describe(&cause);
            self.emit_disconnected(cause, message, false);
        }
        if let Reconnect::After(delay) = reconnect {
            self.run.not_before = Some(self.now.after(delay));
            if self.may_dial() {
                self.schedule(delay);
            }
            return;
        }
        self.run.not_before = None;
        if self.run.next_attempt_free {
            self.retry_soon();
        } else if self.may_dial() {
            let delay = self.config.backoff.delay(self.run.attempts, &mut self.rng);
            self.schedule(delay);
        }
    }

    /// Makes the next attempt almost at once, unless it is due sooner or its time was given.
    pub(super) fn retry_soon(&mut self) {
        if !self.may_dial() {
            return;
        }
        let due = self.timers.get(Timer::Retry);
        if let Some(at) = self.run.not_before.filter(|at| *at > self.now) {
            if due.is_none() {
                self.schedule(at.since(self.now));
            }
            return;
        }
        let soon = self.now.after(MAX_IMMEDIATE_DELAY);
        if due.is_none_or(|due| due > soon) {
            let delay = immediate_delay(&mut self.rng);
            self.schedule(delay);
        }
    }

    fn schedule(&mut self, delay: Duration) {
        self.timers.set(Timer::Retry, self.now.after(delay));
        let Some(cause) = self.run.cause.clone() else {
            // A first connection that waited for the network is not a reconnect.
            return;
        };
        let max_attempts = self.config.max_reconnect_attempts;
        self.emit(Event::Reconnecting(Reconnecting {
            attempt: self
                .run
                .attempts
                .saturating_add(u32::from(!self.run.next_attempt_free)),
            max_attempts: max_attempts.map_or(f64::INFINITY, f64::from),
            delay,
            counted: !self.run.next_attempt_free,
            cause,
        }));
    }

    /// Starts the attempt that was waited for.
    pub(super) fn retry(&mut self) {
        self.timers.stop(Timer::Retry);
        if !std::mem::take(&mut self.run.next_attempt_free) {
            self.run.attempts = self.run.attempts.saturating_add(1);
        }
        self.start_attempt();
    }

    /// Ends the session. `retriable` is true if another attempt would be made but for a limit.
    fn stop(&mut self, last: Cause, retriable: bool) {
        // A handler may have ended the session while these were waiting for execution.
        self.outputs.retain(|output| {
            !matches!(
                output,
                Output::Prepare(_)
                    | Output::Open(_)
                    | Output::AskShouldReconnect(_)
                    | Output::Emit(
                        Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)
                    )
            )
        });
        let unsent = self.outbox.clear();
        self.report_dropped(unsent);
        self.timers.stop(Timer::Expiry);
        self.enter(Phase::Stopped);
        let mut message = describe(&last);
        let gave_up = retriable && self.run.attempts > 0 && self.is_exhausted();
        let cause = if gave_up {
            let reason = "Maximum reconnection attempts exceeded";
            message = [reason, ". The last one: ", &message].concat();
            cause(Close::new(EXHAUSTED, reason), CloseKind::Exhausted)
        } else {
            last
        };
        self.fail_flushes(FlushError::Ended);
        if !self.run.acknowledged {
            let error = ConnectionError {
                cause: cause.clone(),
                message: message.clone(),
                attempts: self.run.attempts,
            };
            self.outputs
                .push_back(Output::Settle(self.run.id, Err(error)));
        }
        self.emit_disconnected(cause, message, true);
    }

    fn emit_disconnected(&mut self, cause: Cause, message: String, permanent: bool) {
        self.emit(Event::Disconnected(Disconnected {
            message,
            was_clean: is_clean(cause.code),
            code: cause.code,
            reason: cause.reason,
            permanent,
            will_reconnect: !permanent,
            kind: cause.kind,
        }));
    }
}

fn cause(close: Close, kind: CloseKind) -> Cause {
    Cause {
        code: close.code,
        reason: close.reason.into(),
        kind,
    }
}

/// Describes a closure to people.
fn describe(cause: &Cause) -> String {
    let code = decimal(cause.code.into());
    let reason = &*cause.reason;
    if reason.is_empty() {
        ["Connection closed (", &code, ")"].concat()
    } else {
        ["Connection closed (", &code, "): ", reason].concat()
    }
}
