//! An app that records the events of its session.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use tpa_session::web::JsSession;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{backend, js};

/// Longest wait for an event, ms.
const TIMEOUT: u32 = 10_000;

const EVENTS: [&str; 7] = [
    "connecting",
    "connected",
    "disconnected",
    "reconnecting",
    "stateChange",
    "error",
    "dropped",
];

type Handler = Closure<dyn Fn(JsValue)>;
type Events = Rc<RefCell<Vec<(String, JsValue)>>>;

#[wasm_bindgen]
extern "C" {
    /// The event handlers of a session.
    pub type Handlers;

    #[wasm_bindgen(method, catch)]
    pub fn on(
        this: &Handlers,
        event: &JsValue,
        handler: &JsValue,
        once: bool,
    ) -> Result<Function, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn off(this: &Handlers, event: &JsValue, handler: &JsValue) -> Result<(), JsValue>;
}

/// A session and its events so far.
pub struct App {
    /// Options of the session.
    pub options: JsValue,
    pub session: JsSession,
    pub handlers: Handlers,
    events: Events,
    /// Each with the function that removes it.
    registered: RefCell<Vec<(Function, Handler)>>,
}

/// Options of an app of its own: no two tests share a session.
pub fn options(name: &str) -> JsValue {
    let options = js::literal("{ apiKey: 'dev-key', reconnectDelay: 50, logLevel: 'silent' }");
    js::set(&options, "packageName", &name.into());
    js::set(&options, "augmentOSWebsocketUrl", &backend::url().into());
    js::set(&options, "WebSocket", &backend::web_socket());
    options
}

impl App {
    pub fn new(options: &JsValue) -> Self {
        let session = JsSession::new(options.clone()).expect("valid options");
        let handlers = session.take_handlers().map(JsValue::from);
        let app = Self {
            options: options.clone(),
            session,
            handlers: handlers.expect("handlers").unchecked_into(),
            events: Events::default(),
            registered: RefCell::default(),
        };
        for event in EVENTS {
            app.record(event);
        }
        app
    }

    /// Creates an app and connects it under its own name.
    pub async fn connected(name: &str) -> Self {
        let app = Self::new(&options(name));
        app.connect(&session_id(name)).await.expect("a connection");
        app
    }

    /// Records an event from now on.
    pub fn record(&self, event: &str) {
        let events = self.events.clone();
        let name = event.to_owned();
        self.on(event, move |payload| {
            events.borrow_mut().push((name.clone(), payload))
        });
    }

    pub fn on(&self, event: &str, handler: impl Fn(JsValue) + 'static) {
        let handler = Handler::new(handler);
        let remove = self
            .handlers
            .on(&event.into(), handler.as_ref(), false)
            .expect("an event and a function");
        self.registered.borrow_mut().push((remove, handler));
    }

    pub async fn connect(&self, session_id: &str) -> Result<JsValue, JsValue> {
        JsFuture::from(self.session.connect(session_id.into())).await
    }

    /// Number of recorded events of a kind.
    pub fn count(&self, event: &str) -> usize {
        self.payloads(event).len()
    }

    /// Waits for the `nth` event of a kind, counted from 1; its payload.
    pub async fn wait(&self, event: &str, nth: usize) -> JsValue {
        for _ in 0..TIMEOUT / 5 {
            let payload = self.payloads(event).into_iter().nth(nth - 1);
            if let Some(payload) = payload {
                return payload;
            }
            js::sleep(5).await;
        }
        panic!("no {event} number {nth} among {:?}", self.event_names());
    }

    pub fn payloads(&self, event: &str) -> Vec<JsValue> {
        let events = self.events.borrow();
        let of_event = events.iter().filter(|(name, _)| name == event);
        of_event.map(|(_, payload)| payload.clone()).collect()
    }

    /// The names of all events, in order.
    pub fn event_names(&self) -> Vec<String> {
        let events = self.events.borrow();
        events.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn state(&self) -> String {
        self.session.state().into()
    }
}

pub fn session_id(name: &str) -> String {
    format!("user_{name}-{name}")
}

/// Ends the session, which would go on without the app, and removes the handlers.
impl Drop for App {
    fn drop(&mut self) {
        self.session.disconnect(JsValue::UNDEFINED);
        for (remove, _) in self.registered.borrow().iter() {
            let _ = remove.call0(&JsValue::UNDEFINED);
        }
    }
}
