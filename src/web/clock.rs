//! Clocks of the runtime, and the one timer of a session.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Function;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::session::{Duration, Instant};

use super::abi::JsEvent;
use super::reflect;

/// Longest delay of `setTimeout` in ms; a longer one would fire at once.
const MAX_DELAY: u64 = i32::MAX as u64;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Time on the monotonic clock.
pub(super) fn now() -> Instant {
    Instant::from_millis(performance_now() as u64)
}

/// Time on the wall clock, in ms since the epoch. It advances while a computer sleeps.
pub(super) fn wall() -> u64 {
    js_sys::Date::now() as u64
}

/// Converts a time on the monotonic clock to ms since the epoch.
pub(super) fn to_wall(at: Instant) -> f64 {
    wall() as f64 - (now().as_millis() as f64 - at.as_millis() as f64)
}

/// A timeout that is cleared on drop.
#[derive(Debug)]
struct Armed {
    at: Instant,
    timeout: Option<Timeout>,
    cleared: Rc<Cell<bool>>,
    /// The `clearTimeout` that belongs to the timeout.
    clear_timeout: JsValue,
}

impl Armed {
    fn new(at: Instant, sink: &JsValue) -> Self {
        let delay = at.since(now()).min(Duration::from_millis(MAX_DELAY));
        let cleared = Rc::new(Cell::new(false));
        let timeout = Timeout::new(delay.as_millis() as u32, {
            let (sink, cleared) = (sink.clone(), cleared.clone());
            move || {
                if !cleared.get() {
                    report(&sink);
                }
            }
        });
        Self {
            at,
            timeout: Some(timeout),
            cleared,
            clear_timeout: clear_timeout(),
        }
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.cleared.set(true);
        let Some(closure) = self.timeout.take().map(Timeout::cancel) else {
            return;
        };
        // Fake timers of a test, installed or removed in between, do not clear this timeout: it
        // may still fire, and must find its closure.
        if clear_timeout() != self.clear_timeout {
            closure.forget();
        }
    }
}

/// Reports a timeout through the sink, which checks the stack.
fn report(sink: &JsValue) {
    if let Some(sink) = sink.dyn_ref::<Function>() {
        // The sink throws nothing.
        let _ = sink.call2(&JsValue::UNDEFINED, &JsEvent::Timeout.into(), &0.into());
    }
}

/// The global `clearTimeout`, which fake timers replace.
fn clear_timeout() -> JsValue {
    reflect::get(&js_sys::global(), "clearTimeout")
}

/// At most one timeout, armed for one instant.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Armed>);

impl Alarm {
    /// Arms the timeout for `at`, or disarms it. A timeout for another instant is cleared.
    pub(super) fn arm(&mut self, at: Option<Instant>, sink: &JsValue) {
        if at != self.0.as_ref().map(|armed| armed.at) {
            self.0 = at.map(|at| Armed::new(at, sink));
        }
    }

    /// Forgets the timeout that has fired, so that another one can be armed for the same instant.
    pub(super) fn fired(&mut self) {
        self.0 = None;
    }
}
