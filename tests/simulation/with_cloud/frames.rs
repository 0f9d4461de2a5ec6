//! Frames of the clients as text: those of their sessions, and those that no session sends.

use serde_json::{Value, json};
use testkit::Message;
use testkit::world::app::KEYS;
use tpa_session::session::Outgoing;

/// The valid API key.
pub const API_KEY: &str = "dev-key";

/// Session that may change the dashboard's mode and its system sections.
pub const SYSTEM_SESSION: &str = "ann-system.augmentos.dashboard";

/// Size of a display that is shown until it is replaced.
pub const LASTING: usize = 2;

/// Frame that no session sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidFrame {
    NotJson,
    Binary,
    /// A second init frame.
    Init,
    /// A frame that is longer than allowed.
    Long,
    /// A frame that is too long to be read.
    Endless,
    /// A protocol-level ping, which browsers do not send.
    Ping,
}

pub fn package_of(session: &str) -> &str {
    session.split_once('-').map_or("", |(_, package)| package)
}

pub fn user_of(session: &str) -> &str {
    session.split_once('-').map_or("", |(user, _)| user)
}

/// Text of a display: number of the client, and serial number.
pub fn label(number: usize, serial: u32) -> String {
    format!("{number}.{serial}")
}

/// Text of a frame of the client with this number.
pub fn text(
    number: usize,
    frame: &Outgoing<Message>,
    session: &str,
    key: Option<&str>,
    has_key: bool,
) -> String {
    let package = package_of(session);
    let mut value = match frame {
        Outgoing::Init => init(session, if has_key { API_KEY } else { "wrong" }),
        Outgoing::Subscriptions(streams) => {
            json!({"type": "subscription_update", "subscriptions": streams})
        }
        Outgoing::Ping(id) => json!({"type": "ping", "id": id.0}),
        Outgoing::Message(sent) => message(number, *sent, key, session),
    };
    value["packageName"] = json!(package);
    value["sessionId"] = json!(session);
    value.to_string()
}

pub fn init(session: &str, key: &str) -> Value {
    json!({"type": "tpa_connection_init", "sessionId": session,
           "packageName": package_of(session), "apiKey": key})
}

/// Content of a message. Messages with a key are displays; the others alternate, so that every
/// component of the cloud is used.
fn message(number: usize, message: Message, key: Option<&str>, session: &str) -> Value {
    let text = label(number, message.serial);
    let layout = json!({"layoutType": "text_wall", "text": text});
    let padding = "x".repeat(message.size);
    if let Some(key) = key {
        let view = if key == KEYS[0] { "main" } else { "dashboard" };
        let mut frame = json!({"type": "display_event", "view": view, "layout": layout});
        if message.serial.is_multiple_of(3) && message.size != LASTING {
            frame["durationMs"] = json!(message.size * 100);
        }
        return frame;
    }
    let is_system = session == SYSTEM_SESSION;
    match message.serial % 9 {
        1 if is_system => json!({"type": "dashboard_mode_change", "mode": "expanded"}),
        4 if is_system => {
            json!({"type": "dashboard_system_update", "section": "topLeft", "content": text})
        }
        0 | 3 => json!({"type": "app_room_join", "roomId": "kitchen"}),
        1 => json!({"type": "app_note", "padding": padding}),
        2 => json!({"type": "app_broadcast_message", "messageId": text, "payload": padding}),
        4 => json!({"type": "dashboard_content_update", "content": text, "modes": ["main"]}),
        5 if message.size > 5 => {
            json!({"type": "app_broadcast_message", "payload": padding, "roomId": "kitchen"})
        }
        5 => json!({"type": "app_room_leave", "roomId": "kitchen"}),
        6 => json!({"type": "app_direct_message", "targetUserId": "bob", "payload": padding}),
        7 if message.size > 9 => json!({"type": "ownership_release", "reason": "clean_shutdown"}),
        7 => json!({"type": "photo_request", "requestId": text}),
        _ => json!({"type": "display_event", "view": "always_on", "layout": layout}),
    }
}
