//! Changes of the network, of the machine's addresses and of the page's visibility.

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = watchEnvironment, catch)]
    fn watch_environment(sink: &JsValue) -> Result<Function, JsValue>;

    /// True in Firefox, which closes sockets with a clean 1001 when a navigation starts.
    #[wasm_bindgen(js_name = browserClosesCleanly)]
    pub(super) fn browser_closes_cleanly() -> bool;
}

/// Listeners that are removed on drop.
pub(super) struct Environment {
    stop: Option<Function>,
}

impl Environment {
    /// Reports the state of the network before it returns, and each change from then on.
    pub(super) fn watch(sink: &JsValue) -> Self {
        Self {
            stop: watch_environment(sink).ok(),
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            // Only removes listeners.
            let _ = stop.call0(&JsValue::UNDEFINED);
        }
    }
}
