//! Fields of JavaScript objects, the shell's own and foreign ones.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/fields.js")]
extern "C" {
    /// A field's value; undefined where it cannot be read.
    pub(super) fn get(object: &JsValue, field: &str) -> JsValue;

    /// A field's value where that is a string; a getter that throws has none.
    pub(super) fn text(object: &JsValue, field: &str) -> Option<String>;

    /// Sets a field of an object that the shell itself made.
    pub(super) fn set(object: &JsValue, field: &str, value: &JsValue);
}
