//! The JavaScript module beside the wasm: handlers, and frames on their way to them.

use js_sys::{Array, Function, JsString, Object};
use wasm_bindgen::prelude::*;

use crate::session::{CONTROL_TYPES, Malformed, SocketId};

use super::payloads::set;

/// The events that are the session's own, which no frame may pass itself off as.
const OWN_EVENTS: [&str; 7] = [
    "connecting",
    "connected",
    "disconnected",
    "reconnecting",
    "stateChange",
    "error",
    "dropped",
];

#[wasm_bindgen(module = "/src/web/js/dispatcher.js")]
extern "C" {
    #[derive(Debug)]
    pub(super) type Dispatcher;

    #[wasm_bindgen(constructor)]
    fn new(control_types: &Array, reserved: &Array, session: &Object) -> Dispatcher;

    #[wasm_bindgen(method)]
    pub(super) fn on(this: &Dispatcher, event: &JsString, handler: &Function) -> Function;

    #[wasm_bindgen(method)]
    pub(super) fn once(this: &Dispatcher, event: &JsString, handler: &Function) -> Function;

    #[wasm_bindgen(method)]
    pub(super) fn off(this: &Dispatcher, event: &JsString, handler: &Function);

    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Dispatcher, event: &str, payload: &JsValue) -> bool;

    /// Listens to a socket's messages until the function that it returns is called.
    #[wasm_bindgen(method)]
    pub(super) fn attach(this: &Dispatcher, socket: &JsValue, id: u32) -> Function;
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
pub(super) struct Link {
    pub(super) dispatcher: Dispatcher,
    _control: Closure<dyn Fn(u32, JsValue)>,
    _malformed: Closure<dyn Fn(u32, u32)>,
    _unheard: Option<Closure<dyn Fn(String)>>,
}

impl Link {
    /// `session` gives the session while it exists. Frames that nobody listens to are reported
    /// only when `report_unheard` is set.
    pub(super) fn new<H: Hears>(
        session: impl Fn() -> Option<std::rc::Rc<H>> + Clone + 'static,
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
        Self {
            dispatcher: Dispatcher::new(&strings(&CONTROL_TYPES), &strings(&OWN_EVENTS), &hooks),
            _control: control,
            _malformed: malformed,
            _unheard: unheard,
        }
    }
}

fn strings(list: &[&str]) -> Array {
    list.iter().map(|&text| JsValue::from(text)).collect()
}
