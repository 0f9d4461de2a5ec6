//! The one loop between the core and the world. The numbers are those of the contract in
//! [`crate::session`].

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, JsString, Promise};
use wasm_bindgen::{JsCast, JsValue};

use crate::session::{
    Cause, Close, Command, CommandError, Control, Event, Input, LogLevel, Malformed, Outgoing,
    Output, Reconnect, Redacted, Redactor, Reply, Session, SocketId, TimelineEntry, WakeHint,
    is_clean,
};

use super::callback::{Callback, callback};
use super::clock::{self, Alarm};
use super::credentials::{self, Credentials, Missing, Part};
use super::dispatcher::Link;
use super::environment::Environment;
use super::log::Log;
use super::message::Message;
use super::options::{SessionOptions, type_error};
use super::payloads;
use super::promises::Promises;
use super::socket::Socket;
use super::{fields, frames, told};

/// A session with everything that it needs of the world.
///
/// It holds itself while it is active, so that a session lives on when the app forgets its
/// `TpaSession`.
pub(super) struct Driver {
    me: Weak<Self>,
    held: RefCell<Option<Rc<Self>>>,
    tell: Callback,
    options: SessionOptions,
    log: Log,
    /// As each message of the app's has it.
    package_name: JsString,
    pub(super) link: Link,
    core: RefCell<Session<Message>>,
    draining: Cell<bool>,
    alarm: RefCell<Alarm>,
    attempt: RefCell<Option<Attempt>>,
    socket: RefCell<Option<Rc<Socket>>>,
    /// Watched while the session is active.
    environment: RefCell<Option<Environment>>,
    /// The newest key.
    api_key: RefCell<String>,
    /// Keeps it out of all texts.
    redactor: RefCell<Redactor>,
    settings: RefCell<JsValue>,
    connects: RefCell<Promises>,
    flushes: RefCell<Promises>,
}

/// The attempt whose socket is not made yet.
struct Attempt {
    socket: SocketId,
    credentials: Credentials,
}

impl Driver {
    pub(super) fn new(options: SessionOptions) -> Rc<Self> {
        let log = Log {
            level: options.options.log_level,
            logger: options.logger.clone(),
            package_name: options.options.package_name.clone(),
        };
        let seed = js_sys::Math::random().to_bits();
        let core = Session::new(options.options.config.clone(), seed, clock::now());
        Rc::new_cyclic(|me: &Weak<Self>| {
            let session = me.clone();
            let tell = callback(move |what, socket, value| {
                if let Some(me) = session.upgrade() {
                    me.hear(what, SocketId(socket), &value);
                }
            });
            Self {
                me: me.clone(),
                held: RefCell::default(),
                link: Link::new(tell.as_ref(), log.writes(LogLevel::Debug)),
                tell,
                package_name: options.options.package_name.as_str().into(),
                options,
                log,
                core: RefCell::new(core),
                draining: Cell::new(false),
                alarm: RefCell::default(),
                attempt: RefCell::default(),
                socket: RefCell::default(),
                environment: RefCell::default(),
                api_key: RefCell::default(),
                redactor: RefCell::default(),
                settings: RefCell::new(Array::new().into()),
                connects: RefCell::default(),
                flushes: RefCell::default(),
            }
        })
    }

    /// Looks at the core.
    pub(super) fn inspect<T>(&self, look: impl FnOnce(&Session<Message>) -> T) -> T {
        look(&self.core.borrow())
    }

    /// Step 1 for the app, then the loop.
    pub(super) fn command(&self, command: Command<Message>) -> Result<Reply, CommandError> {
        let reply = self.core.borrow_mut().command(command, clock::now());
        self.drain();
        reply
    }

    /// `connect()`: its promise must be there before the loop can settle it.
    pub(super) fn connect(&self, session_id: String) -> Promise {
        if !self.inspect(|core| core.state().is_active()) {
            self.watch_environment();
        }
        let command = Command::Connect { session_id };
        let reply = self.core.borrow_mut().command(command, clock::now());
        let promise = match reply {
            Ok(Reply::Run(run)) => self.connects.borrow_mut().of(run.0),
            Ok(_) => Promises::settled(Ok(JsValue::UNDEFINED)),
            Err(error) => Promises::settled(Err(type_error(error.message()))),
        };
        self.drain();
        promise
    }

