//! While the connection lasts: pings, silence, sleep, and what the environment says.

use super::super::close::{self, Close, Origin};
use super::super::input::SocketId;
use super::super::liveness::{Liveness, WakeHint};
use super::super::outbox::Payload;
use super::super::output::Outgoing;
use super::super::stats::count;
use super::super::time::{Duration, Instant};
use super::super::timeline::TimelineEvent;
use super::super::timer::Timer;
use super::{Phase, Session};

/// How long a pong may take once there is reason to doubt the connection.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_millis(2500);
/// A timer that is later than this may be served before the pong that waits behind it.
pub(super) const LATE: Duration = Duration::from_millis(1000);
/// A timer that is later than this was not throttled (hidden tabs: once a minute): we slept.
const ASLEEP: Duration = Duration::from_millis(90_000);
/// A wall clock that ran ahead of the monotonic one by more: we slept for longer than the
/// cloud keeps a silent connection.
const CLOCK_GAP: i64 = 45_000;

impl<P: Payload> Session<P> {
    /// Begins to watch a connection: never before the ack, since older clouds close on it.
    pub(super) fn watch(&mut self) {
        self.liveness = Liveness::new(self.now);
        self.await_ping();
    }

    /// The peer showed itself at this time.
    pub(super) fn on_activity(&mut self, at: Instant) {
        let at = at.min(self.now);
        self.liveness.received(at);
        self.stats.last_heard = self.stats.last_heard.max(Some(at));
    }

    pub(super) fn ponged(&mut self) {
        self.liveness.supports_pong = true;
        self.liveness.probe_sent = false;
        self.timers.stop(Timer::Pong);
        count(&mut self.stats.pongs);
        self.confirm();
    }

    /// The connection may have been idle for long enough.
    pub(super) fn ping_when_idle(&mut self) {
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        let interval = self.config.watch.ping_interval;
        let waits_for_pong = self.timers.get(Timer::Pong).is_some();
        if !waits_for_pong && self.liveness.ping_due(interval) <= self.now {
            self.ping(socket, self.config.watch.pong_timeout);
        }
        self.await_ping();
    }

    /// The pong is overdue since `due`.
    pub(super) fn on_pong_overdue(&mut self, due: Instant) {
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        if !self.liveness.is_silent() {
            // What came after the ping that was waited for is no answer to a later one.
            match self.liveness.wait_for_newest() {
                Some(due) if due > self.now => return self.timers.set(Timer::Pong, due),
                Some(_) => {}
                None => return,
            }
        }
        let late = self.now.since(due) > LATE;
        if late && !std::mem::replace(&mut self.liveness.probe_sent, true) {
            self.ping(socket, PROBE_TIMEOUT);
        } else {
            self.connection_lost(liveness_timeout(), Origin::Attempt);
        }
    }

    /// A timer fires now that was due then.
    pub(super) fn notice_lateness(&mut self, due: Instant) {
        if self.now.since(due) > ASLEEP {
            self.on_wake_hint(WakeHint::Slept);
        }
    }

    /// The wall clock shows this, in milliseconds.
    pub(super) fn notice_wall_clock(&mut self, wall: u64) {
        let offset = i64::try_from(wall)
            .unwrap_or(i64::MAX)
            .saturating_sub_unsigned(self.now.as_millis());
        let before = self.wall_offset.replace(offset);
        if before.is_some_and(|before| offset.saturating_sub(before) > CLOCK_GAP) {
            self.on_wake_hint(WakeHint::Slept);
        }
    }

    pub(super) fn on_wake_hint(&mut self, hint: WakeHint) {
        self.record(TimelineEvent::Wake(hint));
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        if self.liveness.supports_pong {
            self.ping(socket, PROBE_TIMEOUT);
        } else if hint == WakeHint::Slept {
            self.run.next_attempt_free = true;
            self.connection_lost(liveness_timeout(), Origin::Attempt);
        }
    }

    pub(super) fn go_offline(&mut self) {
        self.offline = true;
        self.record(TimelineEvent::Offline);
        if !self.may_dial() {
            self.timers.stop(Timer::Retry);
        }
    }

    pub(super) fn go_online(&mut self) {
        self.offline = false;
        self.record(TimelineEvent::Online);
        match self.phase {
            Phase::Waiting => self.retry_soon(),
            Phase::Connected(_) => self.on_wake_hint(WakeHint::Resumed),
            Phase::Idle
            | Phase::Preparing(_)
            | Phase::Connecting(_)
            | Phase::Handshaking(_)
            | Phase::AwaitingDecision(_)
            | Phase::Stopped => {}
        }
    }

    /// A ping never gives more time to one that is still unanswered.
    pub(super) fn ping(&mut self, socket: SocketId, timeout: Duration) {
        self.transmit(socket, Outgoing::Ping);
        count(&mut self.stats.pings);
        self.acks.pinged(self.now);
        let due = self.now.after(timeout);
        self.liveness.pinged_until(self.now, due);
        match self.timers.get(Timer::Pong) {
            Some(before) => self.timers.set(Timer::Pong, before.min(due)),
            None => {
                self.liveness.pinged(self.now);
                if self.liveness.supports_pong {
                    self.timers.set(Timer::Pong, due);
                }
            }
        }
    }

    fn await_ping(&mut self) {
        let interval = self.config.watch.ping_interval;
        if interval > Duration::ZERO {
            let due = self.liveness.ping_due(interval);
            // While a pong is waited for, no other ping is sent, however long that has been due.
            let next = if due > self.now {
                due
            } else {
                self.now.after(interval)
            };
            self.timers.set(Timer::Ping, next);
        }
    }
}

fn liveness_timeout() -> Close {
    Close::new(close::LIVENESS_TIMEOUT, "Liveness timeout")
}
