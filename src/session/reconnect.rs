//! The end of a connection: another attempt, or the end of the session.

use crate::session::backoff::{doubled, immediate_delay};
use crate::session::timer::Timers;
use crate::session::{
    CONNECT_TIMEOUT, Cause, Close, CloseKind, ConnectionError, Disconnected, DropReason, Duration,
    EXHAUSTED, Event, FlushError, Instant, LIVENESS_TIMEOUT, Limits, NO_CLOSE_FRAME, NO_STATUS,
    Origin, Output, Payload, Phase, Reconnect, Reconnecting, Session, State, Timer, classify,
    decimal, is_clean,
};

/// Time from which a dial that fails was not refused: the runtime gave up waiting, e.g. after 10 s
/// in Node. What is left of the attempt's time is for another dial.
const SILENT_DIAL: Duration = Duration::from_millis(5000);
/// Longest time for one attempt, unless `connectTimeout` is longer.
const LONGEST_ATTEMPT: Duration = Duration::from_millis(20_000);
/// Age of a connection up to which a request of the cloud may have crossed with it.
const CROSSING_TIME: Duration = Duration::from_millis(5000);

impl<P: Payload> Session<P> {
    /// Handles the end of a connection, of an attempt, or of the wait before one.
    pub(super) fn connection_lost(&mut self, close: Close, origin: Origin<'_>) {
        let (kind, reconnect) = classify(&close, origin, self.config.close_rules);
        let close = self.explain(close);
        if self.timers.is_due(Timer::Stable, self.now) {
            // The timer may be late, e.g. in a hidden tab. The connection was stable all the same.
            self.timers.stop(Timer::Stable);
        }
        self.check_stable();
        self.assess_loss(&close, origin);
        self.release_messages(&close, kind);
        if matches!(origin, Origin::Browser) && reconnect != Reconnect::No {
            self.on_closed_by_browser();
        }
        if self.phase.has_socket() {
            self.outputs
                .push_back(Output::Close(self.last_socket, close.clone()));
        }
        self.timers = Timers::default();
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

    /// Executes [`Command::Reopen`](crate::session::Command::Reopen).
    pub(super) fn reopen(&mut self) {
        let is_old = self.now.since(self.run.acknowledged_at) > CROSSING_TIME;
        if self.is_connected() && is_old {
            self.run.reopened = true;
            self.run.next_attempt_free = true;
            let close = Close::new(LIVENESS_TIMEOUT, "The cloud has lost the connection");
            self.connection_lost(close, Origin::Attempt);
        } else if self.phase == Phase::Waiting && !self.run.reopened {
            self.run.reopened = true;
            self.reconnect_now();
        }
    }

    /// Draws conclusions for the next attempts from how the connection or the attempt ended.
    fn assess_loss(&mut self, close: &Close, origin: Origin<'_>) {
        self.run.lost_in_silence = false;
        let is_own = |code| matches!(origin, Origin::Attempt) && close.code == code;
        let is_silent = match self.phase {
            Phase::Connected => {
                if self.run.attempts == 0 {
                    self.run.outage_since = self.now;
                }
                let is_dead = is_own(LIVENESS_TIMEOUT);
                self.run.lost_in_silence = is_dead && self.liveness.is_silent();
                is_dead || matches!(close.code, NO_STATUS | NO_CLOSE_FRAME)
            }
            Phase::Preparing | Phase::Connecting => {
                let time = self.now.since(self.run.attempt_started);
                if close.code == NO_CLOSE_FRAME && time >= SILENT_DIAL {
                    self.run.resumes = true;
                    self.run.next_attempt_free = true;
                }
                is_own(CONNECT_TIMEOUT)
            }
            Phase::Handshaking => is_own(CONNECT_TIMEOUT),
            Phase::Idle | Phase::Waiting | Phase::AwaitingDecision(_) | Phase::Stopped => false,
        };
        if is_silent {
            self.run.doublings = self.run.doublings.saturating_add(1);
        }
    }

    /// Time from the start of the next attempt to its ack. It grows with the silence, so that
    /// few attempts last through a long one.
    pub(super) fn time_for_attempt(&self) -> Duration {
        let initial = self.config.connect_timeout;
        doubled(initial, self.run.doublings, initial.max(LONGEST_ATTEMPT))
    }

    /// Counts attempts from zero again if the connection has lasted and, where pongs are
    /// expected, has answered a ping.
    pub(super) fn check_stable(&mut self) {
        let is_asked = self.config.watch.ping_interval > Duration::ZERO;
        let expects_pong = is_asked && self.liveness.expects_pong();
        if self.is_connected()
            && self.timers.get(Timer::Stable).is_none()
            && (self.run.answered || !expects_pong)
        {
            self.run.attempts = 0;
            self.run.doublings = 0;
        }
    }

    /// Gives a closure without a close frame the error of its socket as the reason. Called after
    /// the classification: an error of the runtime means nothing to the table of closures.
    fn explain(&mut self, mut close: Close) -> Close {
        let error = std::mem::take(&mut self.run.socket_error);
        self.run.told_large = false;
        self.run.malformed = 0;
        if close.code == NO_CLOSE_FRAME && close.reason.is_empty() {
            close.reason = error;
        }
        close
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
            self.run.resumes = false;
        }
        let is_free = self.run.next_attempt_free || self.is_offline();
        let may_try = is_free || !self.is_exhausted();
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
        let max = self.config.max_reconnect_attempts;
        max.is_some_and(|max| self.run.attempts >= max)
            && self.now.since(self.run.outage_since) >= self.config.give_up_after
    }

