//! A handler of Rust, for as long as it is wanted.

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// Keeps a handler; dropping it removes the handler.
///
/// A session whose handlers hold the session itself is not freed before they are dropped.
#[must_use = "the handler is removed when this is dropped"]
#[derive(Debug)]
pub struct Listener {
    undo: Function,
    _handler: Handler,
}

pub(super) type Handler = Closure<dyn FnMut(JsValue)>;

impl Listener {
    pub(super) fn new(undo: Function, handler: Handler) -> Self {
        Self {
            undo,
            _handler: handler,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It only takes the handler out of a list.
        let _ = self.undo.call0(&JsValue::UNDEFINED);
    }
}
