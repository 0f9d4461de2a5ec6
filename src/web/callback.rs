//! The functions that JavaScript calls.

use wasm_bindgen::prelude::*;

/// What happened, by a number that both sides know; another number, and a value, where it has
/// them. One type for all: each other one would bring its own way into the wasm.
pub(super) type Callback = Closure<dyn Fn(u32, u32, JsValue)>;

/// A function of JavaScript, until it is dropped.
pub(super) fn callback(act: impl Fn(u32, u32, JsValue) + 'static) -> Callback {
    Closure::new(act)
}
