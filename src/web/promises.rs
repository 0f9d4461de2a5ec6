//! Promises that `connect()` and `flush()` return.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    /// A promise with its resolving functions.
    #[derive(Debug)]
    pub(super) type Deferred;

    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Deferred;

    #[wasm_bindgen(method, getter)]
    pub(super) fn promise(this: &Deferred) -> Promise;

    // Neither runs code of the app, and neither throws (ECMA-262, "Promise Resolve Functions"):
    // the reactions to the promise run in a later microtask.
    #[wasm_bindgen(method)]
    pub(super) fn resolve(this: &Deferred, value: &JsValue);

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

/// A promise by its id in the core.
#[derive(Debug)]
struct Entry {
    id: u32,
    /// `Err` once it is settled, since the resolving functions take more memory than the promise.
    state: Result<Deferred, Promise>,
}

/// The promises that may still be asked for, or settled.
#[derive(Debug, Default)]
pub(super) struct Promises(Vec<Entry>);

impl Promises {
    /// The promise with this id; the same one at every call.
    pub(super) fn get(&mut self, id: u32) -> Promise {
        if let Some(entry) = self.0.iter().find(|entry| entry.id == id) {
            return match &entry.state {
                Ok(deferred) => deferred.promise(),
                Err(settled) => settled.clone(),
            };
        }
        // A settled promise is not asked for again once there is another one.
        self.0.retain(|entry| entry.state.is_ok());
        let deferred = Deferred::new();
        let promise = deferred.promise();
        self.0.reserve_exact(1);
        self.0.push(Entry {
            id,
            state: Ok(deferred),
        });
        promise
    }

    /// A promise that is settled from the start.
    pub(super) fn settled(result: Result<JsValue, JsValue>) -> Promise {
        let deferred = Deferred::new();
        deferred.settle(result);
        deferred.promise()
    }

    /// Settles the promise with this id. A rejected one is not asked for again, and is forgotten: the
    /// stack of its error refers to the session, which would never be collected.
    pub(super) fn settle(&mut self, id: u32, result: Result<JsValue, JsValue>) {
        let Some(index) = self.0.iter().position(|entry| entry.id == id) else {
            return;
        };
        let is_rejected = result.is_err();
        if let Ok(deferred) = &self.0[index].state {
            deferred.settle(result);
            self.0[index].state = Err(deferred.promise());
        }
        if is_rejected {
            self.0.swap_remove(index);
        }
    }
}
