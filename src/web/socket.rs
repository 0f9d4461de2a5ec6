//! One WebSocket.

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Close, SocketId};

use super::dispatcher::Dispatcher;
use super::reflect;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn dial(
        constructor: &Function,
        url: &str,
        dispatcher: &Dispatcher,
        id: u32,
    ) -> Result<Connection, JsValue>;
}

#[wasm_bindgen(module = "/src/web/js/receive.js")]
extern "C" {
    pub(super) type Connection;

    #[wasm_bindgen(method, getter)]
    fn buffered(this: &Connection) -> f64;

    #[wasm_bindgen(method, js_name = takeActivity)]
    fn take_activity(this: &Connection) -> f64;

    #[wasm_bindgen(method)]
    fn send(this: &Connection, text: &JsString);

    #[wasm_bindgen(method)]
    fn close(this: &Connection, code: u16, reason: &str, at_once: bool);
}

/// The socket of an attempt, or of a connection.
pub(super) struct Socket {
    pub(super) id: SocketId,
    pub(super) connection: Connection,
}

impl Socket {
    /// Opens a socket whose frames and other events go to `dispatcher`.
    ///
    /// # Errors
    ///
    /// The message of what the constructor, or the new socket, has thrown.
    pub(super) fn open(
        id: SocketId,
        constructor: &Function,
        url: &str,
        dispatcher: &Dispatcher,
    ) -> Result<Self, String> {
        match dial(constructor, url, dispatcher, id.0) {
            Ok(connection) => Ok(Self { id, connection }),
            Err(error) => Err(message_of(&error)),
        }
    }

    /// Bytes that the socket has not sent yet; `None` if it is not open.
    pub(super) fn buffered(&self) -> Option<u32> {
        let buffered = self.connection.buffered();
        (buffered >= 0.0).then_some(buffered as u32)
    }

    /// Time of the last frame by `performance.now()`; `None` if none came since the last call.
    pub(super) fn take_activity(&self) -> Option<f64> {
        let at = self.connection.take_activity();
        (at >= 0.0).then_some(at)
    }

    /// Sends a text frame if the socket is open.
    pub(super) fn send(&self, text: &JsString) {
        self.connection.send(text);
    }

    /// Closes the socket where it is still open. None of its events is reported any more.
    pub(super) fn close(&self, close: &Close) {
        let (code, reason) = close.to_send();
        self.connection.close(code, reason, close.is_abandonment());
    }
}

fn message_of(error: &JsValue) -> String {
    let message = reflect::text(error, "message").filter(|message| !message.is_empty());
    message.unwrap_or_else(|| "the WebSocket could not be created".into())
}
