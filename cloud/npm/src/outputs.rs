//! Outputs as JavaScript objects.

use tpa_cloud::{Delivery, Output};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/outputs.js")]
extern "C" {
    fn text(to: f64, text: &str) -> JsValue;
    fn binary(to: f64, bytes: &[u8]) -> JsValue;
    fn ping(to: f64) -> JsValue;
    fn close(to: f64, code: u16, reason: &str) -> JsValue;
    fn cut(to: f64) -> JsValue;
    fn freeze(to: f64, frozen: bool) -> JsValue;
    fn event(json: &str) -> JsValue;
    pub fn call(
        kind: &str,
        call: f64,
        url: &str,
        content_type: &str,
        body: &[u8],
        about: &str,
    ) -> JsValue;
    pub fn response(head: &str, body: &str) -> JsValue;
}

/// Creates the object of an output; undefined for a request to an app, which has a number.
pub fn object(output: Output) -> JsValue {
    match output {
        Output::Deliver { to, what } => {
            let to = to.number() as f64;
            match what {
                Delivery::Text(frame) => text(to, &frame),
                Delivery::Binary(bytes) => binary(to, &bytes),
                Delivery::Ping => ping(to),
                Delivery::Close { code, reason } => close(to, code, &reason),
            }
        }
        Output::Cut { to } => cut(to.number() as f64),
        Output::Freeze { to, frozen } => freeze(to.number() as f64, frozen),
        // An event is always JSON.
        Output::Event(what) => event(&serde_json::to_string(&what).unwrap_or_default()),
        Output::Webhook(_) | Output::AppCall(_) => JsValue::UNDEFINED,
    }
}
