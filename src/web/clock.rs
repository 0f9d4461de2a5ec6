//! The clock of this place, and the one timer of a session.

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use crate::session::{Duration, Instant};

/// Longest time that `setTimeout` can wait; for more it would fire at once.
const LONGEST: u64 = i32::MAX as u64;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The time on the monotonic clock.
pub(super) fn now() -> Instant {
    Instant::from_millis(performance_now() as u64)
}

/// The wall clock, ms since the epoch: it goes on while a computer sleeps.
pub(super) fn wall() -> u64 {
    js_sys::Date::now() as u64
}

/// A time on the monotonic clock as one on the wall clock, ms since the epoch.
pub(super) fn to_wall(at: Instant) -> f64 {
    wall() as f64 - (now().as_millis() as f64 - at.as_millis() as f64)
}

/// At most one timeout, armed for one instant.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    armed: Option<(Instant, Timeout)>,
}

impl Alarm {
    /// Arms the timeout for `at`, or none; what was armed for another instant is cleared.
    pub(super) fn arm(&mut self, at: Option<Instant>, ring: impl FnOnce() + 'static) {
        if at == self.armed.as_ref().map(|(at, _)| *at) {
            return;
        }
        self.armed = at.map(|at| {
            let wait = at.since(now()).min(Duration::from_millis(LONGEST));
            (at, Timeout::new(wait.as_millis() as u32, ring))
        });
    }

    /// The timeout has fired: the next one must be armed even when it is for the same instant.
    pub(super) fn rang(&mut self) {
        self.armed = None;
    }
}
