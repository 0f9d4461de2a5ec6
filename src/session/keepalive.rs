//! Detection of dead connections: pings, sleep, and the state of the network.
//!
//! Silence alone proves nothing, because older clouds ignore `ping`. Only a cloud that has sent
//! a pong on this connection is expected to send another one.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::stats::increment;
use crate::session::{
    Close, Duration, Instant, LIVENESS_TIMEOUT, Origin, Outgoing, Payload, Phase, PingId, Session,
    SocketId, TimelineEvent, Timer,
};

/// Time that a pong may take when there is reason to doubt the connection.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_millis(2500);
/// Delay of a timer from which it may be served before a pong that is queued behind it.
pub(super) const LATE: Duration = Duration::from_millis(1000);
/// Delay of a timer from which it was not merely throttled (hidden tabs: once a minute): the
/// computer slept.
const ASLEEP: Duration = Duration::from_millis(90_000);
/// Gain of the wall clock on the monotonic one, in ms, from which the computer slept longer than
/// the cloud keeps a silent connection.
const CLOCK_GAP: i64 = 45_000;

/// Settings for the detection of dead connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Longest time in which nothing is sent, or nothing is received, before a ping; zero for
    /// no pings.
    pub ping_interval: Duration,
    /// Longest time from a ping to its pong.
    pub pong_timeout: Duration,
}

/// Pause after which the connection may have died unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WakeHint {
    /// The page was resumed after it was frozen, or came back online.
    Resumed,
    /// The page is visible again.
    Shown,
    /// An address of the machine changed.
    AddressChanged,
    /// The program did not run for so long that the cloud has dropped the connection.
    Slept,
}

/// Activity of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    last_sent: Instant,
    last_received: Instant,
    /// The ping whose pong is awaited, or was awaited last.
    last_ping: Option<Instant>,
    /// The newest ping, and the time at which its pong is overdue.
    newest_ping: Option<(Instant, Instant)>,
    /// The cloud has sent a pong.
    pub(super) supports_pong: bool,
    /// A ping was sent because a timer was too late to be conclusive.
    probe_sent: bool,
}

impl Liveness {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            last_sent: now,
            last_received: now,
            last_ping: None,
            newest_ping: None,
            supports_pong: false,
            probe_sent: false,
        }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    fn received(&mut self, at: Instant) {
        self.last_received = self.last_received.max(at);
        if !self.is_silent() {
            self.probe_sent = false;
        }
    }

    /// Records a ping whose pong is awaited.
    fn pinged(&mut self, now: Instant) {
        self.last_sent = now;
        self.last_ping = Some(now);
    }

    /// Records a ping, whether or not the pong of an earlier one is still awaited.
    fn pinged_until(&mut self, now: Instant, due: Instant) {
        self.newest_ping = Some((now, due));
    }

    /// Awaits the pong of the newest ping from now on. Returns its deadline, or `None` if
    /// something was received since that ping.
    fn await_newest(&mut self) -> Option<Instant> {
        let (ping, due) = self.newest_ping?;
        self.last_ping = Some(ping);
        self.is_silent().then_some(due)
    }

    /// True if nothing was received since the last ping.
    pub(super) fn is_silent(&self) -> bool {
        self.last_ping
            .is_some_and(|ping| self.last_received <= ping)
    }

    /// True if something was received later than `at`.
    pub(super) fn heard_after(&self, at: Instant) -> bool {
        self.last_received > at
    }

    /// Time of the next ping.
    fn ping_due(&self, interval: Duration) -> Instant {
        let idle_since = self.last_sent.min(self.last_received);
        // A silent peer is not pinged more often than an active one.
        idle_since
            .max(self.last_ping.unwrap_or_default())
            .after(interval)
    }

    /// Hashes the state. Times before the last ping, or so long ago that a ping is due, are
    /// equivalent.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, watch: &Watch, now: Instant, hasher: &mut impl Hasher) {
        let interval = watch.ping_interval;
        let ping = self.last_ping.unwrap_or_default();
        let age = |at: Instant, oldest: Duration| now.since(at).min(oldest);
        (self.supports_pong, self.probe_sent, self.is_silent()).hash(hasher);
        let longest = Duration::from_millis(watch.pong_timeout.as_millis() + 1);
        let unanswered = self.is_silent().then(|| age(ping, longest));
        let newest = self
            .newest_ping
            .filter(|&(ping, _)| self.last_received <= ping);
        let newest = newest.map(|(ping, due)| (age(ping, longest), due.since(now)));
        (unanswered, newest).hash(hasher);
        for at in [self.last_sent, self.last_received] {
            age(at.max(ping), interval).hash(hasher);
        }
    }
}

