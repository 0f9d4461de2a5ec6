//! Responses of the control interface.

use serde_json::{Value, json};

use crate::faults::request::BadRequest;
use crate::identity::ConnectionId;

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Value of `Content-Type`; `None` without a body.
    pub content_type: Option<&'static str>,
    /// Value of `Allow`, for status 405.
    pub allow: Option<&'static str>,
    /// Body.
    pub body: String,
}

impl Response {
    /// Creates the response to a tool call from the app's response, its status and body, or from
    /// the reason for which there is none.
    pub fn of_tool(answer: Result<(u16, &[u8]), &str>) -> Self {
        match answer {
            Ok((status, body)) => {
                let text = || String::from_utf8_lossy(body).into_owned().into();
                let body: Value = serde_json::from_slice(body).unwrap_or_else(|_| text());
                Self::json(200, &json!({"status": status, "body": body}))
            }
            Err(error) => Self::error(502, error, ""),
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: Some("application/json"),
            allow: None,
            body: body.to_string(),
        }
    }

    pub(super) fn error(status: u16, error: &str, field: &str) -> Self {
        Self::json(status, &json!({"error": error, "field": field}))
    }

    pub(super) fn metrics(text: String) -> Self {
        Self {
            status: 200,
            content_type: Some("text/plain; version=0.0.4; charset=utf-8"),
            allow: None,
            body: text,
        }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            allow: None,
            body: String::new(),
        }
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::empty(405)
        }
    }

    pub(super) fn accepted(connections: &[ConnectionId]) -> Self {
        Self::json(202, &json!({"connections": connections}))
    }

    pub(super) fn bad_request(bad: &BadRequest) -> Self {
        Self::json(400, &json!(bad))
    }
}
