//! Clocks of the runtime, and the one timer of a session.

use std::cell::{Cell, RefCell};

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use crate::session::{self, Duration, Instant, State};

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

    #[wasm_bindgen(js_name = setTimer)]
    fn set_timer(sink: &JsValue, wait: u32, number: u32) -> JsValue;

    #[wasm_bindgen(js_name = reportTimeout)]
    fn report_timeout(sink: &JsValue, number: u32);

    #[wasm_bindgen(js_name = dropTimer)]
    fn drop_timer(timer: &JsValue, clears: bool);
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
    /// Number of the last timeout.
    last: Cell<u32>,
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
    pub(super) fn arm(&self, due: Option<Instant>, state: State, sink: &JsValue) {
        let wanted = due.map(|due| (due, epoch_of_timers(sink)));
        let armed = self.armed.borrow().as_ref().map(|it| (it.due, it.epoch));
        if wanted == armed {
            return;
        }
        drop(self.armed.take());
        let Some((due, epoch)) = wanted else {
            return;
        };
        let number = self.last.get().wrapping_add(1);
        self.last.set(number);
        let (armed_for, wait) = session::Clock::arm(self.now(), due);
        // Nothing is armed or borrowed meanwhile: timers of a test may call back at once, which is
        // ignored.
        let timer = Timer::new(wait, number, state, sink);
        drop(self.armed.replace(Some(Armed {
            due,
            armed_for,
            epoch,
            number,
            timer: Some(timer),
        })));
    }

    /// Records that a timeout has fired. Returns whether it proves silence, or `None` if it is not
    /// the armed one.
    pub(super) fn fired(&self, number: u32) -> Option<bool> {
        let is_armed = |armed: &mut Armed| armed.number == number;
        let armed = self.armed.borrow_mut().take_if(is_armed)?;
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
    number: u32,
    timer: Option<Timer>,
}

impl Drop for Armed {
    fn drop(&mut self) {
        let Some(timer) = self.timer.take() else {
            return;
        };
        let can_clear = can_clear_timers(self.epoch);
        // Fake timers of a test may have been installed or removed in between, and those of now
        // would throw or remove another timeout; or they replace only `setTimeout`. It may still
        // fire then, with a number that is not armed, but it need not keep a process of Node alive.
        match timer {
            Timer::Waiting(timeout) if can_clear => drop(timeout),
            Timer::Waiting(timeout) => drop_timer(&timeout.forget(), false),
            Timer::Other(timer) => drop_timer(&timer, can_clear),
        }
    }
}

/// A timer of the runtime, which reports its number.
enum Timer {
    /// For the next attempt to connect.
    Waiting(Timeout),
    /// The closure of a [`Timeout`] would take 0.3 KiB of each session for as long as it is
    /// connected.
    Other(JsValue),
}

impl Timer {
    fn new(wait: Duration, number: u32, state: State, sink: &JsValue) -> Self {
        let wait = wait.as_u32();
        if state == State::Waiting {
            let sink = sink.clone();
            // The sink checks the stack, and nothing is borrowed here.
            Self::Waiting(Timeout::new(wait, move || report_timeout(&sink, number)))
        } else {
            Self::Other(set_timer(sink, wait, number))
        }
    }
}
