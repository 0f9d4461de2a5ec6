//! The JavaScript module beside the wasm: handlers, and frames on their way to them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::session::{CONTROL_TYPES, Malformed, RENAMED_TYPES, SocketId};

use super::callback::{Callback, callback};

/// What no text frame may pass itself off as: the session's own events, and that of audio,
/// which is binary.
const RESERVED_EVENTS: [&str; 8] = [
    "connecting",
    "connected",
    "disconnected",
    "reconnecting",
    "stateChange",
    "error",
    "dropped",
    "audio_chunk",
];

/// As in dispatcher.js.
const NOT_JSON: u32 = 0;
const NOT_OBJECT: u32 = 1;
const NO_TYPE: u32 = 2;
const CONTROL: u32 = 3;
const UNHEARD: u32 = 4;

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

/// What the dispatcher hands over to the session.
pub(super) trait Hears: 'static {
    /// A frame that the session must act on.
    fn control(&self, socket: SocketId, frame: &JsValue);
    /// Something that is no frame.
    fn malformed(&self, socket: SocketId, fault: Malformed);
    /// A frame or stream of this name came, and nobody listens to it.
    fn unheard(&self, name: &str);
    /// A frame came without what its type promises.
    fn incomplete(&self, what: &str);
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
    _tell: Callback,
}

impl Link {
    /// `session` gives the session while it exists. Frames that nobody listens to are reported
    /// only when `notes` is set.
    pub(super) fn new<H: Hears>(
        session: impl Fn() -> Option<Rc<H>> + 'static,
        notes: bool,
    ) -> Self {
        let tell = callback(move |what, socket, value| {
            let Some(session) = session() else { return };
            let socket = SocketId(socket);
            match what {
                NOT_JSON => session.malformed(socket, Malformed::NotJson),
                NOT_OBJECT => session.malformed(socket, Malformed::NotObject),
                NO_TYPE => session.malformed(socket, Malformed::NoType),
                CONTROL => session.control(socket, &value),
                UNHEARD => session.unheard(&value.as_string().unwrap_or_default()),
                _ => session.incomplete(&value.as_string().unwrap_or_default()),
            }
        });
        let dispatcher = dispatch(
            &strings(&CONTROL_TYPES),
            &strings(&RESERVED_EVENTS),
            &renamed(),
            tell.as_ref(),
            notes,
        );
        Self {
            weak: WeakRef::new(&dispatcher),
            held: RefCell::new(Some(dispatcher)),
            taken: Cell::new(false),
            _tell: tell,
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
