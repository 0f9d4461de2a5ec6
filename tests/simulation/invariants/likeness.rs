//! When two accounts are alike: what they will hold a session to is the same, but for names and
//! absolute times.

use std::hash::{Hash, Hasher};

use super::Rules;
use crate::app::Mail;

/// From where names and times are seen.
pub struct View {
    pub now: u64,
    /// The messages that still matter.
    mails: Vec<u32>,
    /// Places in the order of all messages.
    places: Vec<u32>,
}

impl View {
    /// A message by its rank among those that still matter; none of these is an error.
    pub fn mail(&self, mail: Mail) -> Result<usize, u32> {
        let rank = self.mails.binary_search(&mail.serial);
        rank.map_err(|_| mail.serial)
    }

    /// A place by its rank among those that still matter.
    pub fn place(&self, place: u32) -> Result<usize, usize> {
        self.places.binary_search(&place)
    }

    /// How long ago that was, where it makes no difference beyond `longest`.
    pub const fn age(&self, at: u64, longest: u64) -> u64 {
        let age = self.now.saturating_sub(at);
        if age < longest { age } else { longest }
    }
}

impl Rules {
    /// Names and times as this account sees them now.
    pub fn view(&self) -> View {
        let sorted = |mut serials: Vec<u32>| {
            serials.sort_unstable();
            serials.dedup();
            serials
        };
        let places = self.mailbox.places().chain(self.flushes.places());
        let places = places.chain([self.written]);
        View {
            now: self.decisions.now,
            mails: sorted(self.mailbox.mails().collect()),
            places: sorted(places.collect()),
        }
    }

    /// Feeds `hasher` with all that decides what this account will say.
    pub fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        let (socket, run) = (self.decisions.socket, self.decisions.run());
        view.place(self.written).hash(hasher);
        self.decisions.fingerprint(view, hasher);
        self.generations.fingerprint(socket, hasher);
        self.grammar.fingerprint(view, hasher);
        self.mailbox.fingerprint(view, socket, hasher);
        self.flushes.fingerprint(view, run, hasher);
        self.promises.fingerprint(run, hasher);
    }
}

/// Hashes a sequence so that no two lists of sequences look the same.
pub fn hash_all<T: Hash>(all: impl ExactSizeIterator<Item = T>, hasher: &mut impl Hasher) {
    all.len().hash(hasher);
    for one in all {
        one.hash(hasher);
    }
}
