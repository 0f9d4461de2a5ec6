//! The end of a connection: another attempt, or the end of the session.

use super::super::backoff::{HASTE, haste};
use super::super::close::{self, Close, CloseKind, Origin, classify};
use super::super::outbox::Payload;
use super::super::output::{
    Cause, ConnectionError, Disconnected, Event, FlushError, Output, Reconnecting, State,
};
use super::super::text::decimal;
use super::super::time::Duration;
use super::super::timer::Timer;
use super::{Phase, Session};

impl<P: Payload> Session<P> {
    /// The connection, the attempt or the wait is over: go on or stop.
    pub(super) fn lose(&mut self, close: Close, origin: Origin<'_>) {
        let kind = classify(&close, origin);
        if self.timers.is_due(Timer::Stable, self.now) {
            // The timer may be late, e.g. in a hidden tab; the connection was stable all the same.
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
        if self.delivery.cut(self.config.delivery) {
            self.fail_flushes(FlushError::Lost);
        }
        self.outbox.requeue(self.now);
        self.watch_expiry();
        let asks_app = self.config.asks_app
            && !matches!(kind, CloseKind::ClientDisconnect | CloseKind::Unsupported);
        let cause = cause(close, kind);
        if asks_app {
            self.outputs.push_back(Output::Judge(cause.clone()));
        }
        self.run.cause = Some(cause);
        self.phase = Phase::Judging(self.phase.state());
        if !asks_app {
            self.conclude(None);
        }
    }

    /// The app has been asked, if it wants to be: go on or stop.
    pub(super) fn conclude(&mut self, verdict: Option<bool>) {
        let (Phase::Judging(state), Some(cause)) = (self.phase, self.run.cause.clone()) else {
            return;
        };
        let wanted = verdict.unwrap_or_else(|| self.is_worth_a_retry(cause.kind));
        if wanted && self.config.auto_reconnect && (self.run.uncounted || !self.is_exhausted()) {
            self.wait(state == State::Connected, cause);
        } else {
            let retriable = verdict.unwrap_or_else(|| cause.kind.may_reconnect());
            self.stop(cause, retriable);
        }
    }

    /// Whether another attempt may end otherwise.
    fn is_worth_a_retry(&mut self, kind: CloseKind) -> bool {
        let fresh_key = kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.run.fresh_key_tried, true);
        kind.may_reconnect() || fresh_key
    }

    fn is_exhausted(&self) -> bool {
        self.config
            .max_reconnect_attempts
            .is_some_and(|max| self.run.attempts >= max)
    }

    fn wait(&mut self, was_connected: bool, cause: Cause) {
        self.enter(Phase::Waiting);
        if was_connected {
            let message = describe(cause.code, &cause.reason);
            self.emit_disconnected(cause, message, false);
        }
        if self.run.uncounted {
            self.hasten();
        } else if self.may_dial() {
            let delay = self.config.backoff.delay(self.run.attempts, &mut self.rng);
            self.schedule(delay);
        }
    }

    /// Makes the next attempt at once, as far as it is not about to be made anyway.
    pub(super) fn hasten(&mut self) {
        if !self.may_dial() {
            return;
        }
        let soon = self.now.after(HASTE);
        if self.timers.get(Timer::Retry).is_none_or(|due| due > soon) {
            let delay = haste(&mut self.rng);
            self.schedule(delay);
        }
    }

    fn schedule(&mut self, delay: Duration) {
        self.timers.set(Timer::Retry, self.now.after(delay));
        let Some(cause) = self.run.cause.clone() else {
            // A first connection that waited for the network is no reconnect.
            return;
        };
        let max_attempts = self.config.max_reconnect_attempts;
        self.emit(Event::Reconnecting(Reconnecting {
            attempt: self
                .run
                .attempts
                .saturating_add(u32::from(!self.run.uncounted)),
            max_attempts: max_attempts.map_or(f64::INFINITY, f64::from),
            delay,
            cause,
        }));
    }

    /// The session is over for good.
    fn stop(&mut self, last: Cause, retriable: bool) {
        // A handler may have ended the session while these were waiting to be carried out.
        self.outputs.retain(|output| {
            !matches!(
                output,
                Output::Prepare(_)
                    | Output::Open(_)
                    | Output::Judge(_)
                    | Output::Emit(
                        Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)
                    )
            )
        });
        let left = self.outbox.clear();
        self.report_dropped(left);
        self.timers.stop(Timer::Expiry);
        self.enter(Phase::Stopped);
        let mut message = describe(last.code, &last.reason);
        let gave_up = retriable && self.run.attempts > 0 && self.is_exhausted();
        let cause = if gave_up {
            let reason = "Maximum reconnection attempts exceeded";
            message = [reason, ". The last one: ", &message].concat();
            cause(Close::new(close::EXHAUSTED, reason), CloseKind::Exhausted)
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
            was_clean: close::is_clean(cause.code),
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
        reason: close.reason,
        kind,
    }
}

/// A closure in words for people.
fn describe(code: u16, reason: &str) -> String {
    let code = decimal(u32::from(code));
    if reason.is_empty() {
        ["Connection closed (", &code, ")"].concat()
    } else {
        ["Connection closed (", &code, "): ", reason].concat()
    }
}
