//! Is the peer still there? What one connection has shown of itself.
//!
//! Silence alone proves nothing: older clouds ignore `ping`. Only a cloud that has ponged on
//! this very connection is expected to pong again.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use super::time::{Duration, Instant};

/// How a connection is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Longest time without anything sent, or anything received; zero for no pings at all.
    pub ping_interval: Duration,
    /// How long a pong may take.
    pub pong_timeout: Duration,
}

/// Why the connection may be dead without having said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WakeHint {
    /// The page was resumed, shown again or came back online.
    Resumed,
    /// Time passed in which we did not run: the cloud has dropped us by then.
    Slept,
}

/// What one connection has shown of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    last_sent: Instant,
    last_received: Instant,
    /// The ping whose answer is waited for, or was waited for last.
    last_ping: Option<Instant>,
    /// The newest one, and when its pong is overdue.
    newest_ping: Option<(Instant, Instant)>,
    /// The cloud has ponged.
    pub(super) supports_pong: bool,
    /// A ping was sent because a timer was so late that its verdict was worth nothing.
    pub(super) probe_sent: bool,
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

    pub(super) fn received(&mut self, at: Instant) {
        self.last_received = self.last_received.max(at);
        if !self.is_silent() {
            self.probe_sent = false;
        }
    }

    pub(super) fn pinged(&mut self, now: Instant) {
        self.last_sent = now;
        self.last_ping = Some(now);
    }

    /// A ping was sent, whether or not another one is still waited for.
    pub(super) fn pinged_until(&mut self, now: Instant, due: Instant) {
        self.newest_ping = Some((now, due));
    }

    /// Waits for the newest ping from now on, unless something came since that: when its pong is
    /// overdue.
    pub(super) fn wait_for_newest(&mut self) -> Option<Instant> {
        let (ping, due) = self.newest_ping?;
        self.last_ping = Some(ping);
        self.is_silent().then_some(due)
    }

    /// Whether nothing came since the last ping.
    pub(super) fn is_silent(&self) -> bool {
        self.last_ping
            .is_some_and(|ping| self.last_received <= ping)
    }

    /// Whether something came later than this.
    pub(super) fn heard_after(&self, at: Instant) -> bool {
        self.last_received > at
    }

    /// When the next ping is due.
    pub(super) fn ping_due(&self, interval: Duration) -> Instant {
        let idle_since = self.last_sent.min(self.last_received);
        // A peer that is silent is not pinged more often than one that talks.
        idle_since
            .max(self.last_ping.unwrap_or_default())
            .after(interval)
    }

    /// What happened before the last ping, or so long ago that its ping is due, makes no
    /// difference by when that was.
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
