//! Search for a message that the cloud refuses.
//!
//! The model does not predict how many messages go out at a time while it lasts. It checks that
//! there are never more than the pongs allow, and that none is blamed unless it was alone.

use tpa_session::session::{Close, DropReason};

use super::{Entry, Outbox};
use crate::Message;

/// A closure that comes later than this after a message has nothing to do with it, ms.
const SHORTLY: u64 = 2000;
const MOST_SUSPECTS: u8 = 8;
const MOST_FREE: u8 = 64;
const TOO_BIG: u16 = 1009;
const FAULTS: [&str; 6] = [
    "malformed",
    "invalid message",
    "invalid json",
    "unknown message",
    "too large",
    "too big",
];

#[derive(Clone, Debug)]
pub struct Search {
    patience: u64,
    /// The connection has answered a ping, or lived for long enough without one.
    pub(in crate::model) proved: bool,
    /// Time of the ack, or of the last frame that went out.
    pub(in crate::model) since: u64,
    /// Most messages that may be out.
    pub(in crate::model) window: u64,
    /// Frames that are out.
    pub(in crate::model) out: u64,
    /// The message that is out alone.
    pub(in crate::model) sole: Option<Message>,
    /// It was out alone when the connection was closed like this.
    pub(in crate::model) suspect: Option<(Message, Close)>,
    pub(in crate::model) suspects: u8,
    pub(in crate::model) free: u8,
    /// More went out than the pongs allow.
    pub(super) breach: bool,
}

impl Search {
    const fn new(patience: u64) -> Self {
        Self {
            patience,
            proved: false,
            since: 0,
            window: 1,
            out: 0,
            sole: None,
            suspect: None,
            suspects: 0,
            free: 0,
            breach: false,
        }
    }

    pub(super) fn connected(&mut self, now: u64) {
        self.proved = false;
        self.since = now;
        self.window = 1;
        self.out = 0;
        self.sole = None;
    }

    /// A frame goes out: a message, or a list of streams.
    pub(super) fn went_out(&mut self, message: Option<Message>, now: u64) {
        self.wait(now);
        self.breach |= message.is_some() && (!self.proved || self.out >= self.window);
        self.out += 1;
        self.sole = message.filter(|_| self.out == 1);
        self.since = now;
    }

    /// So much time without a closure is as good as a pong.
    pub(super) fn wait(&mut self, now: u64) {
        let is_over = self.since.saturating_add(self.patience) <= now;
        while is_over && (self.out > 0 || !self.proved) {
            self.pass();
        }
    }

    pub(super) fn pass(&mut self) {
        if !std::mem::replace(&mut self.proved, true) {
            return;
        }
        self.window = self.window.saturating_mul(2);
        self.out = 0;
        self.sole = None;
        self.suspect = None;
    }
}

impl Outbox {
    /// The peer closes the live connection; `is_stable` if that had lasted. Returns whether the
    /// next attempt does not count.
    pub fn blame(&mut self, close: &Close, is_stable: bool, now: u64) -> bool {
        let is_repeated = self.is_repeated(now);
        if let Some(search) = &mut self.search {
            search.wait(now);
            if is_stable {
                (search.suspects, search.free) = (0, 0);
            }
            if search.out == 0 {
                search.suspect = search.suspect.take().filter(|(_, seen)| seen != close);
            }
        }
        if !(is_repeated || names_message(close)) || !self.has_unconfirmed() {
            return false;
        }
        let Some(mut search) = self.search.take() else {
            self.search = Some(Search::new(self.patience));
            return false;
        };
        let goes_on = match search.sole {
            Some(message) => self.judge(&mut search, message, close),
            None => search.out > 0 && search.window > 1,
        };
        let is_free = goes_on && search.free < MOST_FREE;
        search.free += u8::from(is_free);
        self.search = Some(search);
        is_free
    }

    /// One message was out alone. Returns whether that tells anything.
    fn judge(&mut self, search: &mut Search, message: Message, close: &Close) -> bool {
        let is_second = search.suspect.take() == Some((message, close.clone()));
        if !is_second && search.suspects == MOST_SUSPECTS {
            return false;
        }
        search.suspects += u8::from(!is_second);
        if is_second || close.code == TOO_BIG {
            self.in_flight.retain(|entry| entry.message != message);
            self.queue.retain(|entry| entry.message != message);
            self.drop_all([(message, DropReason::Refused)]);
        } else if self.entries().any(|entry| entry.message == message) {
            search.suspect = Some((message, close.clone()));
        }
        true
    }

    /// The second closure in a row shortly after the same message.
    fn is_repeated(&mut self, now: u64) -> bool {
        let is_recent = |entry: &Entry| entry.sent_at.is_some_and(|at| at + SHORTLY >= now);
        let mut repeated = false;
        for entry in &mut self.in_flight {
            let recent = is_recent(entry);
            repeated |= recent && entry.hit;
            entry.hit = recent;
        }
        for entry in &mut self.queue {
            entry.hit = false;
        }
        repeated
    }

    /// A pong came, and what it confirms is confirmed.
    pub(super) fn acquit(&mut self, is_stable: bool) {
        if self.search.is_some() {
            self.expire(self.now);
            self.forget_expired(self.now);
        }
        let is_queued = |message| self.queue.iter().any(|entry| entry.message == message);
        let suspect = self
            .search
            .as_ref()
            .and_then(|search| search.suspect.as_ref());
        let is_gone = suspect.is_some_and(|(message, _)| !is_queued(*message));
        let is_open = self.has_unconfirmed();
        let waits = self.has_queued();
        let now = self.now;
        let Some(search) = &mut self.search else {
            return;
        };
        search.wait(now);
        if is_gone && search.out == 0 {
            search.suspect = None;
        }
        if !search.proved || (search.out > 0 && !is_open) {
            search.pass();
        }
        if search.out == 0 && search.suspect.is_none() && !waits && is_stable {
            self.search = None;
        }
    }
}

fn names_message(close: &Close) -> bool {
    let reason = close.reason.to_lowercase();
    match close.code {
        1003 | 1007 | TOO_BIG => true,
        1008 => FAULTS.iter().any(|fault| reason.contains(fault)),
        _ => false,
    }
}
