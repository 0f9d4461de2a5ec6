//! The promises that `connect()` and `flush()` give.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/deferred.js")]
extern "C" {
    #[derive(Debug)]
    type Deferred;

    #[wasm_bindgen(constructor)]
    fn new() -> Deferred;

    #[wasm_bindgen(method, getter)]
    fn promise(this: &Deferred) -> Promise;

    // Neither runs code of the app, and neither throws (ECMA-262, "Promise Resolve Functions"):
    // handlers run in a later microtask.
    #[wasm_bindgen(method)]
    fn resolve(this: &Deferred, value: &JsValue);

    #[wasm_bindgen(method)]
    fn reject(this: &Deferred, error: &JsValue);
}

impl Deferred {
    fn settle(&self, result: Result<JsValue, JsValue>) {
        match result {
            Ok(value) => self.resolve(&value),
            Err(error) => self.reject(&error),
        }
    }
}

#[derive(Debug)]
struct Entry {
    id: u32,
    deferred: Deferred,
    settled: bool,
}

/// The promises that may still be asked for, or settled, by the core's name for each.
#[derive(Debug, Default)]
pub(super) struct Promises(Vec<Entry>);

impl Promises {
    /// The promise of this name; the same at every call.
    pub(super) fn of(&mut self, id: u32) -> Promise {
        if let Some(entry) = self.0.iter().find(|entry| entry.id == id) {
            return entry.deferred.promise();
        }
        // One that is settled is never asked for again once there is another.
        self.0.retain(|entry| !entry.settled);
        let deferred = Deferred::new();
        let promise = deferred.promise();
        self.0.push(Entry {
            id,
            deferred,
            settled: false,
        });
        promise
    }

    /// A promise that is settled from the start.
    pub(super) fn settled(result: Result<JsValue, JsValue>) -> Promise {
        let deferred = Deferred::new();
        deferred.settle(result);
        deferred.promise()
    }

    /// Settles the promise of this name.
    pub(super) fn settle(&mut self, id: u32, result: Result<JsValue, JsValue>) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.id == id) {
            entry.settled = true;
            entry.deferred.settle(result);
        }
    }
}
