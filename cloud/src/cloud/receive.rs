//! Frames of apps: limits, counts and reports.

use std::sync::Arc;

use super::{Cloud, FIRST_FRAME};
use crate::cloud::disconnect::Ending;
use crate::events::Fact;
use crate::identity::ConnectionId;
use crate::protocol;
use crate::protocol::close;
use crate::protocol::handshake::Refusal;
use crate::transport::Stage;

/// Type of the frame with the API key.
const CONNECTION_INIT: &str = "tpa_connection_init";

impl Cloud {
    pub(super) fn handle_text(&mut self, from: ConnectionId, text: &str) {
        self.context.metrics.received("text", text.len());
        if !self.receive(from, text.len()) {
            return;
        }
        match protocol::read_frame(text) {
            Ok((kind, frame)) => {
                self.count_message(from, kind, Some(text));
                self.handle_frame(from, frame);
            }
            Err(malformed) => self.refuse(from, Refusal::malformed(malformed.to_string())),
        }
    }

    pub(super) fn handle_binary(&mut self, from: ConnectionId, bytes: &[u8]) {
        self.context.metrics.received("binary", bytes.len());
        if !self.receive(from, bytes.len()) {
            return;
        }
        self.count_message(from, "binary".to_owned(), None);
        let transport = self.context.transports.get(from);
        if matches!(
            transport.map(|transport| &transport.stage),
            Some(Stage::Handshaking(_))
        ) {
            self.refuse(from, Refusal::malformed(FIRST_FRAME.to_owned()));
        }
    }

    /// Counts a frame. Returns false if it is to be ignored.
    fn receive(&mut self, from: ConnectionId, length: usize) -> bool {
        self.record_activity(from);
        let Some(transport) = self.context.transports.get_mut(from) else {
            return false;
        };
        if transport.is_closed() {
            return false;
        }
        transport.received += 1;
        if length > self.context.config.max_frame_bytes {
            self.end(from, Ending::close(close::TOO_BIG, close::FRAME_TOO_BIG));
            return false;
        }
        true
    }

    fn count_message(&mut self, from: ConnectionId, frame: String, text: Option<&str>) {
        if let Some(transport) = self.context.transports.get(from) {
            let who = transport.identity().map(Arc::clone);
            let count = transport.received;
            let is_reported = self.context.config.message_content && frame != CONNECTION_INIT;
            let content = text.filter(|_| is_reported).map(str::to_owned);
            let fact = Fact::Message {
                frame,
                count,
                content,
            };
            self.broadcast(who, fact);
        }
    }
}
