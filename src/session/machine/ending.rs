//! The end of a connection: another attempt, or the end of the session.

use super::super::close::{self, Close, CloseKind, Origin, classify};
use super::super::outbox::Payload;
use super::super::output::{
    Cause, ConnectionError, Disconnected, DropReason, Event, Output, Reconnecting,
};
use super::super::timer::Timer;
use super::{Phase, Session};

impl<P: Payload> Session<P> {
    /// The connection, the attempt or the wait is over: go on or stop.
    pub(super) fn lose(&mut self, close: Close, origin: Origin<'_>) {
        let kind = classify(&close, origin);
        let was_connected = matches!(self.phase, Phase::Connected(_));
        if self.timers.is_due(Timer::Stable, self.now) {
            // The timer may be late, e.g. in a hidden tab; the connection was stable all the same.
            self.run.attempts = 0;
        }
        if let Some(socket) = self.phase.socket() {
            self.outputs.push_back(Output::Close(socket, close.clone()));
        }
        for timer in [Timer::Connect, Timer::Failure, Timer::Stable, Timer::Retry] {
            self.timers.stop(timer);
        }
        if self.may_retry(kind) {
            self.wait(was_connected, close, kind);
        } else {
            self.stop(close, kind);
        }
    }

    /// Whether this closure is one after which another attempt makes sense, and allowed.
    pub(super) fn may_retry(&mut self, kind: CloseKind) -> bool {
        let fresh_key = kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.run.fresh_key_tried, true);
        (kind.may_reconnect() || fresh_key) && self.config.auto_reconnect && !self.is_exhausted()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.config
            .max_reconnect_attempts
            .is_some_and(|max| self.run.attempts >= max)
    }

    pub(super) fn wait(&mut self, was_connected: bool, close: Close, kind: CloseKind) {
        let delay = self.config.backoff.delay(self.run.attempts, &mut self.rng);
        self.timers.set(Timer::Retry, self.now.after(delay));
        self.enter(Phase::Waiting);
        if was_connected {
            self.emit_disconnected(close.clone(), kind, describe(&close), false);
        }
        let max_attempts = self.config.max_reconnect_attempts;
        self.emit(Event::Reconnecting(Reconnecting {
            attempt: self.run.attempts.saturating_add(1),
            max_attempts: max_attempts.map_or(f64::INFINITY, f64::from),
            delay,
            cause: cause(close, kind),
        }));
    }

    /// The session is over for good.
    pub(super) fn stop(&mut self, close: Close, kind: CloseKind) {
        // A handler may have ended the session while these were waiting to be carried out.
        self.outputs.retain(|output| {
            !matches!(
                output,
                Output::Prepare(_)
                    | Output::Open(_)
                    | Output::Emit(
                        Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)
                    )
            )
        });
        let mut left = Vec::new();
        while let Some(payload) = self.outbox.pop() {
            left.push(payload);
        }
        self.report_dropped(left, DropReason::Ended);
        self.timers.stop(Timer::Expiry);
        self.enter(Phase::Stopped);
        let mut message = describe(&close);
        let gave_up = kind.may_reconnect() && self.run.attempts > 0 && self.is_exhausted();
        let (close, kind) = if gave_up {
            let close = Close::new(close::EXHAUSTED, "Maximum reconnection attempts exceeded");
            message = [&close.reason, ". The last one: ", &message].concat();
            (close, CloseKind::Exhausted)
        } else {
            (close, kind)
        };
        if !self.run.acknowledged {
            let error = ConnectionError {
                cause: cause(close.clone(), kind),
                message: message.clone(),
                attempts: self.run.attempts,
            };
            self.outputs
                .push_back(Output::Settle(self.run.id, Err(error)));
        }
        self.emit_disconnected(close, kind, message, true);
    }

    pub(super) fn emit_disconnected(
        &mut self,
        close: Close,
        kind: CloseKind,
        message: String,
        permanent: bool,
    ) {
        self.emit(Event::Disconnected(Disconnected {
            message,
            was_clean: close.was_clean(),
            code: close.code,
            reason: close.reason,
            permanent,
            will_reconnect: !permanent,
            kind,
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
fn describe(close: &Close) -> String {
    let code = close.code.to_string();
    if close.reason.is_empty() {
        ["Connection closed (", &code, ")"].concat()
    } else {
        ["Connection closed (", &code, "): ", &close.reason].concat()
    }
}
