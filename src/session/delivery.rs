//! What has been received: a pong confirms all that was sent before its ping, since a
//! connection keeps the order (RFC 9293, section 3.1).

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use super::input::FlushId;
use super::time::Instant;

/// What becomes of a message whose connection is lost before it is confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// It is not sent again.
    #[default]
    AtMostOnce,
    /// It is sent again, and may be received twice.
    AtLeastOnce,
}

impl Delivery {
    /// Name in the option `delivery`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtMostOnce => "at-most-once",
            Self::AtLeastOnce => "at-least-once",
        }
    }
}

/// A ping whose pong will confirm something.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingPing {
    /// Which of the connection's pings.
    ping: u64,
    /// The newest message that was sent before it.
    serial: u64,
    pub(super) sent_at: Instant,
}

/// Messages have serials in the order in which the app handed them over.
#[derive(Clone, Debug, Default)]
pub(super) struct AckTracker {
    /// The newest of all.
    accepted: u64,
    /// The newest that was sent.
    transmitted: u64,
    /// The newest that was received, as far as anybody will ever know.
    confirmed: u64,
    /// Sent and received on this connection.
    pings: u64,
    pongs: u64,
    pub(super) pending_ping: Option<PendingPing>,
    /// The cloud went on talking and did not pong.
    pub(super) unanswered: bool,
    /// Who waits until everything up to a serial is received. At most two: whoever comes while
    /// one is waiting shares the second.
    flushes: VecDeque<(FlushId, u64)>,
    last_flush: FlushId,
}

impl AckTracker {
    pub(super) const fn accept(&mut self) -> u64 {
        self.accepted += 1;
        self.accepted
    }

    pub(super) fn transmitted(&mut self, serial: u64) {
        self.transmitted = self.transmitted.max(serial);
    }

    /// Whether something was sent and is not confirmed.
    pub(super) const fn is_open(&self) -> bool {
        self.transmitted > self.confirmed
    }

    pub(super) const fn pinged(&mut self, now: Instant) {
        self.pings += 1;
        if self.pending_ping.is_none() {
            self.pending_ping = Some(PendingPing {
                ping: self.pings,
                serial: self.transmitted,
                sent_at: now,
            });
        }
    }

    /// Takes in a pong: the pending_ping that it answers.
    pub(super) fn ponged(&mut self) -> Option<PendingPing> {
        self.unanswered = false;
        // A pong that nobody asked for confirms nothing.
        if self.pongs < self.pings {
            self.pongs += 1;
        }
        let answered = self.pending_ping.take_if(|ping| ping.ping <= self.pongs)?;
        self.confirmed = self.confirmed.max(answered.serial);
        Some(answered)
    }

    pub(super) const fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// The connection is lost. Whether something that it carried will never be confirmed.
    pub(super) fn cut(&mut self, guarantee: Delivery) -> bool {
        let open = self.is_open();
        self.pending_ping = None;
        self.unanswered = false;
        (self.pings, self.pongs) = (0, 0);
        match guarantee {
            Delivery::AtMostOnce => self.confirmed = self.transmitted,
            Delivery::AtLeastOnce => self.transmitted = self.confirmed,
        }
        open && guarantee == Delivery::AtMostOnce
    }

    /// Nobody will ever know of what was sent so far.
    pub(super) const fn give_up(&mut self) {
        self.confirmed = self.transmitted;
    }

    pub(super) fn flush(&mut self) -> FlushId {
        let is_asked = self
            .flushes
            .back()
            .is_some_and(|&(_, serial)| serial == self.accepted);
        if is_asked {
            return self.last_flush;
        }
        if self.flushes.len() < 2 {
            self.last_flush = FlushId(self.last_flush.0.wrapping_add(1));
            self.flushes.push_back((self.last_flush, self.accepted));
        } else if let Some((_, serial)) = self.flushes.back_mut() {
            *serial = self.accepted;
        }
        self.last_flush
    }

    pub(super) fn is_flushing(&self) -> bool {
        !self.flushes.is_empty()
    }

    /// Takes out the first flush if it is complete; `waiting` is the first message that waits.
    pub(super) fn take_flushed(&mut self, waiting: Option<u64>) -> Option<FlushId> {
        let &(id, serial) = self.flushes.front()?;
        let is_sent = waiting.is_none_or(|first| first > serial);
        let is_received = !self.is_open() || self.confirmed >= serial;
        (is_sent && is_received).then(|| {
            self.flushes.pop_front();
            id
        })
    }

    pub(super) fn take_flush(&mut self) -> Option<FlushId> {
        self.flushes.pop_front().map(|(id, _)| id)
    }

    /// How many flushes are younger than this one.
    #[cfg(feature = "test-util")]
    pub(super) const fn age(&self, flush: FlushId) -> u32 {
        self.last_flush.0.wrapping_sub(flush.0)
    }

    /// Serials, those of the messages that are `kept` included, are only ever compared: each
    /// counts by its rank among all. A pending_ping that was asked so long ago that whatever is heard
    /// now is later than its deadline was asked however long ago.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(
        &self,
        kept: &[u64],
        (now, patience): (Instant, super::time::Duration),
        hasher: &mut impl Hasher,
    ) {
        let pending_ping = self.pending_ping;
        let mut serials = vec![self.accepted, self.transmitted, self.confirmed];
        serials.extend(pending_ping.map(|pending_ping| pending_ping.serial));
        serials.extend(self.flushes.iter().map(|&(_, serial)| serial));
        serials.extend(kept);
        let mut order = serials.clone();
        order.sort_unstable();
        order.dedup();
        let ranks: Vec<_> = serials
            .iter()
            .map(|serial| order.binary_search(serial))
            .collect();
        ranks.hash(hasher);
        let longest = 2 * patience.as_millis() + 1;
        let pending_ping = pending_ping.map(|pending_ping| {
            let age = now.since(pending_ping.sent_at).as_millis().min(longest);
            (pending_ping.ping.wrapping_sub(self.pongs), age)
        });
        let unanswered = self.pings.wrapping_sub(self.pongs);
        (pending_ping, unanswered, self.unanswered).hash(hasher);
        self.flushes.len().hash(hasher);
        for &(flush, _) in &self.flushes {
            self.age(flush).hash(hasher);
        }
    }
}
