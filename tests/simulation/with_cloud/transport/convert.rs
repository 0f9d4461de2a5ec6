//! Conversion of the cloud's deliveries to what a client makes of them.

use serde_json::Value;
use tpa_cloud::Delivery;
use tpa_session::session::{Close, Control, Input, Malformed, Redactor, SocketId};

use super::ToClient;

/// Result of something that reaches the client.
pub enum Reached {
    Inputs(Vec<Input>),
    /// A sign of life, which is reported before the next timeout.
    Data(SocketId),
}

/// Converts a delivery to what the client's runtime makes of it.
pub(super) fn received(id: SocketId, what: Delivery) -> ToClient {
    let text = match what {
        Delivery::Text(text) => text,
        Delivery::Binary(_) => return ToClient::Data(id),
        Delivery::Ping => return ToClient::Ping(id),
        Delivery::Close { code, reason } => {
            return ToClient::Close(id, Close::new(code, Redactor::default().redact(&reason)));
        }
    };
    let malformed = |reason| ToClient::Input(Input::Malformed(id, reason));
    let Ok(frame) = serde_json::from_str::<Value>(&text) else {
        return malformed(Malformed::NotJson);
    };
    if !frame.is_object() {
        return malformed(Malformed::NotObject);
    }
    let field = |name: &str| frame[name].as_str().map(str::to_owned);
    let Some(kind) = field("type").filter(|kind| !kind.is_empty()) else {
        return malformed(Malformed::NoType);
    };
    let number = |name: &str| frame[name].as_f64();
    match Control::parse(&kind, field, number, &Redactor::default()) {
        Some(control) => ToClient::Input(Input::Control(id, control)),
        None => ToClient::Data(id),
    }
}
