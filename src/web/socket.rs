//! One WebSocket, with its sharp edges filed off.

use std::rc::Rc;

use js_sys::{Array, Function, JsString, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::session::{Close, NO_CLOSE_FRAME, SocketId};

use super::dispatcher::Dispatcher;

const CONNECTING: u16 = WebSocket::CONNECTING;
const OPEN: u16 = WebSocket::OPEN;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    fn silence(socket: &JsValue);
}

#[wasm_bindgen]
extern "C" {
    /// Whatever has the shape of a WebSocket.
    #[wasm_bindgen(extends = WebSocket)]
    type AnySocket;

    #[wasm_bindgen(method, catch, js_name = send)]
    fn send_text(this: &AnySocket, text: &JsString) -> Result<(), JsValue>;
}

/// What a socket reports.
pub(super) enum Report {
    Opened,
    Failed,
    Closed(Close),
}

/// A socket and the closures that it calls. Dropping it ends the relation: it is closed where
/// it is still open, and never heard again.
pub(super) struct Socket {
    pub(super) id: SocketId,
    socket: AnySocket,
    detach: Function,
    _opened: Closure<dyn FnMut()>,
    _failed: Closure<dyn FnMut()>,
    _closed: Closure<dyn FnMut(JsValue)>,
}

impl Socket {
    /// Dials. The error is the constructor's own message.
    pub(super) fn open(
        id: SocketId,
        constructor: &Function,
        url: &str,
        dispatcher: &Dispatcher,
        report: impl Fn(Report) + 'static,
    ) -> Result<Self, String> {
        let socket: AnySocket = Reflect::construct(constructor, &Array::of1(&url.into()))
            .map_err(|error| message_of(&error))?
            .unchecked_into();
        let report = Rc::new(report);
        let tell = report.clone();
        let opened = Closure::<dyn FnMut()>::new(move || tell(Report::Opened));
        let tell = report.clone();
        let failed = Closure::<dyn FnMut()>::new(move || tell(Report::Failed));
        let closed =
            Closure::<dyn FnMut(JsValue)>::new(move |event| report(Report::Closed(read(&event))));
        let detach = dispatcher.attach(&socket, id.0);
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onerror(Some(failed.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Ok(Self {
            id,
            socket,
            detach,
            _opened: opened,
            _failed: failed,
            _closed: closed,
        })
    }

    /// Whether what is sent now would go out. A socket that is closing takes it and loses it.
    pub(super) fn is_writable(&self) -> bool {
        self.socket.ready_state() == OPEN
    }

    /// Sends a text frame. What the socket throws means that it is gone, which its close tells.
    pub(super) fn send(&self, text: &JsString) {
        let _ = self.socket.send_text(text);
    }

    /// Ends the relation, with a close frame where the socket can still send one.
    pub(super) fn close(self, close: &Close) {
        // Silenced first: some sockets fire their events before close() returns.
        let _ = self.detach.call0(&JsValue::UNDEFINED);
        silence(&self.socket);
        if matches!(self.socket.ready_state(), CONNECTING | OPEN) {
            let (code, reason) = close.to_send();
            let _ = self.socket.close_with_code_and_reason(code, reason);
        }
    }
}

/// Reads a close event by its fields, some of which sockets other than the browser's lack.
fn read(event: &JsValue) -> Close {
    let field = |name: &str| Reflect::get(event, &name.into()).unwrap_or_default();
    let code = field("code").as_f64().filter(|code| *code > 0.0);
    Close::new(
        code.map_or(NO_CLOSE_FRAME, |code| code as u16),
        field("reason").as_string().unwrap_or_default(),
    )
}

fn message_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok();
    message
        .and_then(|message| message.as_string())
        .unwrap_or_else(|| "the WebSocket could not be made".into())
}
