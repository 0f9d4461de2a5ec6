//! Pings of one connection, and the pongs that answer them.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::{Instant, PingId};

/// Most pings that are remembered on a connection whose pongs are unknown.
const MOST_UNJUDGED: usize = 32;

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
    /// It answers a ping that was written off: the cloud pongs, and nothing else is known.
    Late,
    /// It answers no ping of this connection.
    None,
    /// As `None`, and the pongs to come cannot be told apart from such ones.
    Foreign,
}

/// Pings of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Pings {
    /// Unanswered ones, oldest first.
    out: VecDeque<Ping>,
    /// The first one.
    first: Option<Ping>,
    /// Id of the newest one.
    newest: PingId,
    /// Number of pings without an answer that are no longer expected to have one.
    written_off: u32,
    /// Pongs repeat the ids of their pings.
    repeats_ids: bool,
    /// Somebody else's pongs arrive on this connection, and they have no ids.
    is_foreign: bool,
}

impl Pings {
    pub(super) fn push(&mut self, ping: Ping) {
        self.first.get_or_insert(ping);
        self.newest = ping.id;
        self.out.push_back(ping);
        if self.out.len() > MOST_UNJUDGED {
            self.write_off_oldest();
        }
    }

    /// Matches a pong. Pongs come in the order of their pings; one without an id answers the
    /// oldest.
    pub(super) fn answer(&mut self, id: Option<PingId>) -> Answer {
        if let Some(id) = id {
            self.repeats_ids = true;
            if let Some(index) = self.out.iter().position(|ping| ping.id == id) {
                let ping = self.out.drain(..=index).next_back();
                return ping.map_or(Answer::None, Answer::To);
            }
            let is_own = self.written_off > 0
                && self.first.is_some_and(|first| first.id <= id)
                && id <= self.newest;
            return if is_own { Answer::Late } else { Answer::None };
        }
        if self.repeats_ids || self.is_foreign {
            return Answer::None;
        }
        if let Some(ping) = self.out.pop_front() {
            return Answer::To(ping);
        }
        if self.written_off > 0 {
            self.written_off -= 1;
            return Answer::Late;
        }
        self.is_foreign = true;
        Answer::Foreign
    }

    /// Stops to expect answers to the oldest pings, as long as they are `overdue`.
    pub(super) fn write_off(&mut self, mut overdue: impl FnMut(&Ping) -> bool) {
        while self.out.front().is_some_and(&mut overdue) {
            self.write_off_oldest();
        }
    }

    fn write_off_oldest(&mut self) {
        if self.out.pop_front().is_some() {
            self.written_off += 1;
        }
    }

    /// Unanswered pings, oldest first.
    pub(super) fn out(&self) -> impl Iterator<Item = &Ping> {
        self.out.iter()
    }

    pub(super) fn oldest(&self) -> Option<&Ping> {
        self.out.front()
    }

    pub(super) fn first(&self) -> Option<&Ping> {
        self.first.as_ref()
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
        self.first.as_ref().map(age).hash(hasher);
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
