//! Instructions to the caller: what [`Cloud::poll_output`](crate::Cloud::poll_output) returns.

use crate::events::Event;
use crate::identity::{ConnectionId, UserSessionId};

/// What the caller is to carry out.
#[derive(Debug, Clone)]
pub enum Output {
    /// Put something on a connection.
    Deliver {
        /// The connection.
        to: ConnectionId,
        /// What to put on it.
        what: Delivery,
    },
    /// End a connection at once, without a close frame, with a TCP reset.
    Cut {
        /// The connection.
        to: ConnectionId,
    },
    /// Neither read from nor write to a connection, or do so again.
    Freeze {
        /// The connection.
        to: ConnectionId,
        /// Whether it freezes or thaws.
        frozen: bool,
    },
    /// Call an app's webhook, and report to [`Cloud::handle_webhook`](crate::Cloud::handle_webhook).
    Webhook(WebhookCall),
    /// Tell whoever watches.
    Event(Event),
}

/// What can be put on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A protocol-level ping.
    Ping,
    /// A close frame. Nothing is delivered after it.
    Close {
        /// Its code.
        code: u16,
        /// Its reason.
        reason: String,
    },
}

impl Delivery {
    /// What one costs while it waits, in bytes. Empty ones cost something too, so that their
    /// number is bounded.
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 64;
        let payload = match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Ping | Self::Close { .. } => 0,
        };
        payload + OVERHEAD
    }
}

/// A request to an app's webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// Where to.
    pub url: String,
    /// What it asks for.
    pub request: &'static str,
    /// The app.
    pub package_name: String,
    /// Whose glasses.
    pub user_session_id: UserSessionId,
    /// The request's body, as JSON.
    pub body: String,
}
