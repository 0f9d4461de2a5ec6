//! State that survives a lost connection: messages with a key that went out and may not have
//! arrived. They are sent once more after the reconnect, before the queue.
//!
//! All of them are in flight on this connection, or all of them are due.

use crate::session::outbox::Message;
use crate::session::store::Departure;
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
        self.replay.remove_replaced(message.key.as_ref());
        if message.key.is_some() && message.replay {
            self.replay
                .keep(message.clone(), (serial, size), sent_at, LIMITS);
        }
    }

    /// Bytes that can be kept in addition, of messages with one key; `None` if there is no space.
    pub(super) fn room_for_state(&self) -> Option<usize> {
        let (messages, bytes) = self.replay.kept();
        (messages < LIMITS.messages).then(|| LIMITS.bytes.saturating_sub(bytes))
    }

    /// Lets go of what is too old.
    pub(super) fn let_go_of_state(&mut self) {
        if !self.run.answered {
            self.replay.forget_sent(LONGEST, self.now);
        }
    }

    /// Handles the end of a connection: what is kept is due after the reconnect if the line was
    /// lost, and let go otherwise.
    pub(super) fn decide_on_state(&mut self, close: &Close, kind: CloseKind) {
        self.let_go_of_state();
        if close.is_lost(kind) {
            self.replay.requeue(self.now);
        } else {
            self.replay.clear();
        }
    }

    /// Takes the next message that is due.
    pub(super) fn next_state(&mut self) -> Option<Departure<P>> {
        let mut next = self.replay.next(false, self.now)?;
        // Without a key it is not kept again, and replaces nothing.
        next.message.key = None;
        Some(next)
    }
}
