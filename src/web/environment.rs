//! Changes of the network, of the machine's addresses and of the page's visibility.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = watchEnvironment, catch)]
    fn watch_environment(sink: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = unwatchEnvironment)]
    fn unwatch_environment(sink: &JsValue);

    /// True in Firefox, which closes sockets with a clean 1001 when a navigation starts.
    #[wasm_bindgen(js_name = browserClosesCleanly)]
    pub(super) fn browser_closes_cleanly() -> bool;
}

/// Reports to a sink, which end on drop.
pub(super) struct Environment {
    sink: JsValue,
}

impl Environment {
    /// Reports the state of the network before it returns, and each change from then on.
    pub(super) fn watch(sink: &JsValue) -> Self {
        // Adding a listener fails only where the page has replaced `addEventListener`.
        let _ = watch_environment(sink);
        Self { sink: sink.clone() }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        unwatch_environment(&self.sink);
    }
}