    /// `flush()`: as with `connect()`, its promise comes first.
    pub(super) fn flush(&self) -> Promise {
        let reply = self.core.borrow_mut().command(Command::Flush, clock::now());
        let promise = match reply {
            Ok(Reply::Flush(flush)) => self.flushes.borrow_mut().of(flush.0),
            _ => Promises::settled(Ok(JsValue::UNDEFINED)),
        };
        self.drain();
        promise
    }

    /// `stats`: times are those of the wall clock.
    pub(super) fn stats(&self) -> JsValue {
        self.report_activity();
        let stats = self.inspect(Session::stats);
        let payload = payloads::data(&stats);
        if let Some(at) = stats.last_heard {
            fields::set(&payload, "lastHeard", &clock::to_wall(at).into());
        }
        if let Some(dispatcher) = self.link.dispatcher() {
            fields::set(&payload, "received", &dispatcher.received().into());
        }
        payload
    }

    /// `timeline()`: times are those of the wall clock.
    pub(super) fn timeline(&self) -> Array {
        let entry = |entry: &TimelineEntry| {
            let object = payloads::timeline_event(&entry.event);
            fields::set(&object, "at", &clock::to_wall(entry.at).into());
            fields::set(&object, "connection", &entry.connection.0.into());
            object
        };
        self.inspect(|core| core.timeline().map(entry).collect())
    }

    /// `send()`.
    pub(super) fn send(&self, message: &JsValue, options: &JsValue) -> Result<Reply, JsValue> {
        let session_id = self.inspect(|core| core.session_id().map(str::to_owned));
        let payload = Message::new(message, &self.package_name, session_id.as_deref())?;
        let (key, ttl) = super::message::send_options(options)?;
        let command = Command::Send {
            key: key.or_else(|| payload.default_key()),
            ttl: ttl.or_else(|| payload.default_ttl()),
            payload,
            buffered: self.socket().and_then(|socket| socket.buffered()),
        };
        self.command(command)
            .map_err(|error| type_error(error.message()))
    }

    /// Step 1 for the world, then the loop.
    fn input(&self, input: Input) {
        self.core.borrow_mut().handle_input(input, clock::now());
        self.drain();
    }

