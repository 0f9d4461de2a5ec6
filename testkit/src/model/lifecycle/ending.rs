//! End of a connection, an attempt or a wait: another attempt, or the end of the session.

use tpa_session::session::{Cause, CloseKind, Duration, Reconnect, State};

use super::effect::cause;
use super::{Decision, Delay, Lifecycle, Phase};
use crate::model::events::backoff_interval;
use crate::model::liveness::ASLEEP;
use crate::model::sequence::Step;
use crate::model::{Hints, MAX_IMMEDIATE_DELAY, Snapshot, Violation, after, ensure};

/// Longest time for an attempt, unless the option is longer, ms.
const LONGEST_ATTEMPT: u64 = 20_000;

/// A dial that fails after this time was not refused: the runtime gave up waiting, ms.
const SILENT_DIAL: u64 = 5000;

/// Cause of the end of a connection or an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    App,
    /// The session gave it up.
    Session,
    /// The browser closed the socket.
    Browser,
    /// The cloud or the network.
    Other,
}

impl Lifecycle {
    /// The connection may be dead.
    pub(super) fn suspect(&mut self, slept: bool) {
        self.asks = true;
        if slept {
            self.liveness.slept(self.now);
        }
    }

    pub(super) fn read_wall_clock(&mut self, wall: u64) {
        let wall = i128::from(wall.min(i64::MAX as u64));
        let offset = wall - i128::from(self.now);
        let before = self.wall_offset.replace(offset);
        if before.is_some_and(|before| offset - before > i128::from(ASLEEP)) {
            self.suspect(true);
        }
    }

    /// The connection, or the attempt, is over. `delay` is that of the table of closures.
    pub(super) fn end(&mut self, cause: Cause, delay: Option<Duration>, by: By) {
        self.learn_from(cause.code, by);
        if self.current().is_some() {
            let reason = cause.reason.clone();
            self.steps
                .push(Step::Close(self.socket, cause.code, reason));
        }
        let shown = self.phase.state();
        self.cause = Some(cause.clone());
        self.connected = None;
        self.stable_due = None;
        let default = match (cause.kind, delay) {
            (_, Some(delay)) => Reconnect::After(delay),
            (CloseKind::Abnormal, None) => Reconnect::Yes,
            _ => Reconnect::No,
        };
        let is_final = matches!(
            cause.kind,
            CloseKind::ClientDisconnect | CloseKind::Unsupported
        );
        if self.config.asks_app && !is_final {
            self.steps.push(Step::AskApp(cause.clone()));
            self.phase = Phase::Deciding {
                cause,
                default,
                shown,
            };
        } else {
            self.decide(cause, shown, (None, default));
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
            self.decide(cause, shown, (decision, default));
        }
    }

