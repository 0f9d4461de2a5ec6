//! The little JavaScript that the tests need.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/shell/support.js")]
extern "C" {
    /// The constructor of WebSockets of this place.
    #[wasm_bindgen(js_name = webSocket)]
    pub fn web_socket() -> JsValue;

    #[wasm_bindgen(js_name = hideGlobalWebSocket)]
    pub fn hide_global_web_socket() -> JsValue;

    #[wasm_bindgen(js_name = restoreGlobalWebSocket)]
    pub fn restore_global_web_socket(hidden: &JsValue);

    #[wasm_bindgen(js_name = post)]
    fn post_promise(url: &str, body: &str) -> Promise;

    #[wasm_bindgen(js_name = getJson)]
    fn get_json_promise(url: &str) -> Promise;

    #[wasm_bindgen(js_name = sleep)]
    fn sleep_promise(millis: u32) -> Promise;

    /// An evaluated object literal.
    pub fn literal(source: &str) -> JsValue;

    /// Adds the fields of an object literal to an object.
    pub fn extend(object: &JsValue, source: &str);

    /// A class of sockets that do as told; `made` holds the instances.
    #[wasm_bindgen(js_name = fakeSockets)]
    pub fn fake_sockets() -> JsValue;

    /// Watches the timers that are set until `restore()`: their `delays`, and how many are
    /// `pending`.
    #[wasm_bindgen(js_name = watchTimers)]
    pub fn watch_timers() -> JsValue;

    /// Collects log lines in `lines`.
    #[wasm_bindgen(js_name = collectingLogger)]
    pub fn collecting_logger() -> JsValue;
}

/// POSTs JSON; the answer's status.
pub async fn post(url: &str, body: &str) -> f64 {
    let status = JsFuture::from(post_promise(url, body)).await;
    status
        .ok()
        .and_then(|status| status.as_f64())
        .unwrap_or(0.0)
}

/// GETs JSON.
pub async fn get_json(url: &str) -> JsValue {
    JsFuture::from(get_json_promise(url))
        .await
        .unwrap_or_default()
}

/// Lets the event loop run for a while.
pub async fn sleep(millis: u32) {
    let _ = JsFuture::from(sleep_promise(millis)).await;
}

pub fn get(object: &JsValue, field: &str) -> JsValue {
    Reflect::get(object, &field.into()).unwrap_or_default()
}

pub fn set(object: &JsValue, field: &str, value: &JsValue) {
    assert_eq!(Reflect::set(object, &field.into(), value), Ok(true));
}

pub fn text(object: &JsValue, field: &str) -> String {
    get(object, field).as_string().unwrap_or_default()
}

pub fn number(object: &JsValue, field: &str) -> f64 {
    get(object, field).as_f64().unwrap_or(f64::NAN)
}

pub fn flag(object: &JsValue, field: &str) -> bool {
    get(object, field).as_bool().unwrap_or(false)
}

/// Calls a method without arguments.
pub fn call(object: &JsValue, method: &str) -> JsValue {
    let method: Function = get(object, method).unchecked_into();
    method.call0(object).unwrap_or_default()
}

/// Calls a method with one argument.
pub fn call1(object: &JsValue, method: &str, argument: &JsValue) -> JsValue {
    let method: Function = get(object, method).unchecked_into();
    method.call1(object, argument).unwrap_or_default()
}
