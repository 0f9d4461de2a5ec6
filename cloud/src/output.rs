//! Instructions to the caller: what [`Cloud::poll_output`](crate::Cloud::poll_output) returns.

use std::time::Duration;

use crate::events::Event;
use crate::identity::{ConnectionId, UserSessionId};

/// An instruction that the caller carries out.
#[derive(Debug, Clone)]
pub enum Output {
    /// Send something on a connection.
    Deliver {
        /// The connection.
        to: ConnectionId,
        /// The frame.
        what: Delivery,
    },
    /// Reset a connection with TCP RST, without a close frame.
    Cut {
        /// The connection.
        to: ConnectionId,
    },
    /// Stop or resume reading from and writing to a connection.
    Freeze {
        /// The connection.
        to: ConnectionId,
        /// True to stop.
        frozen: bool,
    },
    /// Call an app's webhook and report the result to
    /// [`Cloud::handle_webhook`](crate::Cloud::handle_webhook).
    Webhook(WebhookCall),
    /// Send a request to an app's web server and report the result to
    /// [`Cloud::handle_app_answer`](crate::Cloud::handle_app_answer).
    AppCall(AppCall),
    /// Report an event to observers.
    Event(Event),
}

/// A frame to be sent on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A protocol-level ping.
    Ping,
    /// A close frame; the last frame.
    Close {
        /// Close code.
        code: u16,
        /// Close reason.
        reason: String,
    },
}

impl Delivery {
    /// Size of a frame without its payload, in bytes.
    pub(crate) const OVERHEAD: usize = 64;

    /// Size for the limits of buffers, in bytes. It includes an overhead, so that the number of
    /// empty frames is bounded too.
    pub fn cost(&self) -> usize {
        let payload = match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Ping | Self::Close { .. } => 0,
        };
        payload + Self::OVERHEAD
    }
}

/// A request to an app's webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// Id of the call. Not reused while the cloud runs.
    pub id: u64,
    /// URL of the webhook.
    pub url: String,
    /// `session_request` or `stop_request`.
    pub request: &'static str,
    /// Package name of the app.
    pub package_name: String,
    /// User session of the app.
    pub user_session_id: UserSessionId,
    /// JSON body of the request.
    pub body: String,
    /// Time for the response; the call fails after it.
    pub timeout: Duration,
}

/// A POST request to an app's web server, other than to its webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppCall {
    /// URL of the endpoint.
    pub url: String,
    /// `photo_upload`, `settings` or `tool_call`.
    pub request: &'static str,
    /// Package name of the app.
    pub package_name: String,
    /// User session of the app.
    pub user_session_id: UserSessionId,
    /// Type of the body.
    pub content_type: String,
    /// Body of the request.
    pub body: Vec<u8>,
}

impl AppCall {
    /// Time for the response.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
}

/// Returns the error of a request to an app without a response in time.
pub fn late_answer(timeout: Duration) -> String {
    let time = humantime::format_duration(timeout);
    format!("no response within {time}")
}