    fn decide(
        &mut self,
        mut last: Cause,
        shown: State,
        (decision, default): (Option<Reconnect>, Reconnect),
    ) {
        let max = self.config.max_reconnect_attempts;
        let is_time_over = after(self.outage_since, self.config.give_up_after) <= self.now;
        let exhausted = max.is_some_and(|max| self.attempts >= max) && is_time_over;
        let reconnect = decision.unwrap_or(default);
        let retriable = reconnect != Reconnect::No;
        let fresh_key = decision.is_none()
            && last.kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.fresh_key_tried, true);
        let wanted = (retriable || fresh_key) && self.config.auto_reconnect;
        // An attempt at a given time counts, whatever the reason for it.
        let is_given = matches!(reconnect, Reconnect::After(_));
        self.uncounted &= !is_given;
        self.resumes &= !is_given;
        if wanted && (self.uncounted || self.is_offline() || !exhausted) {
            self.fresh_keys += u64::from(fresh_key);
            self.phase = Phase::Waiting;
            let delay = self.delay(reconnect);
            self.uncounted |= self.is_offline();
            let was_connected = shown == State::Connected;
            self.untold
                .extend(self.announcement(delay).map(|announcement| Decision::Wait {
                    cause: last,
                    was_connected,
                    announcement,
                }));
        } else {
            self.phase = Phase::Stopped;
            self.announcements.clear();
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

    /// Delay of the next attempt.
    fn delay(&mut self, reconnect: Reconnect) -> Delay {
        if let Reconnect::After(delay) = reconnect {
            self.not_before = Some(after(self.now, delay));
            return Delay::Exactly(delay.as_millis());
        }
        self.not_before = None;
        let backoff = &self.config.backoff;
        let (shortest, longest) = if self.uncounted {
            (0, MAX_IMMEDIATE_DELAY)
        } else if self.lost_in_silence && self.attempts == 0 {
            // A cloud that stalls must not be met by all its clients at once.
            let longest = backoff.initial.as_millis().saturating_mul(2);
            (0, longest.min(backoff.max.as_millis()))
        } else {
            backoff_interval(&self.config, self.attempts.saturating_add(1))
        };
        let floor = self.offline_floor().saturating_sub(self.now);
        Delay::Within(shortest.max(floor), longest.max(floor))
    }

    /// Silence makes the next attempts last longer: a connection that vanished, or an attempt that
    /// was not acknowledged in its time.
    fn learn_from(&mut self, code: u16, by: By) {
        let is_own = by == By::Session;
        let is_connected = self.phase == Phase::Connected;
        let is_dead = is_connected && is_own && code == 4008;
        self.lost_in_silence = is_dead && self.liveness.is_silent();
        let is_silent = match self.phase {
            Phase::Connected => is_dead || matches!(code, 1005 | 1006),
            Phase::Preparing | Phase::Dialling | Phase::Handshaking => is_own && code == 4001,
            _ => false,
        };
        if is_silent {
            let longest = self.config.connect_timeout.as_millis().max(LONGEST_ATTEMPT);
            self.attempt_time = self.attempt_time.saturating_mul(2).min(longest);
        }
        let is_dial = matches!(self.phase, Phase::Preparing | Phase::Dialling);
        if is_dial && code == 1006 && self.now - self.attempt_started >= SILENT_DIAL {
            self.resumes = true;
            self.uncounted = true;
        }
        if is_connected && self.attempts == 0 {
            self.outage_since = self.now;
        }
        if by == By::Browser {
            self.close_by_browser();
        }
    }

    pub(super) fn timeout(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        hints: Hints,
    ) -> Result<(), Violation> {
        self.stable_due = self.stable_due.filter(|due| *due > self.now);
        let started = after.socket != self.socket;
        let due = before.deadline.map_or(self.now, |(at, _)| at);
        let since = self.connected.map_or(due, |at| due.max(at));
        if self.now.saturating_sub(since) > ASLEEP {
            self.suspect(true);
        }
        if self.current().is_some() {
            let is_over = matches!(after.state, State::Waiting | State::Stopped);
            let is_over = started || is_over || hints.asks;
            if hints.forgets {
                self.forget(is_over)?;
            } else if is_over {
                self.give_up()?;
            }
        }
        if started {
            ensure!(
                self.phase == Phase::Waiting,
                "decisions",
                "an attempt started in {:?}",
                self.phase
            );
            self.retry(false);
        }
        Ok(())
    }

    /// The session gave the connection, or the attempt, up by itself.
    fn give_up(&mut self) -> Result<(), Violation> {
        let error = std::mem::take(&mut self.socket_error);
        let (code, reason) = if self.is_overdue() {
            (4001, "Not acknowledged in time")
        } else if self.liveness.is_failure_due(self.now) {
            (1006, error.as_str())
        } else {
            ensure!(
                self.liveness.may_leave(self.now),
                "decisions",
                "{:?} was given up without need",
                self.socket
            );
            self.uncounted |= self.liveness.leave();
            (4008, "Liveness timeout")
        };
        self.end(cause(code, reason, CloseKind::Abnormal), None, By::Session);
        Ok(())
    }

    /// The session no longer assumes that the cloud pongs, and leaves a connection on which it has
    /// heard nothing.
    fn forget(&mut self, is_over: bool) -> Result<(), Violation> {
        self.steps.push(Step::Error);
        ensure!(
            is_over != self.liveness.is_heard(),
            "liveness",
            "the session forgets that the cloud pongs; it leaves: {is_over}"
        );
        self.liveness.check_forgetting(self.now)?;
        if is_over {
            let cause = cause(4008, "Liveness timeout", CloseKind::Abnormal);
            self.end(cause, None, By::Session);
        }
        self.liveness.forget();
        self.check_stable();
        Ok(())
    }

    /// True if the attempt has timed out.
    fn is_overdue(&self) -> bool {
        self.connected.is_none() && self.attempt_ends <= self.now
    }
}
