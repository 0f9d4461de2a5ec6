//! State that survives a lost connection: messages with a key that went out and may not have
//! arrived. They are sent once more after the reconnect, before the queue.

use std::collections::VecDeque;
#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::outbox::Message;
use crate::session::store::Departure;
use crate::session::{Close, CloseKind, Duration, Instant, Payload, Session, replaces};

/// Most messages that are kept.
const MOST_MESSAGES: usize = 32;
/// Most bytes of all kept messages together.
const MOST_BYTES: usize = 64 * 1024;
/// Age from which a message is let go where the cloud is not known to answer pings.
const LONGEST: Duration = Duration::from_millis(20_000);

#[derive(Clone, Debug)]
struct Kept<P> {
    message: Message<P>,
    size: usize,
    serial: u64,
    sent_at: Instant,
}

/// The kept messages, oldest first. Those that are due after the reconnect come first.
#[derive(Clone, Debug)]
pub(super) struct Replay<P> {
    kept: VecDeque<Kept<P>>,
    due: usize,
}

impl<P> Replay<P> {
    /// Serial of the first message that is due.
    pub(super) fn first_due(&self) -> Option<u64> {
        let first = self.kept.front().filter(|_| self.due > 0);
        first.map(|kept| kept.serial)
    }

    /// Size of that message.
    pub(super) fn next_size(&self) -> Option<usize> {
        let first = self.kept.front().filter(|_| self.due > 0);
        first.map(|kept| kept.size)
    }

    /// Removes the messages that `lets_go` selects from those that went out on this connection.
    fn retain_sent(&mut self, lets_go: impl Fn(&Kept<P>) -> bool) {
        let mut index = 0;
        let due = self.due;
        self.kept.retain(|kept| {
            index += 1;
            index <= due || !lets_go(kept)
        });
    }

    fn remove(&mut self, index: usize) {
        self.kept.remove(index);
        if index < self.due {
            self.due -= 1;
        }
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|kept| kept.size).sum()
    }

    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> impl Iterator<Item = u64> {
        self.kept.iter().map(|kept| kept.serial)
    }

    /// Hashes everything but the serials; see
    /// [`Store::fingerprint`](crate::session::store::Store::fingerprint).
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(
        &self,
        now: Instant,
        name: &impl Fn(&P) -> u64,
        hasher: &mut impl Hasher,
    ) {
        (self.due, self.kept.len()).hash(hasher);
        for (index, kept) in self.kept.iter().enumerate() {
            let ahead = kept.message.expires.map(|at| at.since(now));
            let age = (index >= self.due).then(|| now.since(kept.sent_at).min(LONGEST));
            (name(&kept.message.payload), &kept.message.key).hash(hasher);
            (ahead, age, kept.size).hash(hasher);
        }
    }
}

impl<P: Payload> Session<P> {
    /// Keeps a message that goes out now, if it is state, in place of those that it replaces.
    pub(super) fn keep_state(&mut self, message: &Message<P>, serial: u64, sent_at: Instant) {
        self.let_go_of_state();
        self.forget_state(message.key.as_deref());
        if message.key.is_none() || !message.replay {
            return;
        }
        let size = message.payload.size();
        if size > MOST_BYTES {
            return;
        }
        let replay = self.replay.get_or_insert_with(|| {
            Box::new(Replay {
                kept: VecDeque::new(),
                due: 0,
            })
        });
        replay.kept.push_back(Kept {
            message: message.clone(),
            size,
            serial,
            sent_at,
        });
        while replay.kept.len() > MOST_MESSAGES || replay.bytes() > MOST_BYTES {
            replay.remove(0);
        }
    }

    /// Lets go of the messages that one with this key replaces.
    pub(super) fn forget_state(&mut self, key: Option<&str>) {
        let (Some(key), Some(replay)) = (key, &mut self.replay) else {
            return;
        };
        for index in (0..replay.kept.len()).rev() {
            let older = replay.kept[index].message.key.as_deref();
            if older.is_some_and(|older| replaces(key, older)) {
                replay.remove(index);
            }
        }
    }

    /// Lets go of the messages up to this serial: they were received.
    pub(super) fn confirm_state(&mut self, serial: u64) {
        if let Some(replay) = &mut self.replay {
            replay.retain_sent(|kept| kept.serial <= serial);
        }
    }

    /// Lets go of what is too old, and of the table if it is empty.
    pub(super) fn let_go_of_state(&mut self) {
        let (now, is_answered) = (self.now, self.run.answered);
        if let Some(replay) = &mut self.replay {
            replay.retain_sent(|kept| !is_answered && now.since(kept.sent_at) > LONGEST);
            if replay.kept.is_empty() {
                self.replay = None;
            }
        }
    }

    /// Handles the end of a connection: what is kept is due after the reconnect if the line was
    /// lost, and let go otherwise.
    pub(super) fn decide_on_state(&mut self, close: &Close, kind: CloseKind) {
        self.let_go_of_state();
        if close.is_lost(kind) {
            if let Some(replay) = &mut self.replay {
                replay.due = replay.kept.len();
            }
        } else {
            self.replay = None;
        }
    }

    /// Takes the next message that is due. Those that have expired are let go.
    pub(super) fn next_state(&mut self) -> Option<Departure<P>> {
        let replay = self.replay.as_mut()?;
        while replay.due > 0 {
            replay.due -= 1;
            let kept = replay.kept.pop_front()?;
            if kept.message.expires.is_none_or(|at| at > self.now) {
                return Some(Departure {
                    // Without a key it is not kept again, and replaces nothing.
                    message: Message {
                        key: None,
                        ..kept.message
                    },
                    size: kept.size,
                    serial: kept.serial,
                    announced: false,
                });
            }
        }
        None
    }
}
