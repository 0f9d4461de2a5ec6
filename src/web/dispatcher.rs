//! The JavaScript module beside the wasm: handlers, and frames on their way to them.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::session::{CONTROL_TYPES, RENAMED_TYPES, RESERVED_EVENTS};

#[wasm_bindgen(module = "/src/web/js/dispatcher.js")]
extern "C" {
    #[derive(Clone, Debug)]
    pub(super) type Dispatcher;

    fn dispatch(
        control: &Array,
        reserved: &Array,
        renamed: &Array,
        tell: &JsValue,
        notes: bool,
    ) -> Dispatcher;

    #[wasm_bindgen(method, catch)]
    pub(super) fn on(
        this: &Dispatcher,
        event: &JsValue,
        handler: &JsValue,
        once: bool,
    ) -> Result<Function, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn off(this: &Dispatcher, event: &JsValue, handler: &JsValue)
    -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn emit(this: &Dispatcher, event: &str, payload: &JsValue);

    /// Frames that came, on all sockets.
    #[wasm_bindgen(method, getter)]
    pub(super) fn received(this: &Dispatcher) -> f64;
}

#[wasm_bindgen]
extern "C" {
    type WeakRef;

    #[wasm_bindgen(constructor)]
    fn new(target: &Dispatcher) -> WeakRef;

    #[wasm_bindgen(method)]
    fn deref(this: &WeakRef) -> Option<Dispatcher>;
}

/// A dispatcher and the function that it calls.
///
/// Handlers usually refer to the session, and what wasm refers to is never collected. So the
/// dispatcher belongs to the JavaScript object of the session, once that has taken it; from
/// here it is held only while the session is active.
pub(super) struct Link {
    weak: WeakRef,
    held: RefCell<Option<Dispatcher>>,
    taken: Cell<bool>,
}

impl Link {
    /// `tell` hears of frames. Those that nobody listens to are reported only when `notes` is set.
    pub(super) fn new(tell: &JsValue, notes: bool) -> Self {
        let dispatcher = dispatch(
            &strings(&CONTROL_TYPES),
            &strings(&RESERVED_EVENTS),
            &renamed(),
            tell,
            notes,
        );
        Self {
            weak: WeakRef::new(&dispatcher),
            held: RefCell::new(Some(dispatcher)),
            taken: Cell::new(false),
        }
    }

    /// The dispatcher; `None` when its owner is gone.
    pub(super) fn dispatcher(&self) -> Option<Dispatcher> {
        let held = self.held.borrow().clone();
        held.or_else(|| self.weak.deref())
    }

    /// Calls the handlers of an event.
    pub(super) fn emit(&self, event: &str, payload: &JsValue) {
        if let Some(dispatcher) = self.dispatcher() {
            dispatcher.emit(event, payload);
        }
    }

    /// Gives the dispatcher to its owner, who must keep it for as long as it has the session,
    /// which is not active yet.
    pub(super) fn take(&self) -> Option<Dispatcher> {
        let dispatcher = self.dispatcher();
        self.taken.set(true);
        self.hold(false);
        dispatcher
    }

    /// Holds the dispatcher while the session is active, and no longer.
    pub(super) fn hold(&self, active: bool) {
        let keep = active || !self.taken.get();
        let mut held = self.held.borrow_mut();
        if held.is_some() != keep {
            *held = if keep { self.weak.deref() } else { None };
        }
    }
}

fn renamed() -> Array {
    let pairs = RENAMED_TYPES.iter();
    pairs.map(|&(from, to)| strings(&[from, to])).collect()
}

fn strings(list: &[&str]) -> Array {
    list.iter().map(|&text| JsValue::from(text)).collect()
}
