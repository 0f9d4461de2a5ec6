//! Clocks of the runtime, and the one timer of a session.

use wasm_bindgen::prelude::*;

use crate::session::{Duration, Instant};

/// Longest delay of `setTimeout` in ms; a longer one would fire at once.
const MAX_DELAY: u64 = i32::MAX as u64;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    /// A timeout that is reported to a sink, unless it was cleared.
    #[derive(Debug)]
    type Timer;

    #[wasm_bindgen(constructor)]
    fn new(delay: u32, sink: &JsValue) -> Timer;

    #[wasm_bindgen(method)]
    fn clear(this: &Timer);
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

/// A timer that is cleared on drop.
#[derive(Debug)]
struct Armed {
    at: Instant,
    timer: Timer,
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.timer.clear();
    }
}

/// At most one timeout, armed for one instant.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Armed>);

impl Alarm {
    /// Arms the timeout for `at`, or disarms it. A timeout for another instant is cleared.
    pub(super) fn arm(&mut self, at: Option<Instant>, sink: &JsValue) {
        if at == self.0.as_ref().map(|armed| armed.at) {
            return;
        }
        self.0 = at.map(|at| {
            let delay = at.since(now()).min(Duration::from_millis(MAX_DELAY));
            let timer = Timer::new(delay.as_millis() as u32, sink);
            Armed { at, timer }
        });
    }

    /// Forgets the timeout that has fired, so that another one can be armed for the same instant.
    pub(super) fn fired(&mut self) {
        self.0 = None;
    }
}
