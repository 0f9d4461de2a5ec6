//! The loop between the core and the runtime. The numbers are those of the contract in
//! [`crate::session`].

use std::cell::{Cell, RefCell, RefMut};
use std::rc::{Rc, Weak};

use js_sys::{Array, Promise};
use wasm_bindgen::{JsCast, JsValue};

use crate::session::{
    Command, CommandError, Input, Instant, LogLevel, MOST_OUTPUTS, Outgoing, Output, Redacted,
    Redactor, Reply, Session, SocketId, Source, is_of_package,
};

use super::abi::{self, Sink};
use super::clock::{self, Clock};
use super::dial::Attempt;
use super::dispatcher::DispatcherRef;
use super::environment::Environment;
use super::message::{self, DirectWay, Message};
use super::options::{SessionOptions, type_error};
use super::promises::Promises;
use super::socket::Socket;
use super::{convert, wire};

/// A session with all resources of the runtime that it uses.
///
/// It keeps itself alive while it is active, so that a session goes on when the app drops its
/// `TpaSession`.
pub(super) struct Driver {
    pub(super) me: Weak<Self>,
    keep_alive: RefCell<Option<Rc<Self>>>,
    pub(super) sink: Sink,
    pub(super) options: SessionOptions,
    pub(super) dispatcher: DispatcherRef,
    core: RefCell<Session<Message>>,
    /// Created with the first permit.
    direct: RefCell<Option<DirectWay>>,
    permitted: Cell<bool>,
    draining: Cell<bool>,
    /// The app was warned of handlers that call the session without end.
    warned: Cell<bool>,
    pub(super) clock: Clock,
    pub(super) attempt: RefCell<Option<Attempt>>,
    pub(super) socket: RefCell<Option<Rc<Socket>>>,
    /// Watched while the session is active.
    environment: RefCell<Option<Environment>>,
    /// Has the key of the current attempt.
    pub(super) redactor: RefCell<Redactor>,
    /// Settings of the last ack.
    pub(super) settings: RefCell<JsValue>,
    connects: RefCell<Promises>,
    flushes: RefCell<Promises>,
}

impl Driver {
    pub(super) fn new(options: SessionOptions) -> Rc<Self> {
        let seed = js_sys::Math::random().to_bits();
        let clock = Clock::default();
        let core = Session::new(options.options.config.clone(), seed, clock.now());
        let driver = Rc::new_cyclic(|me| {
            let sink = abi::sink(me);
            Self {
                me: me.clone(),
                keep_alive: RefCell::default(),
                dispatcher: DispatcherRef::new(
                    sink.as_ref(),
                    options.writes(LogLevel::Debug),
                    &options.options,
                ),
                sink,
                options,
                core: RefCell::new(core),
                direct: RefCell::default(),
                permitted: Cell::new(false),
                draining: Cell::new(false),
                warned: Cell::new(false),
                clock,
                attempt: RefCell::default(),
                socket: RefCell::default(),
                environment: RefCell::default(),
                redactor: RefCell::default(),
                settings: RefCell::default(),
                connects: RefCell::default(),
                flushes: RefCell::default(),
            }
        });
        if let Source::Fixed(key) = &driver.options.options.api_key {
            driver.set_api_key(key.clone());
        }
        driver
    }

    /// Reads from the core.
    pub(super) fn with_core<T>(&self, read: impl FnOnce(&Session<Message>) -> T) -> T {
        read(&self.core.borrow())
    }

