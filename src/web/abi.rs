//! The boundary: every function of the wasm that JavaScript calls.
//!
//! - [`TpaSession`] has the commands of the app. The package's class of the same name calls them
//!   (`pkg-template/src/session/index.js`).
//! - [`sink`] makes the function that takes the reports of the modules in `js/`, see [`JsEvent`].
//!
//! Functions in the other direction are declared where they are used.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::{Array, JsString, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen::throw_str;

use crate::session::{
    Close, Command, Control, Input, LogLevel, Malformed, Redacted, Reply, SocketId, WakeHint,
};

use super::convert;
use super::dispatcher::Dispatcher;
use super::driver::Driver;
use super::message::{self, Outgoing};
use super::options::SessionOptions;
use super::{reflect, wire};

/// Commands of one session.
///
/// Every method takes `&self`, and none holds a borrow while code of the app runs, so that a
/// handler may call any of them. Arguments are taken by value, for which the generated glue is
/// shorter.
#[wasm_bindgen]
pub struct TpaSession(Rc<Driver>);

#[wasm_bindgen]
impl TpaSession {
    /// Creates an idle session. Throws a `TypeError` for an option with a wrong value.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<TpaSession, JsValue> {
        Ok(Self(Driver::new(SessionOptions::read(&options)?)))
    }

    /// Starts the session; resolves with the settings at the first ack.
    pub fn connect(&self, session_id: JsValue) -> Promise {
        // Anything but a string is refused as an empty one.
        self.0.connect(session_id.as_string().unwrap_or_default())
    }

    /// Ends the session.
    pub fn disconnect(&self, reason: JsValue) {
        self.0.disconnect(reason.as_string());
    }

    /// Ends the session for good.
    pub fn dispose(&self) {
        self.0.dispose();
    }

    /// Sends a message, or queues it until there is a connection.
    #[wasm_bindgen(js_name = send)]
    pub fn send_outgoing(&self, outgoing: Outgoing) -> JsString {
        name_of(self.0.send(outgoing))
    }

    /// Resolves when the cloud has received all messages so far.
    pub fn flush(&self) -> Promise {
        self.0.flush()
    }

    /// Subscribes to streams: one name, or a list of them.
    pub fn subscribe(&self, streams: JsValue) -> Result<(), JsValue> {
        self.0.change(Command::Subscribe(names(&streams)))
    }

    /// Unsubscribes from streams.
    pub fn unsubscribe(&self, streams: JsValue) -> Result<(), JsValue> {
        self.0.change(Command::Unsubscribe(names(&streams)))
    }

    /// Sets the list of streams that have handlers.
    pub fn follow(&self, streams: JsValue) -> Result<(), JsValue> {
        self.0.change(Command::Follow(names(&streams)))
    }

    /// Streams that are subscribed to.
    pub fn subscriptions(&self) -> Array {
        self.0
            .with_core(|core| core.subscriptions().iter().map(JsValue::from).collect())
    }

    /// Makes the next attempt now, if the session waits for one.
    #[wasm_bindgen(js_name = reconnectNow)]
    pub fn reconnect_now(&self) {
        self.0.reconnect_now();
    }

    /// Ends the session here, so that another process can continue it.
    #[wasm_bindgen(js_name = handOver)]
    pub fn hand_over(&self) {
        self.0.hand_over();
    }

    /// Opens a connection anew because the cloud has asked for the session.
    pub fn reopen(&self) {
        self.0.reopen();
    }

    /// Name of the session's state.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsString {
        self.0.with_core(|core| core.state().name()).into()
    }

    /// Id given to `connect()`.
    #[wasm_bindgen(getter, js_name = sessionId)]
    pub fn session_id(&self) -> JsValue {
        self.0.session_id().into()
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

    /// Writes a warning, unless the level of the log is lower; returns true if it was written.
    pub fn warn(&self, text: JsValue) -> bool {
        self.0.log_text(LogLevel::Warn, "", &text);
        self.0.writes(LogLevel::Warn)
    }

    /// Returns a text of a frame as one line without the API key; an empty one if it is no string.
    pub fn redact(&self, text: JsValue) -> JsString {
        (*self.0.redact_line(&text)).into()
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

/// For programs in Rust.
impl TpaSession {
    /// Makes a message ready, and sends it as [`send_outgoing`](Self::send_outgoing).
    pub fn send(&self, message: JsValue, options: JsValue) -> Result<JsString, JsValue> {
        self.0.prepare_and_send(&message, &options).map(name_of)
    }
}

/// Result of `send()` in JavaScript.
fn name_of(reply: Reply) -> JsString {
    let name = match reply {
        Reply::Sent => "sent",
        Reply::Queued => "queued",
        Reply::Dropped | Reply::Done | Reply::Run(_) | Reply::Flush(_) => "dropped",
    };
    name.into()
}

/// One name, or a list of them.
fn names(streams: &JsValue) -> Vec<String> {
    // Anything but a string is refused as an empty one.
    let names = message::texts(streams);
    names.iter().filter_map(|name| name.as_string()).collect()
}

/// Reports of the modules in `js/`, by the names that they use.
///
/// There is one function for all of them: one for each would cost half a kilobyte of memory for
/// each session, and 100 bytes of the download.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum JsEvent {
    /// A text frame is not JSON.
    NotJson = "not-json",
    /// A text frame is not a JSON object.
    NotObject = "not-object",
    /// A text frame has no type.
    NoType = "no-type",
    /// A frame is larger than allowed, or has too many values.
    TooLarge = "too-large",
    /// A control frame came.
    Control = "control",
    /// A frame or stream with this name has no handler.
    Unhandled = "unhandled",
    /// A frame or stream lacks a field that its type promises.
    Incomplete = "incomplete",
    /// A handler threw, or its promise was rejected.
    HandlerFailed = "handler-failed",
    /// The timer with this number fired.
    Timeout = "timeout",
    /// Other tasks have had their turn since the timer fired, or replaced timers are back.
    Turned = "turned",
    /// The socket is open.
    Opened = "opened",
    /// The socket reported an error.
    Failed = "failed",
    /// The socket is closed.
    Closed = "closed",
    /// The socket received a frame that the session does not read.
    Active = "active",
    /// The socket received a protocol ping.
    ProtocolPing = "protocol-ping",
    /// The environment has no network.
    Offline = "offline",
    /// The environment has a network.
    Online = "online",
    /// The page is about to be left, or a download starts.
    Leaving = "leaving",
    /// The page was resumed after it was frozen.
    Resumed = "resumed",
    /// The page is visible again.
    Shown = "shown",
    /// An address of the machine changed.
    Addresses = "addresses",
}

#[wasm_bindgen(module = "/src/web/js/platform.js")]
extern "C" {
    /// A function that calls `report` with the session where the stack has room for it.
    #[wasm_bindgen(js_name = makeSink)]
    fn make_sink(report: &JsValue, session: u32) -> JsValue;
}

type Report = Closure<dyn Fn(u32, JsEvent, u32, JsValue)>;

/// The sessions by number. They share one function that JavaScript calls: one for each takes
/// 400 bytes.
#[derive(Default)]
struct Sessions {
    report: Option<Report>,
    last: u32,
    /// In ascending order of the numbers.
    drivers: Vec<(u32, Weak<Driver>)>,
}

impl Sessions {
    fn find(&self, session: u32) -> Option<usize> {
        let found = self.drivers.binary_search_by_key(&session, |(id, _)| *id);
        found.ok()
    }
}

thread_local! {
    static SESSIONS: RefCell<Sessions> = RefCell::default();
}

/// Function that JavaScript reports to: the event, the socket or the number of the timer or 0, and
/// a value.
pub(super) struct Sink {
    session: u32,
    function: JsValue,
}

impl AsRef<JsValue> for Sink {
    fn as_ref(&self) -> &JsValue {
        &self.function
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        SESSIONS.with_borrow_mut(|sessions| {
            if let Some(index) = sessions.find(self.session) {
                sessions.drivers.remove(index);
            }
        });
    }
}

/// Creates the function for a session, which it does not keep alive.
pub(super) fn sink(driver: &Weak<Driver>) -> Sink {
    SESSIONS.with_borrow_mut(|sessions| {
        sessions.last += 1;
        let session = sessions.last;
        sessions.drivers.push((session, driver.clone()));
        let report = sessions.report.get_or_insert_with(|| Closure::new(report));
        Sink {
            session,
            function: make_sink(report.as_ref(), session),
        }
    })
}

fn report(session: u32, event: JsEvent, socket: u32, value: JsValue) {
    let driver = SESSIONS.with_borrow(|sessions| {
        let index = sessions.find(session)?;
        sessions.drivers.get(index)?.1.upgrade()
    });
    if let Some(driver) = driver {
        driver.on_js_event(event, SocketId(socket), &value);
    }
}

impl Driver {
    fn on_js_event(&self, event: JsEvent, socket: SocketId, value: &JsValue) {
        let input = match event {
            JsEvent::NotJson => Input::Malformed(socket, Malformed::NotJson),
            JsEvent::NotObject => Input::Malformed(socket, Malformed::NotObject),
            JsEvent::NoType => Input::Malformed(socket, Malformed::NoType),
            JsEvent::TooLarge => Input::Malformed(socket, Malformed::TooLarge),
            JsEvent::Control => return self.on_control_frame(socket, value),
            JsEvent::Unhandled => return self.log_text(LogLevel::Debug, "no handler for ", value),
            JsEvent::Incomplete => return self.log_text(LogLevel::Debug, "frame of ", value),
            JsEvent::HandlerFailed => return self.handler_failed(value),
            JsEvent::Timeout => return self.on_timeout(socket.0),
            JsEvent::Turned => return self.on_turned(),
            JsEvent::Opened => Input::Opened(socket),
            JsEvent::Failed => {
                let error = self.redact_line(value);
                if !error.is_empty() {
                    self.log(LogLevel::Info, &["socket error: ", &error].concat());
                }
                Input::Failed(socket, error)
            }
            JsEvent::Closed => {
                self.report_activity();
                let (code, reason) = convert::close(value);
                let close = Close::new(code, self.redactor.borrow().redact_line(&reason));
                Input::Closed(socket, close)
            }
            JsEvent::Active => Input::Activity(socket, self.clock.now()),
            JsEvent::ProtocolPing => Input::ProtocolPing(socket, self.clock.now()),
            JsEvent::Offline => Input::Offline,
            JsEvent::Online => Input::Online,
            JsEvent::Leaving => Input::Leaving,
            JsEvent::Resumed => Input::Wake(WakeHint::Resumed),
            JsEvent::Shown => Input::Wake(WakeHint::Shown),
            JsEvent::Addresses => Input::Wake(WakeHint::AddressChanged),
            JsEvent::__Invalid => throw_str("JsEvent: unknown name"),
        };
        self.input(input);
    }

    fn on_control_frame(&self, socket: SocketId, frame: &JsValue) {
        let control = wire::control(frame, &self.redactor.borrow());
        let Some(control) = control else {
            return;
        };
        if control == Control::Ack && self.with_core(|core| core.awaits_ack(socket)) {
            self.set_settings(reflect::get(frame, "settings"));
        }
        self.input(Input::Control(socket, control));
    }

    /// Makes a text from outside one line without the key.
    fn redact_line(&self, text: &JsValue) -> Redacted {
        let text = text.as_string().unwrap_or_default();
        self.redactor.borrow().redact_line(&text)
    }

    fn log_text(&self, level: LogLevel, what: &str, text: &JsValue) {
        let text = self.redact(&text.as_string().unwrap_or_default());
        self.log(level, &[what, &text].concat());
    }
}
