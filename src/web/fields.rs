//! Fields of JavaScript objects, the shell's own and foreign ones.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// Sets a field of an object that the shell itself made.
pub(super) fn set(object: &JsValue, field: &str, value: &JsValue) {
    // Setting a field of a fresh plain object cannot fail.
    let _ = Reflect::set(object, &field.into(), value);
}

/// A field's value where that is a string; a getter that throws has none.
pub(super) fn text(object: &JsValue, field: &str) -> Option<String> {
    Reflect::get(object, &field.into()).ok()?.as_string()
}