    /// Borrows the core for step 1, and reports what was sent without it.
    fn enter(&self) -> RefMut<'_, Session<Message>> {
        let mut core = self.core.borrow_mut();
        if self.permitted.replace(false)
            && let Some(direct) = &*self.direct.borrow()
            && let Some(sent) = direct.take(&self.clock)
        {
            core.report_direct(sent, self.clock.now());
        }
        core
    }

    /// Step 6: lets messages pass without the core, if it permits that.
    fn permit(&self) {
        if self.permitted.get() {
            return;
        }
        let (Some(permit), Some(socket), Some(dispatcher)) = (
            self.with_core(Session::permit),
            self.socket(),
            self.dispatcher.get(),
        ) else {
            return;
        };
        if permit.socket != socket.id {
            return;
        }
        let mut direct = self.direct.borrow_mut();
        let direct = direct.get_or_insert_with(|| DirectWay::new(&dispatcher));
        let until = self.clock.raw(permit.until);
        direct.permit(
            &socket.connection,
            until,
            permit.bytes as u32,
            permit.buffered as u32,
        );
        self.permitted.set(true);
    }

    /// Step 1 for a command, then the loop.
    fn command(&self, command: Command<Message>) -> Result<Reply, CommandError> {
        let reply = self.enter().command(command, self.clock.now());
        self.drain();
        reply
    }

    /// Step 1 for an input, then the loop.
    pub(super) fn input(&self, input: Input) {
        self.enter().handle_input(input, self.clock.now());
        self.drain();
    }

    /// Steps 2 to 6. A nested call returns at once (step 3).
    fn drain(&self) {
        if self.draining.replace(true) {
            return;
        }
        let mut outputs = 0;
        while outputs < MOST_OUTPUTS {
            let output = self.core.borrow_mut().poll_output();
            let Some(output) = output else {
                break;
            };
            self.execute(output);
            outputs += 1;
        }
        let yields = outputs == MOST_OUTPUTS;
        if yields && !self.warned.replace(true) {
            self.log(LogLevel::Warn, "handlers call the session without end");
        }
        self.draining.set(false);
        let active = yields || self.with_core(|core| core.state().is_active());
        self.dispatcher.keep_while(active);
        *self.keep_alive.borrow_mut() = self.me.upgrade().filter(|_| active);
        if !active {
            // Taken out of the cell first: removing listeners may run code of the page.
            drop(self.environment.take());
        }
        self.arm();
        self.permit();
    }

    /// Step 5. If the loop has yielded, a timer for a time in the past continues it.
    fn arm(&self) {
        let (at, state) = self.with_core(|core| {
            let at = if core.has_output() {
                Some(Instant::default())
            } else {
                core.poll_timeout().map(|(at, _)| at)
            };
            (at, core.state())
        });
        self.clock.arm(at, state, self.sink.as_ref());
    }

    /// Step 1 for a timeout, preceded by the inputs that must come before it.
    pub(super) fn on_timeout(&self, number: u32) {
        // Before the clock jumps.
        drop(self.enter());
        self.report_activity();
        let Some(is_conclusive) = self.clock.fired(number) else {
            return;
        };
        let now = self.clock.now();
        let buffered = self.socket().and_then(|s| Some((s.id, s.buffered()?)));
        let mut core = self.enter();
        if let Some((id, buffered)) = buffered {
            core.handle_input(Input::Buffered(id, buffered), now);
        }
        core.handle_input(Input::WallClock(clock::wall()), now);
        if !is_conclusive {
            core.handle_input(Input::ClockJumped, now);
        }
        core.handle_input(Input::Timeout, now);
        drop(core);
        self.drain();
    }

    /// Records that other tasks have had their turn, and sets a timeout again that would never
    /// fire.
    pub(super) fn on_turned(&self) {
        self.clock.turned();
        self.arm();
    }

    /// Reports the time of the last frame, since most frames are not reported one by one.
    pub(super) fn report_activity(&self) {
        if let Some((id, at)) = self.socket().and_then(|s| Some((s.id, s.take_activity()?))) {
            let input = Input::Activity(id, self.clock.at(at));
            self.enter().handle_input(input, self.clock.now());
        }
    }

    /// Step 2 for one output.
    fn execute(&self, output: Output<Message>) {
        match output {
            Output::Prepare(socket) => self.prepare(socket),
            Output::Open(socket) => self.open(socket),
            Output::Transmit(socket, frame) => self.transmit(socket, frame),
            Output::Close(socket, close) => {
                drop(self.attempt.take());
                let closing = self.socket.borrow_mut().take_if(|open| open.id == socket);
                if let Some(closing) = closing {
                    closing.close(&close);
                }
            }
            Output::AskShouldReconnect(cause) => {
                let decision = self.ask_should_reconnect(&cause);
                self.input(Input::ShouldReconnect(decision));
            }
            Output::Emit(event) => self.emit(&event),
            Output::Settle(run, result) => {
                let result = match result {
                    Ok(()) => Ok(self.settings.borrow().clone()),
                    Err(error) => Err(convert::connection_error(&error)),
                };
                self.connects.borrow_mut().settle(run.0, result);
            }
            Output::Flushed(flush, result) => {
                let result = result.map(|()| JsValue::UNDEFINED);
                let result = result.map_err(convert::flush_error);
                self.flushes.borrow_mut().settle(flush.0, result);
            }
        }
    }

    fn transmit(&self, id: SocketId, frame: Outgoing<Message>) {
        let session_id = self.session_id().unwrap_or_default();
        let package_name = &self.options.options.package_name;
        let text = match frame {
            Outgoing::Init => wire::init(&session_id, package_name, self.redactor.borrow().key()),
            Outgoing::Subscriptions(streams) => {
                wire::subscriptions(&session_id, package_name, &streams)
            }
            Outgoing::Message(message) => Some(message.text(&session_id)),
            Outgoing::Ping(id) => wire::ping(id),
        };
        if let (Some(socket), Some(text)) = (self.socket().filter(|s| s.id == id), text) {
            socket.send(&text);
        }
    }

    fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }

    /// Sets the key of the next socket, which no text from outside may show.
    pub(super) fn set_api_key(&self, key: String) {
        *self.redactor.borrow_mut() = Redactor::new(key);
    }

    /// Removes the key from a text from outside.
    pub(super) fn redact(&self, text: &str) -> Redacted {
        self.redactor.borrow().redact(text)
    }

    /// Sets the settings of an ack; anything but a list counts as an empty one.
    pub(super) fn set_settings(&self, settings: JsValue) {
        let settings = settings.dyn_into::<Array>().unwrap_or_default();
        *self.settings.borrow_mut() = settings.into();
    }

    /// Returns true if lines of this level are written.
    pub(super) fn writes(&self, level: LogLevel) -> bool {
        self.options.writes(level)
    }

    /// Writes a log line.
    pub(super) fn log(&self, level: LogLevel, text: &str) {
        if self.writes(level) {
            // Copied first: the app's logger may call the session.
            let session_id = self.session_id();
            let connection = self.with_core(Session::connection);
            self.options
                .write_line(level, session_id.as_deref(), connection, text);
        }
    }
}

