//! Promises that `connect()` and `flush()` return.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;

/// A promise with its resolving functions.
///
/// They run no code of the app and do not throw (ECMA-262, "Promise Resolve Functions"): the
/// reactions to the promise run in a later microtask.
#[derive(Debug)]
pub(super) struct Deferred {
    promise: Promise,
    resolve: Function,
    reject: Function,
}

impl Deferred {
    pub(super) fn new() -> Self {
        let (mut resolve, mut reject) = (Function::default(), Function::default());
        let promise = Promise::new(&mut |resolve_it, reject_it| {
            resolve = resolve_it;
            reject = reject_it;
        });
        Self {
            promise,
            resolve,
            reject,
        }
    }

    pub(super) fn promise(&self) -> Promise {
        self.promise.clone()
    }

    pub(super) fn resolve(&self, value: &JsValue) {
        let _ = self.resolve.call1(&JsValue::UNDEFINED, value);
    }

    fn settle(&self, result: Result<JsValue, JsValue>) {
        match result {
            Ok(value) => self.resolve(&value),
            Err(error) => drop(self.reject.call1(&JsValue::UNDEFINED, &error)),
        }
    }
}

#[derive(Debug)]
struct Entry {
    id: u32,
    deferred: Deferred,
    settled: bool,
}

/// The promises that may still be asked for, or settled, by their id in the core.
#[derive(Debug, Default)]
pub(super) struct Promises(Vec<Entry>);

impl Promises {
    /// The promise with this id; the same one at every call.
    pub(super) fn get(&mut self, id: u32) -> Promise {
        if let Some(entry) = self.0.iter().find(|entry| entry.id == id) {
            return entry.deferred.promise();
        }
        // A settled promise is not asked for again once there is another one.
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

    /// Settles the promise with this id.
    pub(super) fn settle(&mut self, id: u32, result: Result<JsValue, JsValue>) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.id == id) {
            entry.settled = true;
            entry.deferred.settle(result);
        }
    }
}
