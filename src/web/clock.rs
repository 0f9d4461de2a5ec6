//! Clocks of the runtime, and the one timer of a session.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use crate::session::{self, Duration, Instant};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = epochOfTimers)]
    fn epoch_of_timers(sink: &JsValue) -> u32;

    #[wasm_bindgen(js_name = canClearTimers)]
    fn can_clear_timers(epoch: u32) -> bool;

    #[wasm_bindgen(js_name = reportTimeout, catch)]
    fn report_timeout(sink: &JsValue) -> Result<(), JsValue>;

    fn unref(timer: &JsValue);
}

/// Time on the wall clock, in ms since the epoch. It advances while a computer sleeps.
pub(super) fn wall() -> u64 {
    js_sys::Date::now() as u64
}

/// The clock of a session, with at most one timeout.
#[derive(Default)]
pub(super) struct Clock {
    time: Cell<session::Clock>,
    armed: RefCell<Option<Armed>>,
}

impl Clock {
    /// Current time.
    pub(super) fn now(&self) -> Instant {
        self.update(|clock, raw| clock.read(raw))
    }

    /// Converts a time of `performance.now()` that was noted since the clock was last read.
    pub(super) fn at(&self, raw: f64) -> Instant {
        self.time.get().at(raw as u64)
    }

    /// Converts a time to one of `performance.now()`.
    pub(super) fn raw(&self, at: Instant) -> f64 {
        self.time.get().raw(at) as f64
    }

    /// Converts a time to ms since the epoch.
    pub(super) fn to_wall(&self, at: Instant) -> f64 {
        wall() as f64 - (self.now().as_millis() as f64 - at.as_millis() as f64)
    }

    /// Arms the timeout for a deadline, or disarms it. It is set again where the timers of the
    /// runtime were replaced meanwhile.
    pub(super) fn arm(&self, due: Option<Instant>, sink: &JsValue) {
        let epoch = due.map_or(0, |_| epoch_of_timers(sink));
        let is_armed = match &*self.armed.borrow() {
            Some(armed) => due == Some(armed.due) && epoch == armed.epoch,
            None => due.is_none(),
        };
        if is_armed {
            return;
        }
        drop(self.armed.take());
        let Some(due) = due else {
            return;
        };
        // Nothing is armed or borrowed meanwhile: timers of a test may call back at once, which is
        // ignored.
        let armed = Armed::new(due, self.now(), epoch, sink);
        drop(self.armed.replace(Some(armed)));
    }

    /// Records that the timeout has fired. Returns whether it proves silence, or `None` if no
    /// timeout is armed.
    pub(super) fn fired(&self) -> Option<bool> {
        let armed = self.armed.take()?;
        Some(self.update(|clock, raw| clock.fired(raw, armed.armed_for)))
    }

    /// Records that other tasks have had their turn since the timeout.
    pub(super) fn turned(&self) {
        self.update(|clock, _| clock.turned());
    }

    fn update<T>(&self, change: impl FnOnce(&mut session::Clock, u64) -> T) -> T {
        let mut time = self.time.get();
        let result = change(&mut time, performance_now() as u64);
        self.time.set(time);
        result
    }
}

/// A timeout that is cleared on drop.
struct Armed {
    due: Instant,
    armed_for: Instant,
    epoch: u32,
    timeout: Option<Timeout>,
    cleared: Rc<Cell<bool>>,
}

impl Armed {
    fn new(due: Instant, now: Instant, epoch: u32, sink: &JsValue) -> Self {
        let (armed_for, wait) = session::Clock::arm(now, due);
        let cleared = Rc::new(Cell::new(false));
        let timeout = Timeout::new(millis(wait), {
            let (sink, cleared) = (sink.clone(), cleared.clone());
            move || {
                if !cleared.get() {
                    // The sink, which checks the stack, throws nothing.
                    let _ = report_timeout(&sink);
                }
            }
        });
        Self {
            due,
            armed_for,
            epoch,
            timeout: Some(timeout),
            cleared,
        }
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.cleared.set(true);
        let Some(timeout) = self.timeout.take() else {
            return;
        };
        if can_clear_timers(self.epoch) {
            return drop(timeout);
        }
        // Fake timers of a test were installed or removed in between, and those of now would throw
        // or remove another timeout; or they replace only `setTimeout`. It may still fire and must
        // find its closure, but it need not keep a process of Node alive.
        unref(&timeout.forget());
    }
}

fn millis(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis()).unwrap_or(u32::MAX)
}
