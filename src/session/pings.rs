//! Pings of one connection, and the pongs that answer them.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::{Instant, PingId};

/// Most pings that are remembered.
const MOST_UNANSWERED: usize = 32;

/// Ping that has not been answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ping {
    pub(super) id: PingId,
    pub(super) sent_at: Instant,
    /// Newest message of the app that was sent before it.
    pub(super) serial: u64,
    /// Bytes that were handed over before it on this connection.
    pub(super) handed: u32,
}

/// Relation of a pong to the pings of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// It answers this ping, and so all before it.
    To(Ping),
    /// As `To`, and no answer was expected any more.
    Late(Ping),
    /// It answers no ping of this connection.
    None,
    /// As `None`, and the pongs to come cannot be told apart from such ones.
    Foreign,
}

/// Pings of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Pings {
    /// Unanswered ones, oldest first.
    out: Vec<Ping>,
    /// Number of the oldest ones that are no longer expected to be answered.
    written_off: usize,
    /// Time of the first one.
    first: Option<Instant>,
    /// Pongs repeat the ids of their pings.
    repeats_ids: bool,
    /// Somebody else's pongs arrive on this connection, and they have no ids.
    is_foreign: bool,
}

impl Pings {
    pub(super) fn push(&mut self, ping: Ping) {
        self.first.get_or_insert(ping.sent_at);
        self.out.push(ping);
        if self.out.len() > MOST_UNANSWERED {
            self.out.remove(0);
            self.written_off = self.written_off.saturating_sub(1);
        }
    }

    /// Matches a pong. Pongs come in the order of their pings; one without an id answers the
    /// oldest that is expected to be answered.
    pub(super) fn answer(&mut self, id: Option<PingId>) -> Answer {
        let expected = self.written_off;
        if id.is_none() {
            if self.repeats_ids || self.is_foreign {
                return Answer::None;
            }
            if expected < self.out.len() {
                return Answer::To(self.out.remove(expected));
            }
        }
        self.repeats_ids |= id.is_some();
        let is_answered = |ping: &Ping| id.is_none_or(|id| ping.id == id);
        let Some(index) = self.out.iter().position(is_answered) else {
            self.is_foreign |= id.is_none();
            return if id.is_none() {
                Answer::Foreign
            } else {
                Answer::None
            };
        };
        self.written_off = expected.saturating_sub(index + 1);
        let ping = self.out[index];
        self.out.copy_within(index + 1.., 0);
        self.out.truncate(self.out.len() - index - 1);
        if index >= expected {
            Answer::To(ping)
        } else {
            Answer::Late(ping)
        }
    }

    /// Stops to expect answers to the oldest pings, as long as they are `overdue`.
    pub(super) fn write_off(&mut self, mut overdue: impl FnMut(&Ping) -> bool) {
        while self.oldest().is_some_and(&mut overdue) {
            self.written_off += 1;
        }
    }

    /// Pings that are expected to be answered, oldest first.
    pub(super) fn out(&self) -> &[Ping] {
        self.out.get(self.written_off..).unwrap_or_default()
    }

    /// Oldest of them.
    pub(super) fn oldest(&self) -> Option<&Ping> {
        self.out.get(self.written_off)
    }

    /// Time of the first ping.
    pub(super) const fn first(&self) -> Option<Instant> {
        self.first
    }

    /// Serials of all unanswered pings.
    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> impl Iterator<Item = u64> {
        self.out.iter().map(|ping| ping.serial)
    }

    /// Hashes the state. Ids count by their distance from the newest one of the session.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, last_id: PingId, now: Instant, hasher: &mut impl Hasher) {
        let age = |ping: &Ping| (last_id.0.wrapping_sub(ping.id.0), now.since(ping.sent_at));
        self.out.len().hash(hasher);
        for ping in &self.out {
            age(ping).hash(hasher);
            ping.handed.wrapping_sub(self.out[0].handed).hash(hasher);
        }
        self.first.map(|at| now.since(at)).hash(hasher);
        (self.written_off, self.repeats_ids, self.is_foreign).hash(hasher);
    }

    /// True if pongs prove that pings arrive.
    pub(super) const fn is_conclusive(&self) -> bool {
        self.repeats_ids || !self.is_foreign
    }

    /// True if a ping of this connection was never answered and is no longer expected to be.
    pub(super) const fn has_written_off(&self) -> bool {
        self.written_off > 0
    }
}
