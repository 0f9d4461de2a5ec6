//! Detection of dead connections: pings, their pongs, and the verdict on those without.
//!
//! Silence alone proves nothing, because older clouds ignore `ping`. Only where the cloud is known
//! to pong, a ping without an answer means that the connection is dead. Bytes that wait in a socket
//! prove nothing either: their number is zero long before they arrive.

use crate::session::liveness::{Doubt, Link, Probe};
use crate::session::pings::{Answer, Ping};
use crate::session::stats::increment;
use crate::session::{
    Close, Duration, Event, Instant, LIVENESS_TIMEOUT, Origin, Outgoing, Payload, PingId, Session,
    SessionError, Timer,
};

/// Longest patience with a ping that a sign caused: the connection may have died.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_millis(2500);
/// Delay of a timer from which it may be served before a pong that is queued behind it.
pub(super) const LATE: Duration = Duration::from_millis(1000);
/// Time after a repeated ping at which the program must have run for its silence to count.
const TURN: Duration = Duration::from_millis(300);
/// Bytes handed to the socket after which a ping follows.
const BLOCK: u32 = 64 * 1024;
/// Most doublings of the interval between pings, where pongs are unknown.
const MOST_DOUBLINGS: u8 = 3;

/// Settings for the detection of dead connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Time between pings; zero for none.
    pub ping_interval: Duration,
    /// Shortest patience with a ping.
    pub pong_timeout: Duration,
}

impl<P: Payload> Session<P> {
    /// Starts to watch a connection.
    pub(super) fn start_keepalive(&mut self) {
        self.liveness.link = Link::new(self.now);
        self.liveness.patience.connected();
        // A sleep before the ack says nothing about this connection.
        self.wall = None;
        self.arm_keepalive();
    }

    /// Sends the first ping of a connection. Never called before the ack: older clouds close on a
    /// ping before it.
    pub(super) fn ask_at_once(&mut self) {
        if self.config.watch.ping_interval > Duration::ZERO {
            self.ping();
        }
    }

    /// Records that the peer sent a frame at this time.
    pub(super) fn on_activity(&mut self, at: Instant) {
        let at = self.on_heard(at);
        self.liveness.link.silence.on_frame(at);
        self.arm_ping_earlier();
    }

    /// Records that the peer sent a protocol ping at this time.
    pub(super) fn on_protocol_ping(&mut self, at: Instant) {
        let at = self.on_heard(at);
        self.liveness.link.silence.on_protocol_ping(at);
        self.arm_ping_earlier();
    }

    fn on_heard(&mut self, at: Instant) -> Instant {
        let at = self.on_received(at);
        self.liveness.link.silence.on_heard(at);
        at
    }

    fn on_received(&mut self, at: Instant) -> Instant {
        let at = at.min(self.now);
        let link = &mut self.liveness.link;
        link.last_received = link.last_received.max(at);
        self.stats.last_heard = self.stats.last_heard.max(Some(at));
        at
    }

