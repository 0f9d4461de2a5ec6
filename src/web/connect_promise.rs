//! The promises that `connect()` gives, one for each run.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use crate::session::{ConnectionError, RunId};

use super::{fields, payloads};

#[wasm_bindgen(module = "/src/web/js/connection_error.js")]
extern "C" {
    type TpaConnectionError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, facts: &JsValue) -> TpaConnectionError;
}

#[derive(Debug)]
struct Entry {
    run: RunId,
    promise: Promise,
    /// `None` once settled.
    settle: Option<(Function, Function)>,
}

/// The promises that may still be asked for, or settled.
#[derive(Debug, Default)]
pub(super) struct ConnectPromises(Vec<Entry>);

impl ConnectPromises {
    /// The promise of a run; the same at every call.
    pub(super) fn of(&mut self, run: RunId) -> Promise {
        if let Some(entry) = self.0.iter().find(|entry| entry.run == run) {
            return entry.promise.clone();
        }
        // A run that is over and settled is never asked for again.
        self.0.retain(|entry| entry.settle.is_some());
        let mut settle = None;
        let promise = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
        self.0.push(Entry {
            run,
            promise: promise.clone(),
            settle,
        });
        promise
    }

    /// Settles the promise of a run.
    pub(super) fn settle(&mut self, run: RunId, result: Result<JsValue, ConnectionError>) {
        let Some(entry) = self.0.iter_mut().find(|entry| entry.run == run) else {
            return;
        };
        let Some((resolve, reject)) = entry.settle.take() else {
            return;
        };
        // Neither function runs code of the app, and neither throws (ECMA-262, "Promise
        // Resolve Functions"): handlers run in a later microtask.
        let _ = match result {
            Ok(settings) => resolve.call1(&JsValue::UNDEFINED, &settings),
            Err(error) => reject.call1(&JsValue::UNDEFINED, &to_js(&error)),
        };
    }
}

fn to_js(error: &ConnectionError) -> JsValue {
    let facts = payloads::data(&error.cause);
    fields::set(&facts, "attempts", &error.attempts.into());
    TpaConnectionError::new(&error.message, &facts).into()
}
