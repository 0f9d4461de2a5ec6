//! The boundary: every function of the wasm that JavaScript calls.
//!
//! - [`TpaSession`] has the commands of the app. The package's class of the same name calls them
//!   (`pkg-template/src/session/index.js`).
//! - [`EventSink`] takes the reports of the modules in `js/`.
//!
//! Functions in the other direction are declared where they are used.

use std::rc::{Rc, Weak};

use js_sys::{Array, JsString, Promise};
use wasm_bindgen::prelude::*;

use crate::session::{Command, Control, Input, LogLevel, Malformed, Reply, SocketId, WakeHint};

use super::convert;
use super::dispatcher::Dispatcher;
use super::driver::Driver;
use super::message;
use super::options::SessionOptions;
use super::{reflect, wire};

/// Commands of one session.
///
/// Every method takes `&self`, and none holds a borrow while code of the app runs, so that a
/// handler may call any of them.
#[wasm_bindgen]
pub struct TpaSession(Rc<Driver>);

#[wasm_bindgen]
impl TpaSession {
    /// Creates an idle session. Throws a `TypeError` for an option with a wrong value.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<TpaSession, JsValue> {
        Ok(Self(Driver::new(SessionOptions::read(options)?)))
    }

    /// Starts the session; resolves with the settings at the first ack.
    pub fn connect(&self, session_id: &JsValue) -> Promise {
        // Anything but a string is refused as an empty one.
        self.0.connect(session_id.as_string().unwrap_or_default())
    }

    /// Ends the session.
    pub fn disconnect(&self, reason: &JsValue) {
        self.0.disconnect(reason.as_string());
    }

    /// Sends a message, or queues it until there is a connection.
    pub fn send(&self, message: &JsValue, options: &JsValue) -> Result<JsString, JsValue> {
        let (key, ttl) = message::send_options(options)?;
        let reply = match self.0.send(message, key, ttl)? {
            Reply::Sent => "sent",
            Reply::Queued => "queued",
            Reply::Dropped | Reply::Done | Reply::Run(_) | Reply::Flush(_) => "dropped",
        };
        Ok(reply.into())
    }

    /// Resolves when the cloud has received all messages so far.
    pub fn flush(&self) -> Promise {
        self.0.flush()
    }

    /// Subscribes to streams: one name, or a list of them.
    pub fn subscribe(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.0.change(Command::Subscribe(names(streams)))
    }

    /// Unsubscribes from streams.
    pub fn unsubscribe(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.0.change(Command::Unsubscribe(names(streams)))
    }

    /// Sets the list of streams that have handlers.
    pub fn follow(&self, streams: &JsValue) -> Result<(), JsValue> {
        self.0.change(Command::Follow(names(streams)))
    }

    /// Streams that are subscribed to.
    pub fn subscriptions(&self) -> Array {
        let streams = self.0.with_core(|core| core.subscriptions().to_vec());
        streams.iter().map(JsValue::from).collect()
    }

    /// Makes the next attempt now, if the session waits for one.
    #[wasm_bindgen(js_name = reconnectNow)]
    pub fn reconnect_now(&self) {
        self.0.reconnect_now();
    }

    /// Name of the session's state.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsString {
        self.0.with_core(|core| core.state().name()).into()
    }

    /// Id given to `connect()`.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> Option<String> {
        self.0.session_id()
    }

    /// Counters, as plain data.
    #[wasm_bindgen(getter)]
    pub fn stats(&self) -> JsValue {
        self.0.stats()
    }

    /// The last transitions, as plain data.
    pub fn timeline(&self) -> Array {
        self.0.timeline()
    }

    /// Hands the event handlers over to the caller, who must keep them for as long as the session.
    ///
    /// Handlers usually refer to the session, and the garbage collector cannot see through wasm:
    /// a session whose handlers are kept by the wasm is never collected.
    #[wasm_bindgen(js_name = takeHandlers)]
    pub fn take_handlers(&self) -> Option<Dispatcher> {
        self.0.dispatcher.hand_over()
    }
}