    /// Records a frame other than a ping that was handed to the socket.
    pub(super) fn on_handed_over(&mut self, size: usize) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let link = &mut self.liveness.link;
        link.handed = link.handed.wrapping_add(size);
        link.silence.on_sent(self.now);
        if self.liveness.since_ping() >= BLOCK && self.is_ping_useful() {
            self.ping();
        } else {
            self.arm_ping_earlier();
        }
    }

    fn is_ping_useful(&self) -> bool {
        let is_asking = self.config.watch.ping_interval > Duration::ZERO;
        self.liveness.expects_pong() || is_asking && !self.liveness.link.pings.has_written_off()
    }

    /// Most bytes that may be handed to the socket before a ping is due.
    pub(super) fn bytes_until_ping(&self) -> usize {
        if self.is_ping_useful() {
            (BLOCK - 1).saturating_sub(self.liveness.since_ping()) as usize
        } else {
            BLOCK as usize
        }
    }

    /// Handles a pong. One before the ack answers nothing.
    pub(super) fn on_pong(&mut self, id: Option<PingId>) {
        self.on_received(self.now);
        increment(&mut self.stats.pongs);
        if !self.is_connected() {
            return;
        }
        let liveness = &mut self.liveness;
        match liveness.link.pings.answer(id) {
            Answer::To(ping) => {
                let link = &mut liveness.link;
                let bytes = ping.handed.wrapping_sub(link.handed_at_pong);
                let time = self.now.since(ping.sent_at.max(link.last_pong));
                let least = self.config.watch.pong_timeout;
                liveness.patience.measure_rate(time, bytes, least);
                link.handed_at_pong = ping.handed;
                link.probe.take_if(|probe| probe.ping.id <= ping.id);
                let round_trip = self.now.since(ping.sent_at);
                liveness.patience.measure(round_trip);
                let since = &mut link.answered_since;
                liveness
                    .patience
                    .on_answered((round_trip, least), since, self.now);
                self.stats.round_trip = Some(round_trip);
                self.on_answer(ping.serial);
            }
            Answer::Late(serial, handed) => {
                // Those of later pings were given up, and are on their way all the same.
                if let Some(handed) = handed {
                    liveness.link.handed_at_pong = handed;
                }
                self.on_answer(serial);
            }
            Answer::None => {}
            Answer::Foreign => self.stop_confirming(),
        }
        self.arm_keepalive();
    }

    fn on_answer(&mut self, serial: u64) {
        let liveness = &mut self.liveness;
        liveness.supports_pong = true;
        liveness.left_on_hint = false;
        liveness.link.ponged = true;
        liveness.link.doubt = None;
        liveness.link.last_pong = self.now;
        self.confirm(serial);
        self.on_answered();
    }

    /// Called after each pong that answers a ping of this connection.
    pub(super) fn on_answered(&mut self) {
        self.on_probe_answered();
        self.run.answered = true;
        self.check_stable();
    }

    /// Serves [`Timer::Ping`].
    pub(super) fn ping_when_due(&mut self) {
        if !self.is_connected() {
            return;
        }
        let is_due = |at: Instant| at <= self.now;
        if self.liveness.ask_due().is_some_and(is_due) {
            self.liveness.link.silence.on_ask(self.now);
            self.ping();
        } else if self
            .liveness
            .ping_due(&self.config.watch)
            .is_some_and(is_due)
        {
            if !self.liveness.expects_pong() {
                let doublings = &mut self.liveness.link.doublings;
                *doublings = (*doublings + 1).min(MOST_DOUBLINGS);
            }
            self.ping();
        }
        self.arm_keepalive();
    }

    /// Serves [`Timer::Pong`].
    pub(super) fn on_pong_overdue(&mut self) {
        if let Some(mut doubt) = self.liveness.link.doubt.take() {
            if doubt.has_turned {
                return self.give_up();
            }
            let due = self.liveness.probe_due(&doubt.ping, &self.config.watch);
            doubt.has_turned = true;
            doubt.due = due.max(self.now.after(TURN));
            self.liveness.link.doubt = Some(doubt);
            return self.arm_keepalive();
        }
        let link = &mut self.liveness.link;
        let last_received = link.last_received;
        link.probe
            .take_if(|probe| probe.is_after_sleep && probe.ping.sent_at < last_received);
        let Some(due) = self.liveness.verdict_due(&self.config.watch) else {
            return;
        };
        if due > self.now {
            return self.arm_keepalive();
        }
        if self.now.since(due) <= LATE {
            return self.give_up();
        }
        self.postpone_verdict();
    }

    /// Asks again instead of serving [`Timer::Pong`], if that is due: the pong may be queued
    /// behind it.
    pub(super) fn postpone_verdict(&mut self) {
        let is_due = |at: Instant| at <= self.now;
        let due = self.liveness.verdict_due(&self.config.watch);
        if !self.is_connected() || !due.is_some_and(is_due) {
            return;
        }
        if !self.liveness.expects_pong() {
            self.liveness.link.probe = None;
            return self.send_probe(true);
        }
        let due = self.now.after(TURN);
        if let Some(doubt) = &mut self.liveness.link.doubt {
            doubt.has_turned = false;
            doubt.due = due;
        } else {
            // One that was sent after waking up asks again already.
            if self.liveness.link.newest.sent_at < self.now {
                self.ping();
            }
            self.liveness.link.doubt = Some(Box::new(Doubt {
                ping: self.liveness.link.newest,
                has_turned: false,
                due,
            }));
        }
        self.arm_keepalive();
    }

    /// Abandons the connection, or the assumption that the cloud pongs.
    fn give_up(&mut self) {
        let liveness = &mut self.liveness;
        if !liveness.expects_pong() {
            self.run.next_attempt_free = true;
        } else if liveness.link.ponged || !std::mem::replace(&mut liveness.left_on_hint, true) {
            liveness.patience.on_left();
        } else {
            return self.forget_pongs();
        }
        self.leave();
    }

    /// Handles a second connection in a row without a pong. It is left only if nothing else was
    /// received on it either.
    fn forget_pongs(&mut self) {
        self.emit(Event::Error(SessionError::Unanswered));
        let link = &mut self.liveness.link;
        if link.last_received > link.acknowledged_at {
            (link.probe, link.doubt) = (None, None);
            link.write_off(Duration::ZERO, self.now);
        } else {
            self.leave();
        }
        self.liveness.left_on_hint = false;
        self.liveness.supports_pong = false;
        if self.is_connected() {
            self.check_stable();
            self.arm_keepalive();
        }
    }

    /// Abandons the connection without waiting for its close handshake.
    fn leave(&mut self) {
        let close = Close::new(LIVENESS_TIMEOUT, "Liveness timeout");
        self.connection_lost(close, Origin::Attempt);
    }

    /// Sends a ping because of a sign, unless one is out.
    pub(super) fn send_probe(&mut self, is_after_sleep: bool) {
        if !self.is_connected() {
            return;
        }
        if let Some(probe) = &mut self.liveness.link.probe {
            probe.is_after_sleep &= is_after_sleep;
        } else {
            self.ping();
            self.liveness.link.probe = Some(Box::new(Probe {
                ping: self.liveness.link.newest,
                is_after_sleep,
            }));
            self.arm_keepalive();
        }
    }

    /// Sends a ping.
    pub(super) fn ping(&mut self) {
        let liveness = &mut self.liveness;
        if !liveness.expects_pong() {
            let timeout = liveness.patience.timeout(self.config.watch.pong_timeout, 0);
            liveness.link.write_off(timeout, self.now);
        }
        liveness.last_id = PingId(liveness.last_id.0.wrapping_add(1));
        let link = &mut liveness.link;
        let ping = Ping {
            id: liveness.last_id,
            sent_at: self.now,
            serial: self.acks.newest(),
            handed: link.handed,
        };
        link.newest = ping;
        link.pings.push(ping);
        link.silence.on_ping();
        increment(&mut self.stats.pings);
        self.transmit(Outgoing::Ping(ping.id));
        self.arm_keepalive();
    }

    /// Sets the timers of the next ping and of the next verdict.
    fn arm_keepalive(&mut self) {
        let watch = &self.config.watch;
        let verdict = self.liveness.verdict_due(watch);
        let ping = self.liveness.ping_due(watch);
        self.timers.set_or_stop(Timer::Ping, ping);
        self.timers.set_or_stop(Timer::Pong, verdict);
    }

    /// Advances the next ping if silence would be a reason for it. The timer is never put off:
    /// doing so for each frame would cost more than an idle timeout.
    fn arm_ping_earlier(&mut self) {
        if let (Some(ask), Some(armed)) = (self.liveness.ask_due(), self.timers.get(Timer::Ping)) {
            self.timers.set(Timer::Ping, armed.min(ask));
        }
    }
}