    /// Steps 2 to 5. A nested call returns at once (step 3).
    fn drain(&self) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let output = self.core.borrow_mut().poll_output();
            match output {
                Some(output) => self.carry_out(output),
                None => break,
            }
        }
        self.draining.set(false);
        let active = self.inspect(|core| core.state().is_active());
        self.link.hold(active);
        *self.held.borrow_mut() = self.me.upgrade().filter(|_| active);
        if !active {
            // Taken out first: its end runs code of the page.
            drop(self.environment.take());
        }
        self.arm();
    }

    fn arm(&self) {
        let due = self.inspect(Session::poll_timeout);
        let me = self.me.clone();
        self.alarm.borrow_mut().arm(due.map(|(at, _)| at), move || {
            if let Some(me) = me.upgrade() {
                me.alarm.borrow_mut().rang();
                me.ring();
            }
        });
    }

    /// A deadline has come; what the core is to know before it hears of that is told first.
    fn ring(&self) {
        self.report_activity();
        let now = clock::now();
        let buffered = self.socket().and_then(|s| Some((s.id, s.buffered()?)));
        let mut core = self.core.borrow_mut();
        if let Some((id, buffered)) = buffered {
            core.handle_input(Input::Buffered(id, buffered), now);
        }
        core.handle_input(Input::WallClock(clock::wall()), now);
        core.handle_input(Input::Timeout, now);
        drop(core);
        self.drain();
    }

    /// Frames of the app's are not reported one by one.
    fn report_activity(&self) {
        if let Some((id, at)) = self.socket().and_then(|s| Some((s.id, s.heard_at()?))) {
            let input = Input::Activity(id, at);
            self.core.borrow_mut().handle_input(input, clock::now());
        }
    }

    fn watch_environment(&self) {
        *self.environment.borrow_mut() = Some(Environment::watch(self.tell.as_ref()));
    }

    fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }

    fn carry_out(&self, output: Output<Message>) {
        match output {
            Output::Prepare(socket) => self.prepare(socket),
            Output::Open(socket) => self.open(socket),
            Output::Transmit(socket, frame) => self.transmit(socket, frame),
            Output::Close(socket, close) => {
                *self.attempt.borrow_mut() = None;
                let closing = self.socket.borrow_mut().take_if(|open| open.id == socket);
                if let Some(closing) = closing {
                    closing.close(&close);
                }
            }
            Output::AskShouldReconnect(cause) => {
                let decision = self.judge(&cause);
                self.input(Input::ShouldReconnect(decision));
            }
            Output::Emit(event) => self.emit(event),
            Output::Settle(run, result) => {
                let result = match result {
                    Ok(()) => Ok(self.settings.borrow().clone()),
                    Err(error) => Err(payloads::connection_error(&error)),
                };
                self.connects.borrow_mut().settle(run.0, result);
            }
            Output::Flushed(flush, result) => {
                let result = result.map(|()| JsValue::UNDEFINED);
                let result = result.map_err(payloads::flush_error);
                self.flushes.borrow_mut().settle(flush.0, result);
            }
        }
    }

    fn prepare(&self, socket: SocketId) {
        let credentials = Credentials::known(&self.options);
        self.use_key(credentials.api_key.as_deref());
        *self.attempt.borrow_mut() = Some(Attempt {
            socket,
            credentials,
        });
        self.gather(socket);
    }

    /// Asks for what is missing, part by part, as long as the attempt is wanted.
    fn gather(&self, socket: SocketId) {
        let part = match &*self.attempt.borrow() {
            Some(attempt) if attempt.socket == socket => attempt.credentials.missing(),
            _ => return,
        };
        let Some(part) = part else {
            return self.input(Input::Prepared(socket));
        };
        let me = self.me.clone();
        credentials::ask_for(part, &self.options, move |answer| {
            if let Some(me) = me.upgrade() {
                me.take_in(socket, part, answer);
            }
        });
    }

    fn take_in(&self, socket: SocketId, part: Part, answer: Result<JsValue, JsValue>) {
        let taken = match &mut *self.attempt.borrow_mut() {
            Some(attempt) if attempt.socket == socket => {
                let taken = attempt.credentials.take_in(part, answer, &self.options);
                self.use_key(attempt.credentials.api_key.as_deref());
                taken
            }
            _ => return,
        };
        match taken {
            Ok(()) => self.gather(socket),
            Err(Missing::Now(reason)) => self.input(Input::AttemptFailed {
                socket,
                reason: self.redact(&reason),
            }),
            Err(Missing::Ever(reason)) => self.input(Input::Unsupported { socket, reason }),
        }
    }

    /// The key to use, and to keep out of all texts, from now on.
    fn use_key(&self, api_key: Option<&str>) {
        if let Some(api_key) = api_key {
            *self.api_key.borrow_mut() = api_key.into();
            *self.redactor.borrow_mut() = Redactor::new(api_key);
        }
    }

    fn open(&self, id: SocketId) {
        let Some(Attempt {
            credentials:
                Credentials {
                    constructor: Some(constructor),
                    url: Some(url),
                    api_key: Some(_),
                },
            ..
        }) = self.attempt.take()
        else {
            return;
        };
        let Some(dispatcher) = self.link.dispatcher() else {
            return;
        };
        match Socket::open(id, &constructor, &url, &dispatcher, self.tell.as_ref()) {
            Ok(socket) => *self.socket.borrow_mut() = Some(Rc::new(socket)),
            Err(reason) => self.input(Input::AttemptFailed {
                socket: id,
                reason: self.redact(&reason),
            }),
        }
    }

    /// What JavaScript tells, of a socket where there is one.
    fn hear(&self, what: u32, socket: SocketId, value: &JsValue) {
        let malformed = |fault| self.input(Input::Malformed(socket, fault));
        match what {
            told::NOT_JSON => malformed(Malformed::NotJson),
            told::NOT_OBJECT => malformed(Malformed::NotObject),
            told::NO_TYPE => malformed(Malformed::NoType),
            told::CONTROL => self.control(socket, value),
            told::UNHEARD => self.note("nobody listens to ", value),
            told::INCOMPLETE => self.note("frame of ", value),
            told::OPENED => self.input(Input::Opened(socket)),
            told::FAILED => {
                let message = fields::text(value, "message").unwrap_or_default();
                if !message.is_empty() {
                    let message = self.redact(&message);
                    self.write(LogLevel::Info, &["socket error: ", &message].concat());
                }
                self.input(Input::Failed(socket));
            }
            told::CLOSED => {
                self.report_activity();
                let (code, reason) = told::close(value);
                let close = Close::new(code, self.redact(&reason));
                self.input(Input::Closed(socket, close));
            }
            told::OFFLINE => self.input(Input::Offline),
            told::ONLINE => self.input(Input::Online),
            _ => self.input(Input::Wake(WakeHint::Resumed)),
        }
    }

    fn note(&self, what: &str, value: &JsValue) {
        let value = value.as_string().unwrap_or_default();
        self.write(LogLevel::Debug, &[what, &value].concat());
    }

    fn redact(&self, text: &str) -> Redacted {
        self.redactor.borrow().redact(text)
    }

    fn transmit(&self, id: SocketId, frame: Outgoing<Message>) {
        let session_id = self.inspect(|core| core.session_id().unwrap_or_default().to_owned());
        let package_name = &self.options.options.package_name;
        let text = match frame {
            Outgoing::Init => frames::init(&session_id, package_name, &self.api_key.borrow()),
            Outgoing::Subscriptions(streams) => {
                frames::subscriptions(&session_id, package_name, &streams)
            }
            Outgoing::Message(message) => Some(message.text(&session_id)),
            Outgoing::Ping => frames::ping(),
        };
        if let (Some(socket), Some(text)) = (self.socket().filter(|s| s.id == id), text) {
            socket.send(&text);
        }
    }

    /// The app's decision on a closure; `None` if it makes none, throws, or gives a delay that is
    /// not allowed.
    fn judge(&self, cause: &Cause) -> Option<Reconnect> {
        let close = payloads::data(cause);
        fields::set(&close, "wasClean", &is_clean(cause.code).into());
        let asked = self.options.should_reconnect.as_ref()?;
        let Ok(answer) = asked.call1(&JsValue::UNDEFINED, &close) else {
            self.write(LogLevel::Error, "shouldReconnect threw; the table decides");
            return None;
        };
        if let Some(wanted) = answer.as_bool() {
            return Some(wanted.into());
        }
        if !answer.is_object() {
            return None;
        }
        let delay = fields::get(&answer, "delay").as_f64().unwrap_or(f64::NAN);
        let decision = Reconnect::after_millis(delay);
        if decision.is_none() {
            let allowed = Reconnect::DELAY_ALLOWED;
            self.write(
                LogLevel::Error,
                &[
                    "shouldReconnect: delay must be ",
                    allowed,
                    "; the table decides",
                ]
                .concat(),
            );
        }
        decision
    }

    fn emit(&self, event: Event<Message>) {
        let payload = match &event {
            Event::Connecting(event) => payloads::data(event),
            Event::Connected => self.settings.borrow().clone(),
            Event::Disconnected(event) => {
                let level = match (event.was_clean, event.permanent) {
                    (true, _) => LogLevel::Info,
                    (false, false) => LogLevel::Warn,
                    (false, true) => LogLevel::Error,
                };
                self.write(level, &event.message);
                payloads::data(event)
            }
            Event::Reconnecting(event) => {
                let delay = event.delay.as_millis().to_string();
                let code = event.cause.code.to_string();
                let after = [" ms, after ", &code, " ", &event.cause.reason].concat();
                self.write(
                    LogLevel::Warn,
                    &["reconnecting in ", &delay, &after].concat(),
                );
                payloads::data(event)
            }
            Event::StateChange(event) => {
                self.write(LogLevel::Info, event.to.name());
                payloads::data(event)
            }
            Event::Error(error) => {
                self.write(LogLevel::Warn, error.message());
                payloads::error(error)
            }
            Event::Dropped(message, reason) => {
                self.write(LogLevel::Debug, &["dropped: ", reason.name()].concat());
                payloads::dropped(&message.original, *reason)
            }
        };
        self.link.emit(event.name(), &payload);
    }

    fn write(&self, level: LogLevel, text: &str) {
        if self.log.writes(level) {
            // Copied first: the app's own logger may call the session.
            let session_id = self.inspect(|core| core.session_id().map(str::to_owned));
            let connection = self.inspect(Session::connection);
            self.log
                .write(level, session_id.as_deref(), connection, text);
        }
    }

    /// A frame that the session must act on.
    fn control(&self, socket: SocketId, frame: &JsValue) {
        let control = frames::control(frame, &self.redactor.borrow());
        let Some(control) = control else {
            return;
        };
        if control == Control::Ack && self.inspect(|core| core.awaits_ack(socket)) {
            let settings = fields::get(frame, "settings");
            let settings = settings.dyn_into::<Array>().unwrap_or_default();
            *self.settings.borrow_mut() = settings.into();
        }
        self.input(Input::Control(socket, control));
    }
}
