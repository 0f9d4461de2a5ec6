//! The promises that `connect()` and `flush()` give.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

#[derive(Debug)]
struct Entry {
    id: u32,
    promise: Promise,
    /// `None` once settled.
    settle: Option<(Function, Function)>,
}

/// The promises that may still be asked for, or settled, by the core's name for each.
#[derive(Debug, Default)]
pub(super) struct Promises(Vec<Entry>);

impl Promises {
    /// The promise of this name; the same at every call.
    pub(super) fn of(&mut self, id: u32) -> Promise {
        if let Some(entry) = self.0.iter().find(|entry| entry.id == id) {
            return entry.promise.clone();
        }
        // One that is settled is never asked for again once there is another.
        self.0.retain(|entry| entry.settle.is_some());
        let mut settle = None;
        let promise = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
        self.0.push(Entry {
            id,
            promise: promise.clone(),
            settle,
        });
        promise
    }

    /// Settles the promise of this name.
    pub(super) fn settle(&mut self, id: u32, result: Result<JsValue, JsValue>) {
        let Some(entry) = self.0.iter_mut().find(|entry| entry.id == id) else {
            return;
        };
        let Some((resolve, reject)) = entry.settle.take() else {
            return;
        };
        // Neither function runs code of the app, and neither throws (ECMA-262, "Promise
        // Resolve Functions"): handlers run in a later microtask.
        let _ = match result {
            Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
            Err(error) => reject.call1(&JsValue::UNDEFINED, &error),
        };
    }
}
