//! Rules of messages and streams that concern several parts of the model.

use tpa_session::session::{Close, Command, Reply, SessionError};

use super::Violation;
use super::outbox::Sending;
use super::rules::Model;
use super::sequence::Step;
use crate::Message;

impl Model {
    /// The peer closes the connection, perhaps because of a message or a stream.
    pub(super) fn blame(&mut self, close: &Close) {
        if self.lifecycle.connection().is_none() {
            return;
        }
        let (is_stable, now) = (self.lifecycle.is_stable(), self.lifecycle.now);
        self.lifecycle.uncounted |= self.outbox.blame(close, is_stable, now);
        self.sequence.expect(self.outbox.take_steps());
        if let Some(stream) = self.outbox.blame_stream(close) {
            let message = format!("The cloud refuses the stream {stream}: it is left out");
            self.errors
                .expect(SessionError::SubscriptionRefused { message });
            self.sequence.expect([Step::Error]);
            self.lifecycle.uncounted = true;
        }
    }

    pub(super) fn send(
        &mut self,
        command: &Command<Message>,
        reply: Reply,
    ) -> Result<(), Violation> {
        let Command::Send {
            payload,
            key,
            ttl,
            replay,
            buffered,
        } = command
        else {
            return Ok(());
        };
        if buffered.is_none() {
            self.lifecycle.closing();
        }
        let sending = Sending {
            message: *payload,
            key: key.as_deref(),
            ttl: *ttl,
            replay: *replay,
            is_over: self.lifecycle.is_over(),
            connection: self.lifecycle.connection().zip(*buffered),
        };
        self.outbox.send(&sending, self.lifecycle.now, reply)
    }
}