/// One name, or a list of them.
fn names(streams: &JsValue) -> Vec<String> {
    // Anything but a string is refused as an empty one.
    let names = message::texts(streams);
    names.iter().filter_map(|name| name.as_string()).collect()
}

/// Way in which a text frame violates the protocol.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum FrameFault {
    /// The text is not JSON.
    NotJson = "not-json",
    /// The JSON is not an object.
    NotObject = "not-object",
    /// The object has no type.
    NoType = "no-type",
}

/// Receiver of what happens to one session: frames, the life of its sockets, and changes of the
/// environment.
#[wasm_bindgen]
pub struct EventSink(Weak<Driver>);

impl EventSink {
    /// Creates the receiver for a session, which it does not keep alive.
    pub(super) fn new(driver: &Weak<Driver>) -> JsValue {
        Self(driver.clone()).into()
    }

    fn input(&self, input: Input) {
        if let Some(driver) = self.0.upgrade() {
            driver.input(input);
        }
    }

    fn log(&self, level: LogLevel, text: &[&str]) {
        if let Some(driver) = self.0.upgrade() {
            driver.log(level, &text.concat());
        }
    }
}

#[wasm_bindgen]
impl EventSink {
    /// A frame violates the protocol.
    pub fn malformed(&self, socket: u32, fault: FrameFault) {
        let fault = match fault {
            FrameFault::NotJson => Malformed::NotJson,
            FrameFault::NotObject => Malformed::NotObject,
            FrameFault::NoType => Malformed::NoType,
            FrameFault::__Invalid => wasm_bindgen::throw_str("malformed: unknown fault"),
        };
        self.input(Input::Malformed(SocketId(socket), fault));
    }

    /// A control frame came.
    pub fn control(&self, socket: u32, frame: &JsValue) {
        let Some(driver) = self.0.upgrade() else {
            return;
        };
        let socket = SocketId(socket);
        let Some(control) = wire::control(frame, &driver.redactor()) else {
            return;
        };
        if control == Control::Ack && driver.with_core(|core| core.awaits_ack(socket)) {
            driver.set_settings(reflect::get(frame, "settings"));
        }
        driver.input(Input::Control(socket, control));
    }

    /// A frame or stream has no handler.
    pub fn unhandled(&self, name: &str) {
        self.log(LogLevel::Debug, &["no handler for ", name]);
    }

    /// A frame or stream lacks a field that its type promises.
    pub fn incomplete(&self, name: &str, missing: &str) {
        self.log(LogLevel::Debug, &["frame of ", name, " without ", missing]);
    }

    /// The socket is open.
    pub fn opened(&self, socket: u32) {
        self.input(Input::Opened(SocketId(socket)));
    }

    /// The socket reported an error.
    pub fn failed(&self, socket: u32, event: &JsValue) {
        let Some(driver) = self.0.upgrade() else {
            return;
        };
        let message = reflect::text(event, "message").unwrap_or_default();
        if !message.is_empty() {
            let message = driver.redactor().redact(&message);
            self.log(LogLevel::Info, &["socket error: ", &message]);
        }
        driver.input(Input::Failed(SocketId(socket)));
    }

    /// The socket is closed.
    pub fn closed(&self, socket: u32, event: &JsValue) {
        let Some(driver) = self.0.upgrade() else {
            return;
        };
        driver.report_activity();
        let close = convert::close(event, &driver.redactor());
        driver.input(Input::Closed(SocketId(socket), close));
    }

    /// The environment has no network.
    pub fn offline(&self) {
        self.input(Input::Offline);
    }

    /// The environment has a network.
    pub fn online(&self) {
        self.input(Input::Online);
    }

    /// The page is shown again, or resumed after it was frozen.
    pub fn resumed(&self) {
        self.input(Input::Wake(WakeHint::Resumed));
    }
}
