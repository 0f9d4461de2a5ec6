//! What the environment says: offline and online, shown again, resumed. Silent in Node.

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/environment.js")]
extern "C" {
    #[wasm_bindgen(js_name = watchEnvironment, catch)]
    fn watch_environment(tell: &JsValue) -> Result<Function, JsValue>;
}

/// Listens until it is dropped.
pub(super) struct Environment {
    stop: Option<Function>,
}

impl Environment {
    /// Tells what is so now before it returns, and each change from then on.
    pub(super) fn watch(tell: &JsValue) -> Self {
        Self {
            stop: watch_environment(tell).ok(),
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            // It only removes listeners.
            let _ = stop.call1(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
        }
    }
}
