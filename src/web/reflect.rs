//! Fields of JavaScript objects of any origin.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    /// A field's value; undefined where it cannot be read.
    pub(super) fn get(object: &JsValue, field: &str) -> JsValue;

    /// A field's value where that is a string.
    pub(super) fn text(object: &JsValue, field: &str) -> Option<String>;

    /// Sets a field of an object that the session itself made.
    pub(super) fn set(object: &JsValue, field: &str, value: &JsValue);
}
