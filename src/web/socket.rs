//! One WebSocket, with its sharp edges filed off.

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Close, Instant, SocketId};

use super::dispatcher::Dispatcher;
use super::fields::text;

#[wasm_bindgen(module = "/src/web/js/socket.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn dial(
        constructor: &Function,
        url: &str,
        dispatcher: &Dispatcher,
        id: u32,
        tell: &JsValue,
    ) -> Result<Link, JsValue>;

    /// Whatever has the shape of a WebSocket, and the dispatcher's ear at it.
    type Link;

    #[wasm_bindgen(method, getter)]
    fn buffered(this: &Link) -> f64;

    #[wasm_bindgen(method, getter, js_name = heardAt)]
    fn heard_at(this: &Link) -> f64;

    #[wasm_bindgen(method)]
    fn send(this: &Link, text: &JsString);

    #[wasm_bindgen(method)]
    fn close(this: &Link, code: u16, reason: &str);
}

/// A socket, as long as it may be heard.
pub(super) struct Socket {
    pub(super) id: SocketId,
    link: Link,
}

impl Socket {
    /// Dials; `tell` hears of its life. The error says what the constructor, or the new socket, had
    /// against it.
    pub(super) fn open(
        id: SocketId,
        constructor: &Function,
        url: &str,
        dispatcher: &Dispatcher,
        tell: &JsValue,
    ) -> Result<Self, String> {
        match dial(constructor, url, dispatcher, id.0, tell) {
            Ok(link) => Ok(Self { id, link }),
            Err(error) => Err(message_of(&error)),
        }
    }

    /// Bytes that it holds itself, while what is sent now would go out.
    pub(super) fn buffered(&self) -> Option<u32> {
        let buffered = self.link.buffered();
        (buffered >= 0.0).then_some(buffered as u32)
    }

    /// When the peer last showed itself by a frame or a ping, if it did.
    pub(super) fn heard_at(&self) -> Option<Instant> {
        let at = self.link.heard_at();
        (at > 0.0).then(|| Instant::from_millis(at as u64))
    }

    /// Sends a text frame, if it would go out.
    pub(super) fn send(&self, text: &JsString) {
        self.link.send(text);
    }

    /// Ends the relation: the socket is closed where it is still open, and never heard again.
    pub(super) fn close(&self, close: &Close) {
        let (code, reason) = close.to_send();
        self.link.close(code, reason);
    }
}

fn message_of(error: &JsValue) -> String {
    let message = text(error, "message").filter(|message| !message.is_empty());
    message.unwrap_or_else(|| "the WebSocket could not be made".into())
}
