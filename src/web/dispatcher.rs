//! The JavaScript module beside the wasm: handlers, and frames on their way to them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, JsString, Object};
use wasm_bindgen::prelude::*;

use crate::session::{CONTROL_TYPES, Malformed, RENAMED_TYPES, SocketId};

use super::fields::set;

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

#[wasm_bindgen(module = "/src/web/js/dispatcher.js")]
extern "C" {
    #[derive(Clone, Debug)]
    pub(super) type Dispatcher;

    #[wasm_bindgen(constructor)]
    fn new(rules: &Object, session: &Object) -> Dispatcher;

    #[wasm_bindgen(method)]
    pub(super) fn on(
        this: &Dispatcher,
        event: &JsString,
        handler: &Function,
        once: bool,
    ) -> Function;

    #[wasm_bindgen(method)]
    pub(super) fn off(this: &Dispatcher, event: &JsString, handler: &Function);

    #[wasm_bindgen(method)]
    fn emit(this: &Dispatcher, event: &str, payload: &JsValue);

    /// Frames that came, on all sockets.
    #[wasm_bindgen(method, getter)]
    pub(super) fn received(this: &Dispatcher) -> f64;

    /// Listens to a socket's messages.
    #[wasm_bindgen(method, catch)]
    pub(super) fn attach(
        this: &Dispatcher,
        socket: &JsValue,
        id: u32,
    ) -> Result<SocketLink, JsValue>;

    /// The dispatcher's ear at one socket.
    pub(super) type SocketLink;

    /// When the peer last showed itself, by `performance.now()`; 0 for never.
    #[wasm_bindgen(method, getter, js_name = heardAt)]
    pub(super) fn heard_at(this: &SocketLink) -> f64;

    /// Nothing is heard after it.
    #[wasm_bindgen(method)]
    pub(super) fn detach(this: &SocketLink);
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
}

/// A dispatcher and the closures that it calls.
///
/// Handlers usually refer to the session, and what wasm refers to is never collected. So the
/// dispatcher belongs to the JavaScript object of the session, once that has taken it; from
/// here it is held only while the session is active.
pub(super) struct Link {
    weak: WeakRef,
    held: RefCell<Option<Dispatcher>>,
    taken: Cell<bool>,
    _control: Closure<dyn Fn(u32, JsValue)>,
    _malformed: Closure<dyn Fn(u32, u32)>,
    _unheard: Option<Closure<dyn Fn(String)>>,
}

impl Link {
    /// `session` gives the session while it exists. Frames that nobody listens to are reported
    /// only when `report_unheard` is set.
    pub(super) fn new<H: Hears>(
        session: impl Fn() -> Option<Rc<H>> + Clone + 'static,
        report_unheard: bool,
    ) -> Self {
        let hears = session.clone();
        let control = Closure::<dyn Fn(u32, JsValue)>::new(move |socket, frame| {
            if let Some(session) = hears() {
                session.control(SocketId(socket), &frame);
            }
        });
        let hears = session.clone();
        let malformed = Closure::<dyn Fn(u32, u32)>::new(move |socket, fault| {
            let fault = match fault {
                0 => Malformed::NotJson,
                1 => Malformed::NotObject,
                _ => Malformed::NoType,
            };
            if let Some(session) = hears() {
                session.malformed(SocketId(socket), fault);
            }
        });
        let unheard = report_unheard.then(|| {
            Closure::<dyn Fn(String)>::new(move |name: String| {
                if let Some(session) = session() {
                    session.unheard(&name);
                }
            })
        });
        let hooks = Object::new();
        set(&hooks, "control", control.as_ref());
        set(&hooks, "malformed", malformed.as_ref());
        if let Some(unheard) = &unheard {
            set(&hooks, "unheard", unheard.as_ref());
        }
        let dispatcher = Dispatcher::new(&rules(), &hooks);
        Self {
            weak: WeakRef::new(&dispatcher),
            held: RefCell::new(Some(dispatcher)),
            taken: Cell::new(false),
            _control: control,
            _malformed: malformed,
            _unheard: unheard,
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

fn rules() -> Object {
    let renamed: Array = RENAMED_TYPES
        .iter()
        .map(|&(from, to)| JsValue::from(strings(&[from, to])))
        .collect();
    let rules = Object::new();
    set(&rules, "control", &strings(&CONTROL_TYPES));
    set(&rules, "reserved", &strings(&RESERVED_EVENTS));
    set(&rules, "renamed", &renamed);
    rules
}

fn strings(list: &[&str]) -> Array {
    list.iter().map(|&text| JsValue::from(text)).collect()
}