/// Commands of the app.
impl Driver {
    /// Starts the session.
    pub(super) fn connect(&self, session_id: String) -> Promise {
        let package_name = &self.options.options.package_name;
        if self.session_id().as_ref() != Some(&session_id)
            && !is_of_package(&session_id, package_name)
        {
            let text = ["the session id does not end in -", package_name];
            self.log(LogLevel::Warn, &text.concat());
        }
        if !self.with_core(|core| core.state().is_active()) {
            // Dropped first: the session may have ended in this turn of the loop.
            drop(self.environment.take());
            self.environment
                .replace(Some(Environment::watch(self.sink.as_ref())));
        }
        let command = Command::Connect { session_id };
        let reply = self.enter().command(command, self.clock.now());
        if let Some(dispatcher) = self.dispatcher.get() {
            dispatcher.set_session_id(self.session_id());
        }
        // The promise must exist before the loop can settle it.
        let promise = match reply {
            Ok(Reply::Run(run)) => self.connects.borrow_mut().get(run.0),
            Ok(_) => Promises::settled(Ok(JsValue::UNDEFINED)),
            Err(CommandError::Disposed) => Promises::settled(Err(convert::disposed())),
            Err(error) => Promises::settled(Err(type_error(error.message()))),
        };
        self.drain();
        promise
    }

    /// Ends the session.
    pub(super) fn disconnect(&self, reason: Option<String>) {
        // `Disconnect` has no errors.
        let _ = self.command(Command::Disconnect { reason });
    }

    /// Ends the session for good.
    pub(super) fn dispose(&self) {
        // `Dispose` has no errors.
        let _ = self.command(Command::Dispose);
    }

    /// Makes the next attempt now, if the session waits for one.
    pub(super) fn reconnect_now(&self) {
        // `ReconnectNow` has no errors.
        let _ = self.command(Command::ReconnectNow);
    }

    /// Ends the session here, so that another process can continue it.
    pub(super) fn hand_over(&self) {
        // `HandOver` has no errors.
        let _ = self.command(Command::HandOver);
    }

    /// Opens a connection anew because the cloud has asked for the session.
    pub(super) fn reopen(&self) {
        // `Reopen` has no errors.
        let _ = self.command(Command::Reopen);
    }

    /// Changes the subscriptions.
    pub(super) fn change(&self, command: Command<Message>) -> Result<(), JsValue> {
        let reply = self.command(command);
        reply.map(drop).map_err(|error| type_error(error.message()))
    }

    /// Sends a message, or queues it.
    pub(super) fn send(&self, outgoing: message::Outgoing) -> Reply {
        let command = Command::Send {
            key: outgoing.key(),
            ttl: outgoing.time_to_live(),
            replay: outgoing.replay(),
            payload: Message(outgoing),
            buffered: self.socket().and_then(|socket| socket.buffered()),
        };
        // `Send` has no errors.
        self.command(command).unwrap_or(Reply::Dropped)
    }

    /// Makes a message of the app ready, and sends it.
    pub(super) fn prepare_and_send(
        &self,
        message: &JsValue,
        options: &JsValue,
    ) -> Result<Reply, JsValue> {
        let dispatcher = self.dispatcher.get();
        let dispatcher = dispatcher.ok_or_else(|| type_error("the session was dropped"))?;
        Ok(self.send(message::Outgoing::new(message, options, &dispatcher)?))
    }

    /// Waits until the cloud has received all messages so far.
    pub(super) fn flush(&self) -> Promise {
        let reply = self.enter().command(Command::Flush, self.clock.now());
        // The promise must exist before the loop can settle it.
        let promise = match reply {
            Ok(Reply::Flush(flush)) => self.flushes.borrow_mut().get(flush.0),
            _ => Promises::settled(Ok(JsValue::UNDEFINED)),
        };
        self.drain();
        promise
    }

    /// Id given to the last `connect()`.
    pub(super) fn session_id(&self) -> Option<String> {
        self.with_core(|core| core.session_id().map(str::to_owned))
    }

    /// Counters, with times on the wall clock.
    pub(super) fn stats(&self) -> JsValue {
        drop(self.enter());
        self.report_activity();
        self.permit();
        let stats = self.with_core(Session::stats);
        let received = self
            .dispatcher
            .get()
            .map(|dispatcher| dispatcher.received());
        convert::stats(&stats, received, &self.clock)
    }

    /// The last transitions, with times on the wall clock.
    pub(super) fn timeline(&self) -> Array {
        self.with_core(|core| {
            let entries = core.timeline();
            entries
                .map(|entry| convert::timeline_entry(entry, &self.clock))
                .collect()
        })
    }
}
