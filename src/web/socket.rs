//! One WebSocket, with its sharp edges filed off.

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;

use crate::session::{Close, Instant, NO_CLOSE_FRAME, SocketId};

use super::callback::{Callback, callback};
use super::dispatcher::Dispatcher;
use super::fields::{get, text};

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

/// What a socket reports.
pub(super) enum Report {
    Opened,
    /// With the error's message, where it has one: browsers do not tell.
    Failed(String),
    Closed(Close),
}

/// As in socket.js.
const OPENED: u32 = 0;
const FAILED: u32 = 1;

/// A socket and the function that it calls.
pub(super) struct Socket {
    pub(super) id: SocketId,
    link: Link,
    _tell: Callback,
}

impl Socket {
    /// Dials. The error says what the constructor, or the new socket, had against it.
    pub(super) fn open(
        id: SocketId,
        constructor: &Function,
        url: &str,
        dispatcher: &Dispatcher,
        report: impl Fn(Report) + 'static,
    ) -> Result<Self, String> {
        let tell = callback(move |what, _, event| {
            report(match what {
                OPENED => Report::Opened,
                FAILED => Report::Failed(text(&event, "message").unwrap_or_default()),
                _ => Report::Closed(read(&event)),
            });
        });
        match dial(constructor, url, dispatcher, id.0, tell.as_ref()) {
            Ok(link) => Ok(Self {
                id,
                link,
                _tell: tell,
            }),
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

/// Reads a close event by its fields, some of which sockets other than the browser's lack.
fn read(event: &JsValue) -> Close {
    let code = get(event, "code").as_f64().filter(|code| *code > 0.0);
    Close::new(
        code.map_or(NO_CLOSE_FRAME, |code| code as u16),
        text(event, "reason").unwrap_or_default(),
    )
}

fn message_of(error: &JsValue) -> String {
    let message = text(error, "message").filter(|message| !message.is_empty());
    message.unwrap_or_else(|| "the WebSocket could not be made".into())
}
