//! An app that notes all that it is told.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use tpa_session::web::TpaSession;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::js;

/// Where the cloud of the tests listens.
pub const CLOUD: &str = match option_env!("TPA_CLOUD_URL") {
    Some(url) => url,
    None => "http://127.0.0.1:8002",
};

/// Longest wait for anything, ms.
const PATIENCE: u32 = 10_000;

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
type Noted = Rc<RefCell<Vec<(String, JsValue)>>>;

/// A session and all events that it told.
pub struct App {
    pub session: TpaSession,
    noted: Noted,
    /// Each with its undo.
    handlers: RefCell<Vec<(Function, Handler)>>,
}

/// Options of an app of its own: no two tests share a session.
pub fn options(name: &str) -> JsValue {
    let options = js::literal("{ apiKey: 'dev-key', reconnectDelay: 50, logLevel: 'silent' }");
    js::set(&options, "packageName", &name.into());
    js::set(
        &options,
        "augmentOSWebsocketUrl",
        &format!("{CLOUD}/tpa-ws").into(),
    );
    js::set(&options, "WebSocket", &js::web_socket());
    options
}

impl App {
    pub fn new(options: &JsValue) -> Self {
        let app = Self {
            session: TpaSession::new(options).expect("options that are right"),
            noted: Noted::default(),
            handlers: RefCell::default(),
        };
        for event in EVENTS {
            app.note(event);
        }
        app
    }

    /// An app that is connected under its own name.
    pub async fn connected(name: &str) -> Self {
        let app = Self::new(&options(name));
        app.connect(&session_id(name)).await.expect("a connection");
        app
    }

    /// Notes an event from now on.
    pub fn note(&self, event: &str) {
        let noted = self.noted.clone();
        let name = event.to_owned();
        self.on(event, move |payload| {
            noted.borrow_mut().push((name.clone(), payload))
        });
    }

    pub fn on(&self, event: &str, handler: impl Fn(JsValue) + 'static) {
        let handler = Handler::new(handler);
        let undo = self.session.on(&event.into(), handler.as_ref());
        let undo = undo.expect("an event and a function");
        self.handlers.borrow_mut().push((undo, handler));
    }

    pub async fn connect(&self, session_id: &str) -> Result<JsValue, JsValue> {
        JsFuture::from(self.session.connect(&session_id.into())).await
    }

    /// How often an event was told.
    pub fn count(&self, event: &str) -> usize {
        let noted = self.noted.borrow();
        noted.iter().filter(|(name, _)| name == event).count()
    }

    /// Waits for the `nth` event of a kind, counted from 1; its payload.
    pub async fn wait(&self, event: &str, nth: usize) -> JsValue {
        for _ in 0..PATIENCE / 5 {
            let payload = self.payloads(event).into_iter().nth(nth - 1);
            if let Some(payload) = payload {
                return payload;
            }
            js::sleep(5).await;
        }
        panic!("no {event} number {nth}; told: {:?}", self.story());
    }

    pub fn payloads(&self, event: &str) -> Vec<JsValue> {
        let noted = self.noted.borrow();
        let of_event = noted.iter().filter(|(name, _)| name == event);
        of_event.map(|(_, payload)| payload.clone()).collect()
    }

    /// The names of all events, in order.
    pub fn story(&self) -> Vec<String> {
        self.noted
            .borrow()
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub fn state(&self) -> String {
        self.session.state().into()
    }
}

pub fn session_id(name: &str) -> String {
    format!("user_{name}-{name}")
}

/// Injects a fault into the connections of one app.
pub async fn fault(name: &str, fault: &str) {
    let id = session_id(name);
    let body = format!(r#"{{"sessionId":"{id}",{fault}}}"#);
    assert_eq!(
        js::post(&format!("{CLOUD}/faults"), &body).await,
        202.0,
        "{body}"
    );
}

/// A session lives on when it is forgotten, but the handlers of this app do not.
impl Drop for App {
    fn drop(&mut self) {
        self.session.disconnect(&JsValue::UNDEFINED);
        for (undo, _) in self.handlers.borrow().iter() {
            let _ = undo.call0(&JsValue::UNDEFINED);
        }
    }
}
