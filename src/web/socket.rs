//! One WebSocket, with its sharp edges filed off.

use js_sys::{Array, Function, JsString, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::session::{Close, Instant, NO_CLOSE_FRAME, SocketId};

use super::callback::{Callback, callback};
use super::dispatcher::{Dispatcher, SocketLink};
use super::fields::{get, text};

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn listen(socket: &JsValue, link: &SocketLink, tell: &JsValue) -> Result<(), JsValue>;

    fn transmit(socket: &JsValue, text: &JsString);

    fn abandon(socket: &JsValue, code: u16, reason: &str);
}

/// What a socket reports.
pub(super) enum Report {
    Opened,
    /// With the error's message, where it has one: browsers do not tell.
    Failed(String),
    Closed(Close),
}

/// As in platform.js.
const OPENED: u32 = 0;
const FAILED: u32 = 1;

/// A socket and the function that it calls.
pub(super) struct Socket {
    pub(super) id: SocketId,
    /// Whatever has the shape of a WebSocket.
    socket: JsValue,
    link: SocketLink,
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
        let socket = Reflect::construct(constructor, &Array::of1(&url.into()))
            .map_err(|error| message_of(&error))?;
        let tell = callback(move |what, _, event| {
            report(match what {
                OPENED => Report::Opened,
                FAILED => Report::Failed(text(&event, "message").unwrap_or_default()),
                _ => Report::Closed(read(&event)),
            });
        });
        let attached = dispatcher.attach(&socket, id.0).and_then(|link| {
            match listen(&socket, &link, tell.as_ref()) {
                Ok(()) => Ok(link),
                Err(error) => {
                    link.detach();
                    Err(error)
                }
            }
        });
        match attached {
            Ok(link) => Ok(Self {
                id,
                socket,
                link,
                _tell: tell,
            }),
            Err(error) => {
                abandon(&socket, 1000, "");
                Err(message_of(&error))
            }
        }
    }

    /// Bytes that it holds itself, while what is sent now would go out: a socket that is
    /// closing takes it and loses it. One that does not say holds none.
    pub(super) fn buffered(&self) -> Option<u32> {
        let field = |name: &str| get(&self.socket, name);
        let is_open = field("readyState") == WebSocket::OPEN;
        is_open.then(|| field("bufferedAmount").as_f64().unwrap_or(0.0) as u32)
    }

    /// When the peer last showed itself by a frame or a ping, if it did.
    pub(super) fn heard_at(&self) -> Option<Instant> {
        let at = self.link.heard_at();
        (at > 0.0).then(|| Instant::from_millis(at as u64))
    }

    /// Sends a text frame, if it would go out.
    pub(super) fn send(&self, text: &JsString) {
        transmit(&self.socket, text);
    }

    /// Ends the relation: the socket is closed where it is still open, and never heard again.
    pub(super) fn close(&self, close: &Close) {
        self.link.detach();
        let (code, reason) = close.to_send();
        abandon(&self.socket, code, reason);
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
