//! What the environment says: offline and online, shown again, resumed. Silent in Node.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::session::{Input, Suspicion};

use super::callback::{Callback, callback};

#[wasm_bindgen(module = "/src/web/js/environment.js")]
extern "C" {
    #[wasm_bindgen(js_name = watchEnvironment, catch)]
    fn watch_environment(tell: &JsValue) -> Result<Function, JsValue>;
}

/// As in environment.js.
const OFFLINE: u32 = 0;
const ONLINE: u32 = 1;

/// Listens until it is dropped.
pub(super) struct Environment {
    stop: Option<Function>,
    _tell: Callback,
}

impl Environment {
    /// Reports what is so now before it returns, and each change from then on.
    pub(super) fn watch(report: impl Fn(Input) + 'static) -> Self {
        let tell = callback(move |sign, _, _| {
            report(match sign {
                OFFLINE => Input::Offline,
                ONLINE => Input::Online,
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
            let _ = stop.call1(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
        }
    }
}
