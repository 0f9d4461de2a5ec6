//! Event handlers in Rust.

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// Handler of an event, which is removed on drop.
///
/// A session whose handlers hold the session itself is not freed before they are dropped.
#[must_use = "the handler is removed when this is dropped"]
#[derive(Debug)]
pub struct Listener {
    unsubscribe: Function,
    _handler: Handler,
}

pub(super) type Handler = Closure<dyn FnMut(JsValue)>;

impl Listener {
    pub(super) fn new(unsubscribe: Function, handler: Handler) -> Self {
        Self {
            unsubscribe,
            _handler: handler,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Only takes the handler out of a list.
        let _ = self.unsubscribe.call0(&JsValue::UNDEFINED);
    }
}
