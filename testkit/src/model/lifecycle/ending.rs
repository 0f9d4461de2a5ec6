//! End of a connection, an attempt or a wait: another attempt, or the end of the session.

use tpa_session::session::{Cause, CloseKind, Duration, Reconnect, State};

use super::effect::cause;
use super::{Decision, Delay, Lifecycle, Phase};
use crate::model::sequence::Step;
use crate::model::{Snapshot, Violation, after, ensure};

/// A timer that is later than this shows that the machine slept.
const TIMER_GAP: u64 = 90_000;
/// A wall clock that ran ahead of the monotonic one by more shows the same.
const CLOCK_GAP: i128 = 45_000;

impl Lifecycle {
    /// The connection may be dead. Where nobody ever ponged, a sleep is proof enough.
    pub(super) fn suspect(&mut self, slept: bool) {
        if slept && self.phase == Phase::Connected && !self.liveness.ponged {
            self.uncounted = true;
            let cause = cause(4008, "Liveness timeout", CloseKind::Abnormal);
            self.end(cause, None, false);
        }
    }

    pub(super) fn read_wall_clock(&mut self, wall: u64) {
        let wall = i128::from(wall.min(i64::MAX as u64));
        let offset = wall - i128::from(self.now);
        let before = self.wall_offset.replace(offset);
        if before.is_some_and(|before| offset - before > CLOCK_GAP) {
            self.suspect(true);
        }
    }

    /// The connection, or the attempt, is over. `delay` is that of the table of closures.
    pub(super) fn end(&mut self, cause: Cause, delay: Option<Duration>, by_app: bool) {
        if self.current().is_some() {
            let reason = cause.reason.clone();
            self.steps
                .push(Step::Close(self.socket, cause.code, reason));
        }
        let shown = self.phase.state();
        self.has_cause = true;
        self.connected = None;
        self.stable_due = None;
        let default = match (cause.kind, delay) {
            (_, Some(delay)) => Reconnect::After(delay),
            (CloseKind::Abnormal, None) => Reconnect::Yes,
            _ => Reconnect::No,
        };
        if self.config.asks_app && !by_app && cause.kind != CloseKind::Unsupported {
            self.steps.push(Step::AskApp(cause.clone()));
            self.phase = Phase::Deciding {
                cause,
                default,
                shown,
            };
        } else {
            self.decide(cause, shown, (None, default), by_app);
        }
    }

    pub(super) fn conclude(&mut self, decision: Option<Reconnect>) {
        if let Phase::Deciding {
            cause,
            default,
            shown,
        } = &self.phase
        {
            let (cause, default, shown) = (cause.clone(), *default, *shown);
            self.decide(cause, shown, (decision, default), false);
        }
    }

    fn decide(
        &mut self,
        mut last: Cause,
        shown: State,
        (decision, default): (Option<Reconnect>, Reconnect),
        by_app: bool,
    ) {
        let exhausted = self
            .config
            .max_reconnect_attempts
            .is_some_and(|max| self.attempts >= max);
        let reconnect = decision.unwrap_or(default);
        let retriable = reconnect != Reconnect::No;
        let fresh_key = decision.is_none()
            && last.kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.fresh_key_tried, true);
        let wanted = (retriable || fresh_key) && !by_app && self.config.auto_reconnect;
        // An attempt at a given time counts, whatever the reason for it.
        self.uncounted &= !matches!(reconnect, Reconnect::After(_));
        if wanted && (self.uncounted || !exhausted) {
            self.fresh_keys += u64::from(fresh_key);
            self.phase = Phase::Waiting;
            let delay = match reconnect {
                Reconnect::After(delay) => Delay::Exactly(delay.as_millis()),
                _ if self.uncounted => Delay::Immediate,
                _ => Delay::Backoff,
            };
            self.not_before = match reconnect {
                Reconnect::After(delay) => Some(after(self.now, delay)),
                _ => None,
            };
            self.untold.push_back(Decision::Wait {
                cause: Some(last),
                attempt: self.attempts.saturating_add(u32::from(!self.uncounted)),
                was_connected: shown == State::Connected,
                announced: self.may_dial(),
                delay,
                at: self.now,
            });
        } else {
            self.phase = Phase::Stopped;
            self.online_delays.clear();
            if retriable && exhausted && self.attempts > 0 {
                let reason = "Maximum reconnection attempts exceeded";
                last = cause(4000, reason, CloseKind::Exhausted);
            }
            self.untold.push_back(Decision::Stop {
                run: self.run(),
                cause: last,
                attempts: self.attempts,
            });
        }
    }

    pub(super) fn timeout(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        is_asked: bool,
    ) -> Result<(), Violation> {
        self.stable_due = self.stable_due.filter(|due| *due > self.now);
        let started = after.socket != self.socket;
        if self.current().is_some() {
            let is_over = matches!(after.state, State::Waiting | State::Stopped);
            let slept = before
                .deadline
                .is_some_and(|(at, _)| self.now.saturating_sub(at) > TIMER_GAP);
            if slept && self.phase == Phase::Connected && !self.liveness.ponged {
                self.suspect(true);
            } else if started || is_over || is_asked {
                self.give_up()?;
            }
        }
        if started {
            ensure!(
                self.phase == Phase::Waiting && self.may_dial(),
                "decisions",
                "an attempt started in {:?}",
                self.phase
            );
            self.retry(false);
        }
        if let Some((due, _)) = before.deadline {
            self.liveness.timer_fired(due, self.now);
        }
        Ok(())
    }

    /// The session gave the connection, or the attempt, up by itself.
    fn give_up(&mut self) -> Result<(), Violation> {
        let (code, reason) = if self.is_overdue() {
            (4001, "Not acknowledged in time")
        } else if self.liveness.is_failure_due(self.now) {
            (1006, "")
        } else {
            ensure!(
                self.liveness.is_dead(self.now),
                "decisions",
                "{:?} was given up without need",
                self.socket
            );
            (4008, "Liveness timeout")
        };
        self.end(cause(code, reason, CloseKind::Abnormal), None, false);
        Ok(())
    }

    /// True if the attempt has timed out.
    fn is_overdue(&self) -> bool {
        self.connected.is_none() && self.attempt_ends() <= self.now
    }
}
