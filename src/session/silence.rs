//! Silence of a connection as a reason to ask with a ping.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::{Duration, Instant};

/// Silence after a send, or after frames of the cloud, from which a ping is due.
const SILENCE: Duration = Duration::from_millis(3000);
/// Shortest time between two pings because of silence.
const PAUSE: Duration = Duration::from_millis(4000);
/// Period in which a cloud that talks sends three frames.
const TALK: Duration = Duration::from_millis(10_000);
/// Sends within this time of each other count as one.
const TOGETHER: Duration = Duration::from_millis(1000);
/// Number of intervals of equal length that make a rhythm of protocol pings.
const RHYTHM: u8 = 4;

/// Sends without a reaction, and frames without a successor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    /// First sends of each second since the last frame and the last ping, oldest first.
    sends: [Option<Instant>; 4],
    /// The newest send.
    last_send: Instant,
    /// Times of the last frames, newest first. A pong is none.
    frames: [Option<Instant>; 3],
    /// A ping was sent because of the silence since the last frame.
    is_asked: bool,
    /// The last ping because of silence.
    last_ask: Option<Instant>,
    protocol_pings: ProtocolPings,
}

/// Protocol pings of the cloud.
#[derive(Clone, Copy, Debug, Default)]
struct ProtocolPings {
    last: Option<Instant>,
    /// Number of intervals that differ by at most a fifth.
    regular: u8,
    shortest: Duration,
    longest: Duration,
}

impl Silence {
    /// Records a frame that was handed to the socket.
    pub(super) fn on_sent(&mut self, now: Instant) {
        self.last_send = now;
        let newest = self.sends.iter().flatten().next_back();
        if newest.is_none_or(|newest| now.since(*newest) >= TOGETHER)
            && let Some(free) = self.sends.iter_mut().find(|send| send.is_none())
        {
            *free = Some(now);
        }
    }

    /// Time until which further sends change nothing but the time of the newest; `None` if the
    /// next one does.
    pub(super) fn unchanged_until(&self) -> Option<Instant> {
        let newest = self.sends.iter().flatten().next_back()?;
        let is_full = self.sends.iter().all(Option::is_some);
        Some(if is_full {
            Instant::END
        } else {
            newest.after(TOGETHER)
        })
    }

    /// Records a ping. Its pong tells about everything that was sent before it.
    pub(super) const fn on_ping(&mut self) {
        self.sends = [None; 4];
    }

    /// Records a ping that was sent because of silence.
    pub(super) fn on_ask(&mut self, now: Instant) {
        if let Some(last) = self.frames[0] {
            self.is_asked |= last.after(SILENCE) <= now;
        }
        if self.protocol_pings.stopped_at().is_some_and(|at| at <= now) {
            self.protocol_pings = ProtocolPings::default();
        }
        self.last_ask = Some(now);
    }

    /// Records that something but a pong was received at this time.
    pub(super) fn on_heard(&mut self, at: Instant) {
        while self.sends[0].is_some_and(|first| first < at) {
            let newest = Some(self.last_send).filter(|send| *send >= at);
            let [_, second, third, fourth] = self.sends;
            self.sends = [second.or(newest), third, fourth, None];
        }
    }

    /// Records a frame of the cloud.
    pub(super) fn on_frame(&mut self, at: Instant) {
        if self.frames[0].is_none_or(|last| last < at) {
            let [newest, second, _] = self.frames;
            self.frames = [Some(at), newest, second];
            self.is_asked = false;
        }
    }

    /// Records a protocol ping of the cloud.
    pub(super) fn on_protocol_ping(&mut self, at: Instant) {
        let pings = &mut self.protocol_pings;
        let Some(last) = pings.last.replace(at) else {
            return;
        };
        let interval = at.since(last);
        let (shortest, longest) = (pings.shortest.min(interval), pings.longest.max(interval));
        if longest.as_millis() * 5 <= shortest.as_millis() * 6 {
            pings.regular = pings.regular.saturating_add(1);
            (pings.shortest, pings.longest) = (shortest, longest);
        } else {
            pings.regular = 1;
            (pings.shortest, pings.longest) = (interval, interval);
        }
    }

    /// Earliest time of a ping because of silence.
    pub(super) fn ask_due(&self) -> Option<Instant> {
        let [newest, _, third] = self.frames;
        let is_talk = newest
            .zip(third)
            .is_some_and(|(newest, third)| newest.since(third) <= TALK);
        let talk = newest.filter(|_| is_talk && !self.is_asked);
        let silent = Instant::earliest(self.sends[0], talk).map(|at| at.after(SILENCE));
        let due = Instant::earliest(silent, self.protocol_pings.stopped_at())?;
        Some(self.last_ask.map_or(due, |last| due.max(last.after(PAUSE))))
    }

    /// Hashes the state. Times that are longer ago than `oldest` are equivalent.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, now: Instant, hasher: &mut impl Hasher) {
        let age = |at: Option<Instant>| at.map(|at| now.since(at).min(TALK));
        self.sends.map(age).hash(hasher);
        age(self.sends[0].map(|_| self.last_send)).hash(hasher);
        self.frames.map(age).hash(hasher);
        (self.is_asked, age(self.last_ask)).hash(hasher);
        let pings = &self.protocol_pings;
        (pings.regular, pings.shortest, pings.longest).hash(hasher);
        pings.last.map(|at| now.since(at)).hash(hasher);
    }
}

impl ProtocolPings {
    /// Time from which a regular rhythm has stopped.
    fn stopped_at(&self) -> Option<Instant> {
        let last = self.last.filter(|_| self.regular >= RHYTHM)?;
        let longest = self.longest.as_millis();
        Some(last.after(Duration::from_millis(longest + longest / 5)))
    }
}
