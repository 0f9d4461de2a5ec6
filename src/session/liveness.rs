//! State of the detection of dead connections: what is known of a cloud, and of one connection.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::keepalive::PROBE_TIMEOUT;
use crate::session::patience::Patience;
use crate::session::pings::{Ping, Pings};
use crate::session::silence::Silence;
use crate::session::{Duration, Instant, PingId, Watch};

/// Most bytes handed to the socket that are not confirmed, where the cloud pongs.
const WINDOW: u32 = 256 * 1024;

/// Knowledge about the pongs of a cloud, over all connections, and the state of the current one.
#[derive(Clone, Debug)]
pub(super) struct Liveness {
    pub(super) patience: Patience,
    pub(super) last_id: PingId,
    /// The cloud pongs, as far as this connection or an earlier one has shown.
    pub(super) supports_pong: bool,
    /// The last connection was left although the cloud had not ponged on it.
    pub(super) left_on_hint: bool,
    pub(super) link: Link,
}

/// State of one connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Time of the ack.
    pub(super) acknowledged_at: Instant,
    pub(super) last_received: Instant,
    pub(super) pings: Pings,
    pub(super) silence: Silence,
    /// The last ping.
    pub(super) newest: Ping,
    pub(super) last_pong: Instant,
    /// The cloud has ponged on this connection.
    pub(super) ponged: bool,
    /// Start of the current period of answers.
    pub(super) answered_since: Instant,
    /// Doublings of the interval between pings.
    pub(super) doublings: u8,
    /// Bytes handed to the socket, modulo 2^32; and their number at the last ping that was
    /// answered.
    pub(super) handed: u32,
    pub(super) handed_at_pong: u32,
    pub(super) probe: Option<Box<Probe>>,
    pub(super) doubt: Option<Box<Doubt>>,
}

/// Ping that a sign caused.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) ping: Ping,
    /// Any frame keeps the connection for now: the sign was sleep.
    pub(super) is_after_sleep: bool,
}

