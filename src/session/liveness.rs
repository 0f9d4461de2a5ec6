//! Is the peer still there? What one connection has shown of itself.
//!
//! Silence alone proves nothing: older clouds ignore `ping`. Only a cloud that has ponged on
//! this very connection is expected to pong again.

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
pub enum Suspicion {
    /// The page was resumed, shown again or came back online.
    Environment,
    /// Time passed in which we did not run: the cloud has dropped us by then.
    Clock,
}

/// What one connection has shown of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    last_sent: Instant,
    last_received: Instant,
    last_ping: Option<Instant>,
    /// The cloud has ponged.
    pub(super) answers: bool,
    /// A ping was sent because a timer was so late that its verdict was worth nothing.
    pub(super) probing: bool,
}

impl Liveness {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            last_sent: now,
            last_received: now,
            last_ping: None,
            answers: false,
            probing: false,
        }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    pub(super) fn received(&mut self, at: Instant) {
        self.last_received = self.last_received.max(at);
        if !self.is_silent() {
            self.probing = false;
        }
    }

    pub(super) fn pinged(&mut self, now: Instant) {
        self.last_sent = now;
        self.last_ping = Some(now);
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
}
