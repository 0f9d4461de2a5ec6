//! What the environment says: offline and online, shown again, resumed. Silent in Node.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::session::{Input, Suspicion};

#[wasm_bindgen(module = "/src/web/js/environment.js")]
extern "C" {
    #[wasm_bindgen(js_name = watchEnvironment, catch)]
    fn watch_environment(tell: &JsValue) -> Result<Function, JsValue>;
}

/// Listens until it is dropped.
pub(super) struct Environment {
    stop: Option<Function>,
    _tell: Closure<dyn Fn(String)>,
}

impl Environment {
    /// Reports what is so now before it returns, and each change from then on.
    pub(super) fn watch(report: impl Fn(Input) + 'static) -> Self {
        let tell = Closure::<dyn Fn(String)>::new(move |sign: String| {
            report(match sign.as_str() {
                "offline" => Input::Offline,
                "online" => Input::Online,
                _ => Input::Suspect(Suspicion::Environment),
            });
        });
        Self {
            stop: watch_environment(tell.as_ref()).ok(),
            _tell: tell,
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Some(stop) = &self.stop {
            // It only removes listeners.
            let _ = stop.call0(&JsValue::UNDEFINED);
        }
    }
}