/// Ping that repeats one whose verdict fell late.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) ping: Ping,
    /// The program ran in between, so that a pong could have been handled.
    pub(super) has_turned: bool,
    pub(super) due: Instant,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            patience: Patience::default(),
            last_id: PingId::default(),
            supports_pong: false,
            left_on_hint: false,
            link: Link::new(now),
        }
    }

    /// True if a ping must be answered on this connection.
    pub(super) const fn expects_pong(&self) -> bool {
        self.supports_pong && self.link.pings.is_conclusive()
    }

    /// True if nothing was received since the oldest unanswered ping.
    pub(super) fn is_silent(&self) -> bool {
        let oldest = self.link.pings.oldest();
        oldest.is_some_and(|ping| self.link.last_received <= ping.sent_at)
    }

    /// True if something was received later than `at`.
    pub(super) fn heard_after(&self, at: Instant) -> bool {
        self.link.last_received > at
    }

    /// True if the cloud goes on sending and has answered no ping of this connection.
    pub(super) fn is_ignoring_pings(&self, timeout: Duration) -> bool {
        let first = self.link.pings.first().filter(|_| !self.link.ponged);
        first.is_some_and(|first| self.heard_after(first.after(timeout)))
    }

    /// Bytes handed to the socket and not confirmed.
    const fn in_flight(&self) -> u32 {
        self.link.handed.wrapping_sub(self.link.handed_at_pong)
    }

    /// Bytes handed to the socket since the last ping.
    pub(super) const fn since_ping(&self) -> u32 {
        self.link.handed.wrapping_sub(self.link.newest.handed)
    }

    /// True if a message of this size may be handed to the socket.
    pub(super) fn may_hand_over(&self, size: usize) -> bool {
        let in_flight = self.in_flight();
        !self.expects_pong()
            || in_flight == 0
            || (in_flight as usize).saturating_add(size) <= WINDOW as usize
    }

    /// Most bytes that may be handed to the socket.
    pub(super) fn window(&self) -> usize {
        if self.expects_pong() {
            WINDOW.saturating_sub(self.in_flight()) as usize
        } else {
            usize::MAX
        }
    }

    /// Longest time for which a confirmation of all that was handed over is awaited.
    pub(super) fn longest_wait(&self, watch: &Watch) -> Duration {
        self.patience.longest(watch.pong_timeout, self.in_flight())
    }

    /// Time of the verdict on the unanswered pings.
    pub(super) fn verdict_due(&self, watch: &Watch) -> Option<Instant> {
        if let Some(doubt) = &self.link.doubt {
            return Some(doubt.due);
        }
        let oldest = self.link.pings.oldest().filter(|_| self.expects_pong());
        let oldest = oldest.map(|ping| self.overdue_at(ping, watch.pong_timeout));
        let probe = self
            .link
            .probe
            .as_ref()
            .map(|probe| self.probe_due(&probe.ping, watch));
        Instant::earliest(oldest, probe)
    }

    pub(super) fn probe_due(&self, ping: &Ping, watch: &Watch) -> Instant {
        self.overdue_at(ping, PROBE_TIMEOUT.min(watch.pong_timeout))
    }

    /// Time at which the pong of a ping is overdue. The time for the bytes before it runs only
    /// where pongs tell how many are on their way.
    pub(super) fn overdue_at(&self, ping: &Ping, least: Duration) -> Instant {
        let bytes = if self.expects_pong() {
            ping.handed.wrapping_sub(self.link.handed_at_pong)
        } else {
            0
        };
        let timeout = self.patience.timeout(least, bytes);
        ping.sent_at.max(self.link.last_pong).after(timeout)
    }

    /// Time of the next ping.
    pub(super) fn ping_due(&self, watch: &Watch) -> Option<Instant> {
        let mut interval = watch.ping_interval.as_millis();
        if interval == 0 {
            return None;
        }
        if !self.expects_pong() {
            interval <<= self.link.doublings;
        }
        let rhythm = self
            .link
            .newest
            .sent_at
            .after(Duration::from_millis(interval));
        Instant::earliest(Some(rhythm), self.ask_due())
    }

    /// Time of the next ping because of silence.
    pub(super) fn ask_due(&self) -> Option<Instant> {
        let asks = self.expects_pong() && self.link.pings.oldest().is_none();
        self.link.silence.ask_due().filter(|_| asks)
    }

    /// Hashes the state.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, now: Instant, is_connected: bool, hasher: &mut impl Hasher) {
        self.patience.hash(hasher);
        (self.supports_pong, self.left_on_hint).hash(hasher);
        if is_connected {
            self.link.fingerprint(self.last_id, now, hasher);
        }
    }
}

impl Link {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            acknowledged_at: now,
            last_received: now,
            pings: Pings::default(),
            silence: Silence::default(),
            newest: Ping {
                id: PingId::default(),
                sent_at: now,
                serial: 0,
                handed: 0,
            },
            last_pong: now,
            ponged: false,
            answered_since: now,
            doublings: 0,
            handed: 0,
            handed_at_pong: 0,
            probe: None,
            doubt: None,
        }
    }

    /// Stops to expect answers to the pings that were sent at least `age` ago.
    pub(super) fn write_off(&mut self, age: Duration, now: Instant) {
        while let Some(ping) = self.pings.oldest()
            && now.since(ping.sent_at) >= age
        {
            self.handed_at_pong = ping.handed;
            self.pings.write_off_oldest();
        }
    }

    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, last_id: PingId, now: Instant, hasher: &mut impl Hasher) {
        let age = |at: Instant| now.since(at);
        self.pings.fingerprint(last_id, now, hasher);
        self.silence.fingerprint(now, hasher);
        [
            self.acknowledged_at,
            self.last_received,
            self.newest.sent_at,
        ]
        .map(age)
        .hash(hasher);
        [self.last_pong, self.answered_since].map(age).hash(hasher);
        (self.ponged, self.doublings).hash(hasher);
        self.handed.wrapping_sub(self.newest.handed).hash(hasher);
        self.handed.wrapping_sub(self.handed_at_pong).hash(hasher);
        let probe = self
            .probe
            .as_ref()
            .map(|probe| (age(probe.ping.sent_at), probe.is_after_sleep));
        let doubt = self.doubt.as_ref().map(|doubt| {
            (
                age(doubt.ping.sent_at),
                doubt.has_turned,
                doubt.due.since(now),
            )
        });
        (probe, doubt).hash(hasher);
    }
}
