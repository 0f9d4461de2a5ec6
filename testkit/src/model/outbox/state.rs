//! State that survives the line: messages with a key that went out and that nobody confirmed.

use tpa_session::session::{Cause, CloseKind};

use super::keys::supersedes;
use super::{Entry, Outbox};

/// Most of them, and most bytes.
const MOST: usize = 32;
const MOST_BYTES: usize = 64 * 1024;
/// Longest time before the loss, where no pong tells more, ms.
const WINDOW: u64 = 20_000;

#[derive(Clone, Debug, Default)]
pub struct Survivors {
    /// To be sent once more, before the queue.
    pub(in crate::model) due: Vec<Entry>,
    /// Sent on the live connection.
    pub(in crate::model) sent: Vec<Entry>,
}

impl Survivors {
    /// A message with this key makes the older ones pointless.
    pub(super) fn supersede(&mut self, key: Option<&str>) {
        for list in [&mut self.due, &mut self.sent] {
            list.retain(|older| !supersedes(key, older.key.as_deref()));
        }
    }

    /// A message goes out for the first time, and nothing else keeps it.
    pub(super) fn remember(&mut self, entry: &Entry, answered: bool, now: u64) {
        self.forget_old(answered, now);
        self.supersede(entry.key.as_deref());
        if entry.key.is_none() || !entry.replay || entry.message.size > MOST_BYTES {
            return;
        }
        self.sent.push(Entry {
            announced: false,
            ..entry.clone()
        });
        while self.all().count() > MOST
            || self.all().map(|entry| entry.message.size).sum::<usize>() > MOST_BYTES
        {
            let list = if self.due.is_empty() {
                &mut self.sent
            } else {
                &mut self.due
            };
            list.remove(0);
        }
    }

    /// Where the cloud has not `answered` a ping, only the last seconds count.
    pub(super) fn forget_old(&mut self, answered: bool, now: u64) {
        let is_old = |entry: &Entry| entry.sent_at.is_none_or(|at| at + WINDOW < now);
        self.sent.retain(|entry| answered || !is_old(entry));
    }

    pub(super) fn confirm(&mut self, place: u32) {
        self.sent.retain(|entry| entry.place > place);
    }

    /// The connection is over.
    pub(super) fn lose(&mut self, cause: &Cause, answered: bool, now: u64) {
        self.forget_old(answered, now);
        if is_lost(cause) {
            self.due.append(&mut self.sent);
        } else {
            *self = Self::default();
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.due.iter().chain(&self.sent)
    }
}

impl Outbox {
    pub fn forget_old(&mut self) {
        self.survivors.forget_old(self.answered, self.now);
    }

    /// Those that are due and have expired are let go.
    pub(super) fn forget_expired(&mut self, now: u64) {
        let due = &mut self.survivors.due;
        due.retain(|entry| entry.expires.is_none_or(|at| at > now));
    }

    /// The next one that is due.
    pub(super) fn next_survivor(&mut self) -> Option<Entry> {
        let due = &mut self.survivors.due;
        (!due.is_empty()).then(|| due.remove(0))
    }
}

/// The line broke; nobody refused or ended anything.
fn is_lost(cause: &Cause) -> bool {
    let by_browser = cause.code == 1001 && cause.kind == CloseKind::Abnormal;
    let codes = [1005, 1006, 1011, 1012, 1013, 1014, 1015, 4008];
    codes.contains(&cause.code) || by_browser
}
