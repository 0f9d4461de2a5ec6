//! Pings of one connection, and the pongs that answer them.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::{Instant, PingId};

/// Most unanswered pings that are remembered.
const MOST_UNANSWERED: usize = 32;
/// Most serials that are remembered of pings that pongs without ids confirm.
const MOST_SERIALS: usize = 32;

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
    /// It confirms the messages up to this serial, and no answer was expected any more. The bytes
    /// are those before its ping, if that is known.
    Late(u64, Option<u32>),
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
    /// Serials that the pongs to come confirm, and the number of such pongs, as long as none has
    /// an id. What there is no room for counts as the one before.
    order: Vec<(u64, u32)>,
    /// Time of the first ping.
    first: Option<Instant>,
    /// Pongs repeat the ids of their pings.
    repeats_ids: bool,
    /// Somebody else's pongs arrive on this connection, and they have no ids.
    is_foreign: bool,
}

impl Pings {
    pub(super) fn push(&mut self, ping: Ping) {
        self.first.get_or_insert(ping.sent_at);
        // Usually one is out.
        self.out.reserve_exact(1);
        self.out.push(ping);
        if self.out.len() > MOST_UNANSWERED {
            self.out.remove(0);
            self.written_off = self.written_off.saturating_sub(1);
        }
        let is_full = self.order.len() == MOST_SERIALS;
        match self.order.last_mut() {
            _ if self.repeats_ids => {}
            Some((serial, count)) if *serial == ping.serial || is_full => *count += 1,
            _ => {
                self.order.reserve_exact(1);
                self.order.push((ping.serial, 1));
            }
        }
    }

    /// Matches a pong. Pongs come in the order of their pings.
    pub(super) fn answer(&mut self, id: Option<PingId>) -> Answer {
        let Some(id) = id else {
            return self.answer_next();
        };
        self.repeats_ids = true;
        self.order = Vec::new();
        let Some(index) = self.out.iter().position(|ping| ping.id == id) else {
            return Answer::None;
        };
        let ping = self.out[index];
        let is_expected = index >= self.written_off;
        self.out.drain(..=index);
        self.written_off = self.written_off.saturating_sub(index + 1);
        if is_expected {
            Answer::To(ping)
        } else {
            Answer::Late(ping.serial, Some(ping.handed))
        }
    }

    /// Matches a pong without an id. It answers the oldest ping that is expected to be answered;
    /// but it may be the late answer to an older one, so that the first pong confirms no more than
    /// the first ping would, the second no more than the second, and so on.
    fn answer_next(&mut self) -> Answer {
        if self.repeats_ids || self.is_foreign {
            return Answer::None;
        }
        let Some((serial, count)) = self.order.first_mut() else {
            self.is_foreign = true;
            return Answer::Foreign;
        };
        let serial = *serial;
        *count -= 1;
        if *count == 0 {
            self.order.remove(0);
        }
        if self.written_off < self.out.len() {
            let ping = self.out.remove(self.written_off);
            return Answer::To(Ping { serial, ..ping });
        }
        self.out.drain(..self.written_off.min(1));
        self.written_off = self.out.len();
        Answer::Late(serial, None)
    }

    /// Stops to expect an answer to the oldest ping.
    pub(super) const fn write_off_oldest(&mut self) {
        self.written_off += 1;
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

    /// Serials that pongs may confirm.
    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> impl Iterator<Item = u64> {
        let order = self.order.iter().map(|(serial, _)| *serial);
        self.out.iter().map(|ping| ping.serial).chain(order)
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
        self.order.len().hash(hasher);
        for (_, count) in &self.order {
            count.hash(hasher);
        }
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
