//! What JavaScript tells a session, by numbers that both sides know. Each session has one function
//! for all of it: another one would be half a kilobyte more for each session.

use crate::session::NO_CLOSE_FRAME;
use wasm_bindgen::JsValue;

use super::fields::{get, text};

/// As in dispatcher.js: something that is no frame.
pub(super) const NOT_JSON: u32 = 0;
pub(super) const NOT_OBJECT: u32 = 1;
pub(super) const NO_TYPE: u32 = 2;
/// A frame that the session must act on.
pub(super) const CONTROL: u32 = 3;
/// A frame or stream of this name came, and nobody listens to it.
pub(super) const UNHEARD: u32 = 4;
/// A frame came without what its type promises.
pub(super) const INCOMPLETE: u32 = 5;
/// As in socket.js.
pub(super) const OPENED: u32 = 6;
pub(super) const FAILED: u32 = 7;
pub(super) const CLOSED: u32 = 8;
/// As in environment.js.
pub(super) const OFFLINE: u32 = 9;
pub(super) const ONLINE: u32 = 10;

/// Code and reason of a close event; sockets other than the browser's lack some of its fields.
pub(super) fn close(event: &JsValue) -> (u16, String) {
    let code = get(event, "code").as_f64().filter(|code| *code > 0.0);
    (
        code.map_or(NO_CLOSE_FRAME, |code| code as u16),
        text(event, "reason").unwrap_or_default(),
    )
}
