//! Keys of the stored messages.

use hashbrown::HashTable;

use crate::session::protocol::key_digest;

/// Serials of messages by the [digest](key_digest) of their keys. Empty, it has no heap memory.
#[derive(Clone, Debug)]
pub(super) struct Keys(HashTable<(u64, u64)>);

impl Keys {
    pub(super) const fn new() -> Self {
        Self(HashTable::new())
    }

    /// Adds a message, which is not in the table.
    pub(super) fn insert(&mut self, key: &str, serial: u64) {
        let digest = key_digest(key);
        self.0
            .insert_unique(digest, (digest, serial), |pair| pair.0);
    }

    /// Removes a message, which is in the table.
    pub(super) fn remove(&mut self, key: &str, serial: u64) {
        let pair = (key_digest(key), serial);
        if let Ok(found) = self.0.find_entry(pair.0, |other| *other == pair) {
            found.remove();
        }
    }

    /// Serials of the messages whose key has the same digest as this one, in any order.
    pub(super) fn candidates(&self, key: &str) -> impl Iterator<Item = u64> {
        let digest = key_digest(key);
        let pairs = self.0.iter_hash(digest);
        pairs.filter_map(move |pair| (pair.0 == digest).then_some(pair.1))
    }
}