    /// Waits before the next attempt.
    fn wait(&mut self, was_connected: bool, cause: Cause, reconnect: Reconnect) {
        self.enter(Phase::Waiting);
        if was_connected {
            let message = describe(&cause);
            self.emit_disconnected(cause, message, false);
        }
        let attempt = self.run.attempts;
        let delay = match reconnect {
            Reconnect::After(delay) => delay,
            _ if self.run.next_attempt_free => immediate_delay(&mut self.rng),
            _ if self.run.lost_in_silence && attempt == 0 => {
                self.config.backoff.delay_after_silence(&mut self.rng)
            }
            Reconnect::No | Reconnect::Yes => self.config.backoff.delay(attempt, &mut self.rng),
        };
        let due = self.now.after(delay);
        self.run.next_attempt_free |= self.is_offline();
        self.run.not_before = matches!(reconnect, Reconnect::After(_)).then_some(due);
        let due = self
            .run
            .not_before
            .unwrap_or_else(|| self.delayed_while_offline(due));
        self.schedule(due);
    }

    /// Schedules the next attempt and announces it.
    pub(super) fn schedule(&mut self, due: Instant) {
        let due = due.max(self.now);
        self.timers.set(Timer::Retry, due);
        let Some(mut cause) = self.run.cause.clone() else {
            return;
        };
        if self.is_offline() {
            cause.kind = CloseKind::Offline;
        }
        let max_attempts = self.config.max_reconnect_attempts;
        self.emit(Event::Reconnecting(Reconnecting {
            attempt: self
                .run
                .attempts
                .saturating_add(u32::from(!self.run.next_attempt_free)),
            max_attempts: max_attempts.map_or(f64::INFINITY, f64::from),
            delay: due.since(self.now),
            counted: !self.run.next_attempt_free,
            cause,
        }));
    }

    /// Starts the attempt that was waited for.
    pub(super) fn retry(&mut self) {
        self.timers.stop(Timer::Retry);
        let is_free = std::mem::take(&mut self.run.next_attempt_free);
        if !is_free {
            self.run.attempts = self.run.attempts.saturating_add(1);
        }
        self.start_attempt(is_free);
    }

    /// Ends the session. `retriable` is true if another attempt would be made but for a limit.
    fn stop(&mut self, last: Cause, retriable: bool) {
        // A handler may have ended the session while these were waiting for execution.
        for _ in 0..self.outputs.len() {
            match self.outputs.pop_front() {
                None
                | Some(
                    Output::Prepare(_)
                    | Output::Open(_)
                    | Output::AskShouldReconnect(_)
                    | Output::Emit(Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)),
                ) => {}
                Some(output) => self.outputs.push_back(output),
            }
        }
        self.drop_excess(Limits::NONE, DropReason::Ended);
        self.outbox.clear();
        self.replay.clear();
        self.probe = None;
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
