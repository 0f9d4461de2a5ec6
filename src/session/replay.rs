//! State that survives a lost connection: messages with a key that went out and may not have
//! arrived. They are sent once more after the reconnect, before the queue.
//!
//! All of them are in flight on this connection, or all of them are due.

use crate::session::outbox::Message;
use crate::session::store::{Departure, Store};
use crate::session::{Close, CloseKind, Duration, Instant, Limits, Payload, Session};

/// Bounds of the table.
const LIMITS: Limits = Limits {
    messages: 32,
    bytes: 64 * 1024,
    buffered: 0,
};
/// Age from which a message is let go where the cloud has not answered a ping.
const LONGEST: Duration = Duration::from_millis(20_000);

impl<P: Payload> Session<P> {
    /// Keeps a message that goes out, if it is state, in place of those that it replaces.
    pub(super) fn keep_state(
        &mut self,
        message: &Message<P>,
        (serial, size): (u64, usize),
        sent_at: Instant,
    ) {
        self.let_go_of_state();
        self.forget_state(message.key.as_deref());
        if message.key.is_some() && message.replay {
            let new = || Box::new(Store::new(LIMITS));
            let replay = self.replay.get_or_insert_with(new);
            replay.keep(message.clone(), (serial, size), sent_at);
        }
    }

    /// Lets go of the messages that one with this key replaces.
    pub(super) fn forget_state(&mut self, key: Option<&str>) {
        if let Some(replay) = &mut self.replay {
            replay.remove_replaced(key);
        }
    }

    /// Lets go of the messages up to this serial: they were received.
    pub(super) fn confirm_state(&mut self, serial: u64) {
        if let Some(replay) = &mut self.replay {
            replay.confirm(serial);
        }
    }

    /// Lets go of what is too old, and of the table if it is empty.
    pub(super) fn let_go_of_state(&mut self) {
        if let Some(replay) = &mut self.replay {
            if !self.run.answered {
                replay.forget_sent(LONGEST, self.now);
            }
            if replay.is_empty() {
                self.replay = None;
            }
        }
    }

    /// Handles the end of a connection: what is kept is due after the reconnect if the line was
    /// lost, and let go otherwise.
    pub(super) fn decide_on_state(&mut self, close: &Close, kind: CloseKind) {
        self.let_go_of_state();
        match &mut self.replay {
            Some(replay) if close.is_lost(kind) => replay.requeue(self.now),
            _ => self.replay = None,
        }
    }

    /// Takes the next message that is due. Those that have expired are let go.
    pub(super) fn next_state(&mut self) -> Option<Departure<P>> {
        let replay = self.replay.as_mut()?;
        replay.take_expired(self.now);
        let mut next = replay.next(false, self.now)?;
        // Without a key it is not kept again, and replaces nothing.
        next.message.key = None;
        Some(next)
    }

    /// Serial of the first message that is due.
    pub(super) fn first_due(&self) -> Option<u64> {
        self.replay.as_ref()?.first_queued()
    }
}
