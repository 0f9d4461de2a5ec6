//! The dispatcher in JavaScript, which calls the handlers of the app.

use std::cell::{Cell, RefCell};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::session::Options;

#[wasm_bindgen(module = "/src/web/js/dispatcher.js")]
extern "C" {
    /// The handlers of one session by event, and the path of its frames to them.
    #[derive(Clone, Debug)]
    pub type Dispatcher;

    /// Creates a dispatcher. A verbose one also reports frames that have no handler or lack a
    /// promised field.
    #[wasm_bindgen(constructor)]
    fn new(sink: &JsValue, verbose: bool, package_name: &str, max_frame_bytes: u32) -> Dispatcher;

    /// Tells the id of the session, which its messages have.
    #[wasm_bindgen(method, setter, js_name = sessionId)]
    pub(super) fn set_session_id(this: &Dispatcher, session_id: Option<String>);

    #[wasm_bindgen(method, catch)]
    pub(super) fn on(
        this: &Dispatcher,
        event: &str,
        handler: &JsValue,
    ) -> Result<Function, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn emit(this: &Dispatcher, event: &str, payload: &JsValue) -> Result<(), JsValue>;

    /// Number of frames received, on all sockets.
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

/// Reference to a session's dispatcher.
///
/// Handlers usually refer to the session, and an object that wasm refers to is never collected.
/// So the JavaScript object of the session owns the dispatcher once it was handed over; from here
/// it is kept only while the session is active.
pub(super) struct DispatcherRef {
    weak: WeakRef,
    strong: RefCell<Option<Dispatcher>>,
    handed_over: Cell<bool>,
}

impl DispatcherRef {
    /// Creates a dispatcher that reports to `sink`.
    pub(super) fn new(sink: &JsValue, verbose: bool, options: &Options) -> Self {
        let Options {
            package_name,
            max_frame_bytes,
            ..
        } = options;
        let dispatcher = Dispatcher::new(sink, verbose, package_name, *max_frame_bytes);
        Self {
            weak: WeakRef::new(&dispatcher),
            strong: RefCell::new(Some(dispatcher)),
            handed_over: Cell::new(false),
        }
    }

    /// The dispatcher; `None` if its owner was collected.
    pub(super) fn get(&self) -> Option<Dispatcher> {
        let strong = self.strong.borrow().clone();
        strong.or_else(|| self.weak.deref())
    }

    /// Calls the handlers of an event.
    pub(super) fn emit(&self, event: &str, payload: &JsValue) {
        if let Some(dispatcher) = self.get() {
            // Throws only if the stack is full.
            let _ = dispatcher.emit(event, payload);
        }
    }

    /// Hands the dispatcher of an idle session over to its owner, who must keep it for as long as
    /// the session.
    pub(super) fn hand_over(&self) -> Option<Dispatcher> {
        let dispatcher = self.get();
        self.handed_over.set(true);
        self.keep_while(false);
        dispatcher
    }

    /// Keeps the dispatcher if the session is active, or if nobody else does.
    pub(super) fn keep_while(&self, active: bool) {
        let keep = active || !self.handed_over.get();
        let mut strong = self.strong.borrow_mut();
        if strong.is_some() != keep {
            *strong = if keep { self.weak.deref() } else { None };
        }
    }
}
