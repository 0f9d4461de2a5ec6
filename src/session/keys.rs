//! Keys of messages, and the table of the stored ones by key.

use hashbrown::HashTable;

use crate::session::protocol::key_digest;
use crate::session::replaces;

/// Key of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    text: String,
    /// The [digest](key_digest), made once, since both stores need it several times.
    digest: u32,
}

impl Key {
    pub(super) fn new(text: String) -> Self {
        let digest = key_digest(&text);
        Self { text, digest }
    }

    /// True if a message with this key [replaces] one with the other.
    pub(super) fn replaces(&self, older: &Self) -> bool {
        replaces(&self.text, &older.text)
    }

    #[cfg(feature = "test-util")]
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Serials of messages by the digest of their keys. Empty, it has no heap memory.
#[derive(Clone, Debug)]
pub(super) struct Keys(HashTable<(u32, u64)>);

impl Keys {
    pub(super) const fn new() -> Self {
        Self(HashTable::new())
    }

    /// Adds a message, which is not in the table.
    pub(super) fn insert(&mut self, key: &Key, serial: u64) {
        let digest = key.digest;
        self.0
            .insert_unique(hash(digest), (digest, serial), |pair| hash(pair.0));
    }

    /// Removes a message, which is in the table.
    pub(super) fn remove(&mut self, key: &Key, serial: u64) {
        let pair = (key.digest, serial);
        if let Ok(found) = self.0.find_entry(hash(key.digest), |other| *other == pair) {
            found.remove();
        }
    }

    /// Serials of the messages whose key has the same digest as this one, in any order.
    pub(super) fn candidates(&self, key: &Key) -> impl Iterator<Item = u64> {
        let digest = key.digest;
        let pairs = self.0.iter_hash(hash(digest));
        pairs.filter_map(move |pair| (pair.0 == digest).then_some(pair.1))
    }
}

/// Hash of a digest. Its upper half repeats the lower one: a table uses both ends.
fn hash(digest: u32) -> u64 {
    u64::from(digest) << 32 | u64::from(digest)
}