impl<P: Payload> Session<P> {
    /// Starts to watch a connection. Never called before the ack: older clouds close on a ping
    /// before it.
    pub(super) fn start_keepalive(&mut self) {
        self.liveness = Liveness::new(self.now);
        self.schedule_ping();
    }

    /// Records that the peer was active at this time.
    pub(super) fn on_activity(&mut self, at: Instant) {
        let at = at.min(self.now);
        self.liveness.received(at);
        self.stats.last_heard = self.stats.last_heard.max(Some(at));
    }

    pub(super) fn on_pong(&mut self) {
        self.liveness.supports_pong = true;
        self.liveness.probe_sent = false;
        self.timers.stop(Timer::Pong);
        increment(&mut self.stats.pongs);
        self.confirm();
        self.on_answered();
    }

    /// Called after each pong that answers a ping of this connection.
    pub(super) fn on_answered(&mut self) {
        self.on_probe_answered();
        self.run.answered = true;
        self.check_stable();
    }

    /// Serves [`Timer::Ping`].
    pub(super) fn ping_when_idle(&mut self) {
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        let interval = self.config.watch.ping_interval;
        let awaits_pong = self.timers.get(Timer::Pong).is_some();
        if !awaits_pong && self.liveness.ping_due(interval) <= self.now {
            self.ping(socket, self.config.watch.pong_timeout);
        }
        self.schedule_ping();
    }

    /// Serves [`Timer::Pong`], which was due at `due`.
    pub(super) fn on_pong_overdue(&mut self, due: Instant) {
        let Phase::Connected(socket) = self.phase else {
            return;
        };
        if !self.liveness.is_silent() {
            // What was received after the awaited ping does not answer a later one.
            match self.liveness.await_newest() {
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

    /// Asks again instead of serving [`Timer::Pong`], if that is due.
    pub(super) fn postpone_verdict(&mut self) {
        if let Phase::Connected(socket) = self.phase
            && self.timers.is_due(Timer::Pong, self.now)
        {
            self.ping(socket, PROBE_TIMEOUT);
            self.timers.set(Timer::Pong, self.now.after(PROBE_TIMEOUT));
        }
    }

    /// Detects sleep by the delay of a timer that was due at `due`.
    pub(super) fn check_lateness(&mut self, due: Instant) {
        if self.now.since(due) > ASLEEP {
            self.on_wake_hint(WakeHint::Slept);
        }
    }

    /// Detects sleep by the wall clock, which shows `wall` milliseconds.
    pub(super) fn check_wall_clock(&mut self, wall: u64) {
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

    /// Sends a ping. The deadline of an earlier one that is still unanswered is never extended.
    pub(super) fn ping(&mut self, socket: SocketId, timeout: Duration) {
        self.acks.last_ping = PingId(self.acks.last_ping.0.wrapping_add(1));
        self.transmit(socket, Outgoing::Ping(self.acks.last_ping));
        increment(&mut self.stats.pings);
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

    fn schedule_ping(&mut self) {
        let interval = self.config.watch.ping_interval;
        if interval > Duration::ZERO {
            let due = self.liveness.ping_due(interval);
            // No ping is sent while a pong is awaited, however long one has been due.
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
    Close::new(LIVENESS_TIMEOUT, "Liveness timeout")
}
