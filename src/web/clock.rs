//! Clocks of the runtime, and the one timer of a session.

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use crate::session::{Duration, Instant};

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

/// At most one timeout, armed for one instant.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    armed: Option<(Instant, Timeout)>,
}

impl Alarm {
    /// Arms the timeout for `at`, or disarms it. A timeout for another instant is cleared.
    pub(super) fn arm(&mut self, at: Option<Instant>, on_timeout: impl FnOnce() + 'static) {
        if at == self.armed.as_ref().map(|(at, _)| *at) {
            return;
        }
        self.armed = at.map(|at| {
            let delay = at.since(now()).min(Duration::from_millis(MAX_DELAY));
            (at, Timeout::new(delay.as_millis() as u32, on_timeout))
        });
    }

    /// Forgets the timeout that has fired, so that another one can be armed for the same instant.
    pub(super) fn fired(&mut self) {
        self.armed = None;
    }
}
