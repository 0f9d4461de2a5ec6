//! The state machine.

use std::collections::VecDeque;

use fastrand::Rng;

use super::close::{self, Close, CloseKind, Origin, classify};
use super::config::Config;
use super::input::{Command, CommandError, Input, Reply, RunId, SocketId};
use super::outbox::{Message, Outbox, Payload};
use super::output::{
    Cause, Connecting, ConnectionError, Disconnected, DropReason, Event, Outgoing, Output,
    Reconnecting, SessionError, State, StateChange,
};
use super::protocol::Control;
use super::subscriptions::Subscriptions;
use super::time::{Duration, Instant};
use super::timer::{Timer, Timers};

/// How long a socket that reported an error may take to report its close. Some never do.
const FAILURE_GRACE: Duration = Duration::from_millis(250);

/// One app's session with the cloud, over as many sockets as it takes.
///
/// The module's documentation has the contract of its run loop. `P` is the app's own form of a
/// message, which the session keeps and never reads.
#[derive(Debug)]
pub struct Session<P> {
    config: Config,
    rng: Rng,
    now: Instant,
    phase: Phase,
    run: Run,
    last_socket: SocketId,
    timers: Timers,
    subscriptions: Subscriptions,
    outbox: Outbox<P>,
    outputs: VecDeque<Output<P>>,
}

/// Where the session is, with the socket that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Preparing(SocketId),
    Connecting(SocketId),
    Handshaking(SocketId),
    Connected(SocketId),
    Waiting,
    Stopped,
}

impl Phase {
    const fn socket(self) -> Option<SocketId> {
        match self {
            Self::Idle | Self::Waiting | Self::Stopped => None,
            Self::Preparing(socket)
            | Self::Connecting(socket)
            | Self::Handshaking(socket)
            | Self::Connected(socket) => Some(socket),
        }
    }

    const fn state(self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::Preparing(_) | Self::Connecting(_) => State::Connecting,
            Self::Handshaking(_) => State::Handshaking,
            Self::Connected(_) => State::Connected,
            Self::Waiting => State::Waiting,
            Self::Stopped => State::Stopped,
        }
    }
}

/// One call of `connect()` and all that follows from it.
#[derive(Debug)]
struct Run {
    id: RunId,
    session_id: String,
    /// Attempts to reconnect since the last connection that was stable.
    attempts: u32,
    /// The cloud has acknowledged us at least once.
    acknowledged: bool,
    /// A fresh key was asked for because the last one was refused.
    fresh_key_tried: bool,
}

impl Run {
    const fn new(id: RunId, session_id: String) -> Self {
        Self {
            id,
            session_id,
            attempts: 0,
            acknowledged: false,
            fresh_key_tried: false,
        }
    }
}

impl<P: Payload> Session<P> {
    /// A session that is idle. `seed` decides the jitter: same seed and same inputs, same
    /// outputs.
    pub fn new(config: Config, seed: u64, now: Instant) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            now,
            phase: Phase::Idle,
            run: Run::new(RunId(0), String::new()),
            last_socket: SocketId(0),
            timers: Timers::default(),
            subscriptions: Subscriptions::default(),
            outbox: Outbox::new(config.outbox),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Does what the app asks. An error is the app's own mistake, and changes nothing.
    pub fn command(&mut self, command: Command<P>, now: Instant) -> Result<Reply, CommandError> {
        self.advance(now);
        match command {
            Command::Connect { session_id } => self.connect(session_id),
            Command::Disconnect { reason } => {
                self.disconnect(reason);
                Ok(Reply::Done)
            }
            Command::Send {
                payload,
                key,
                ttl,
                writable,
            } => {
                let expires = ttl.map(|ttl| self.now.after(ttl));
                let message = Message {
                    payload,
                    key,
                    expires,
                };
                Ok(self.send(message, writable))
            }
            Command::Subscribe(streams) => {
                self.change_subscriptions(streams, |list, streams| list.add(streams))
            }
            Command::Unsubscribe(streams) => {
                self.change_subscriptions(streams, |list, streams| list.remove(&streams))
            }
        }
    }

    /// Takes in what the world reports. What a peer does wrong becomes an event.
    pub fn handle_input(&mut self, input: Input, now: Instant) {
        self.advance(now);
        if input.socket().is_some() && input.socket() != self.phase.socket() {
            return;
        }
        match input {
            Input::Timeout => self.serve_timers(),
            Input::Prepared(socket) => self.open(socket),
            Input::AttemptFailed { reason, .. } => {
                self.lose(Close::new(close::NO_CLOSE_FRAME, reason), Origin::Attempt);
            }
            Input::Unsupported { reason, .. } => {
                self.lose(Close::new(close::NO_CLOSE_FRAME, reason), Origin::Runtime);
            }
            Input::Opened(socket) => self.shake_hands(socket),
            Input::Failed(_) => self
                .timers
                .set(Timer::Failure, self.now.after(FAILURE_GRACE)),
            Input::Closed(_, close) => self.lose(close, Origin::Peer),
            Input::Control(socket, control) => self.obey(socket, control),
            Input::Malformed(_, malformed) => {
                self.emit(Event::Error(SessionError::Malformed(malformed)));
            }
        }
    }

    /// The next thing to carry out; `None` when there is nothing more to do now.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output<P>> {
        self.outputs.pop_front()
    }

    /// When to report [`Input::Timeout`], and what will be due then.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.timers.next()
    }

    /// Where the session is.
    pub const fn state(&self) -> State {
        self.phase.state()
    }

    /// The socket of the current attempt, or of the last one.
    pub const fn connection(&self) -> SocketId {
        self.last_socket
    }

    /// The id given to the last `connect()`, if any.
    pub fn session_id(&self) -> Option<&str> {
        (self.phase != Phase::Idle).then_some(self.run.session_id.as_str())
    }

    /// The streams that the app asked for.
    pub fn subscriptions(&self) -> &[String] {
        self.subscriptions.as_slice()
    }

    /// Messages that wait to be sent, and their bytes.
    pub fn queued(&self) -> (usize, usize) {
        (self.outbox.len(), self.outbox.bytes())
    }
}

/// What the app asks.
impl<P: Payload> Session<P> {
    fn connect(&mut self, session_id: String) -> Result<Reply, CommandError> {
        if session_id.trim_ascii().is_empty() {
            return Err(CommandError::EmptySessionId);
        }
        if self.is_active() {
            if self.run.session_id == session_id {
                return Ok(Reply::Run(self.run.id));
            }
            self.disconnect(Some("Another session was asked for".into()));
        }
        self.run = Run::new(RunId(self.run.id.0.wrapping_add(1)), session_id);
        self.start_attempt();
        Ok(Reply::Run(self.run.id))
    }

    fn disconnect(&mut self, reason: Option<String>) {
        if self.is_active() {
            let reason = reason.unwrap_or_else(|| "Client disconnect".into());
            self.lose(Close::new(close::NORMAL, reason), Origin::Client);
        }
    }

    fn send(&mut self, message: Message<P>, writable: bool) -> Reply {
        if self.phase == Phase::Stopped {
            return Reply::Dropped;
        }
        if let (Phase::Connected(socket), true) = (self.phase, writable) {
            self.drain_outbox(socket);
            self.transmit(socket, Outgoing::Message(message.payload));
            return Reply::Sent;
        }
        let fits =
            message.payload.size() <= self.config.outbox.bytes && self.config.outbox.messages > 0;
        let dropped = self.outbox.push(message);
        self.report_dropped(dropped, DropReason::Overflow);
        self.watch_expiry();
        if fits { Reply::Queued } else { Reply::Dropped }
    }

    fn change_subscriptions(
        &mut self,
        streams: Vec<String>,
        change: impl FnOnce(&mut Subscriptions, Vec<String>) -> bool,
    ) -> Result<Reply, CommandError> {
        if streams.iter().any(|stream| stream.trim_ascii().is_empty()) {
            return Err(CommandError::EmptyStream);
        }
        let changed = change(&mut self.subscriptions, streams);
        if let (Phase::Connected(socket), true) = (self.phase, changed) {
            self.tell_subscriptions(socket);
        }
        Ok(Reply::Done)
    }
}

/// What the world does.
impl<P: Payload> Session<P> {
    fn serve_timers(&mut self) {
        while let Some(timer) = self.timers.take_due(self.now) {
            match timer {
                Timer::Connect => self.lose(
                    Close::new(close::CONNECT_TIMEOUT, "Not acknowledged in time"),
                    Origin::Attempt,
                ),
                Timer::Failure => self.lose(Close::new(close::NO_CLOSE_FRAME, ""), Origin::Peer),
                Timer::Stable => self.run.attempts = 0,
                Timer::Retry => {
                    self.run.attempts = self.run.attempts.saturating_add(1);
                    self.start_attempt();
                }
                Timer::Expiry => self.drop_expired(),
            }
        }
    }

    fn start_attempt(&mut self) {
        let socket = SocketId(self.last_socket.0.wrapping_add(1));
        self.last_socket = socket;
        self.timers
            .set(Timer::Connect, self.now.after(self.config.connect_timeout));
        self.enter(Phase::Preparing(socket));
        self.emit(Event::Connecting(Connecting {
            attempt: self.run.attempts,
        }));
        self.outputs.push_back(Output::Prepare(socket));
    }

    fn open(&mut self, socket: SocketId) {
        if self.phase == Phase::Preparing(socket) {
            self.enter(Phase::Connecting(socket));
            self.outputs.push_back(Output::Open(socket));
        }
    }

    fn shake_hands(&mut self, socket: SocketId) {
        if self.phase == Phase::Connecting(socket) {
            self.transmit(socket, Outgoing::Init);
            self.enter(Phase::Handshaking(socket));
        }
    }

    fn obey(&mut self, socket: SocketId, control: Control) {
        match control {
            Control::Ack => self.acknowledge(socket),
            Control::Stopped { reason } => {
                let text = match reason {
                    Some(reason) => ["App stopped: ", &reason].concat(),
                    None => "App stopped".into(),
                };
                self.lose(Close::new(close::NORMAL, text), Origin::StopFrame);
            }
            Control::Error { code, message } => {
                let connected = matches!(self.phase, Phase::Connected(_));
                if connected && !close::is_fatal_error(code.as_deref()) {
                    self.emit(Event::Error(SessionError::Reported { code, message }));
                } else {
                    let close = Close::new(close::POLICY_VIOLATION, message);
                    self.lose(close, Origin::ErrorFrame(code.as_deref()));
                }
            }
        }
    }

    fn acknowledge(&mut self, socket: SocketId) {
        if self.phase != Phase::Handshaking(socket) {
            return;
        }
        self.timers.stop(Timer::Connect);
        self.timers
            .set(Timer::Stable, self.now.after(self.config.stable_after));
        self.run.fresh_key_tried = false;
        self.tell_subscriptions(socket);
        self.drain_outbox(socket);
        if !std::mem::replace(&mut self.run.acknowledged, true) {
            self.outputs.push_back(Output::Settle(self.run.id, Ok(())));
        }
        self.enter(Phase::Connected(socket));
        self.emit(Event::Connected);
    }
}

/// The end of a connection.
impl<P: Payload> Session<P> {
    /// The connection, the attempt or the wait is over: go on or stop.
    fn lose(&mut self, close: Close, origin: Origin<'_>) {
        let kind = classify(&close, origin);
        let was_connected = matches!(self.phase, Phase::Connected(_));
        if self.timers.is_due(Timer::Stable, self.now) {
            // The timer may be late, e.g. in a hidden tab; the connection was stable all the same.
            self.run.attempts = 0;
        }
        if let Some(socket) = self.phase.socket() {
            self.outputs.push_back(Output::Close(socket, close.clone()));
        }
        for timer in [Timer::Connect, Timer::Failure, Timer::Stable, Timer::Retry] {
            self.timers.stop(timer);
        }
        if self.may_retry(kind) {
            self.wait(was_connected, close, kind);
        } else {
            self.stop(close, kind);
        }
    }

    /// Whether this closure is one after which another attempt makes sense, and allowed.
    fn may_retry(&mut self, kind: CloseKind) -> bool {
        let fresh_key = kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.run.fresh_key_tried, true);
        (kind.may_reconnect() || fresh_key) && self.config.auto_reconnect && !self.is_exhausted()
    }

    fn is_exhausted(&self) -> bool {
        self.config
            .max_reconnect_attempts
            .is_some_and(|max| self.run.attempts >= max)
    }

    fn wait(&mut self, was_connected: bool, close: Close, kind: CloseKind) {
        let delay = self.config.backoff.delay(self.run.attempts, &mut self.rng);
        self.timers.set(Timer::Retry, self.now.after(delay));
        self.enter(Phase::Waiting);
        if was_connected {
            self.emit_disconnected(close.clone(), kind, describe(&close), false);
        }
        let max_attempts = self.config.max_reconnect_attempts;
        self.emit(Event::Reconnecting(Reconnecting {
            attempt: self.run.attempts.saturating_add(1),
            max_attempts: max_attempts.map_or(f64::INFINITY, f64::from),
            delay,
            cause: cause(close, kind),
        }));
    }

    /// The session is over for good.
    fn stop(&mut self, close: Close, kind: CloseKind) {
        // A handler may have ended the session while these were waiting to be carried out.
        self.outputs.retain(|output| {
            !matches!(
                output,
                Output::Prepare(_)
                    | Output::Open(_)
                    | Output::Emit(
                        Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)
                    )
            )
        });
        let mut left = Vec::new();
        while let Some(payload) = self.outbox.pop() {
            left.push(payload);
        }
        self.report_dropped(left, DropReason::Ended);
        self.timers.stop(Timer::Expiry);
        self.enter(Phase::Stopped);
        let mut message = describe(&close);
        let gave_up = kind.may_reconnect() && self.run.attempts > 0 && self.is_exhausted();
        let (close, kind) = if gave_up {
            let close = Close::new(close::EXHAUSTED, "Maximum reconnection attempts exceeded");
            message = [&close.reason, ". The last one: ", &message].concat();
            (close, CloseKind::Exhausted)
        } else {
            (close, kind)
        };
        if !self.run.acknowledged {
            let error = ConnectionError {
                cause: cause(close.clone(), kind),
                message: message.clone(),
                attempts: self.run.attempts,
            };
            self.outputs
                .push_back(Output::Settle(self.run.id, Err(error)));
        }
        self.emit_disconnected(close, kind, message, true);
    }

    fn emit_disconnected(
        &mut self,
        close: Close,
        kind: CloseKind,
        message: String,
        permanent: bool,
    ) {
        self.emit(Event::Disconnected(Disconnected {
            message,
            was_clean: close.was_clean(),
            code: close.code,
            reason: close.reason,
            permanent,
            will_reconnect: !permanent,
            kind,
        }));
    }
}

/// What waits to be sent.
impl<P: Payload> Session<P> {
    fn tell_subscriptions(&mut self, socket: SocketId) {
        let streams = self.subscriptions.as_slice().to_vec();
        self.transmit(socket, Outgoing::Subscriptions(streams));
    }

    fn drain_outbox(&mut self, socket: SocketId) {
        self.drop_expired();
        while let Some(payload) = self.outbox.pop() {
            self.transmit(socket, Outgoing::Message(payload));
        }
        self.timers.stop(Timer::Expiry);
    }

    fn drop_expired(&mut self) {
        let expired = self.outbox.take_expired(self.now);
        self.report_dropped(expired, DropReason::Expired);
        self.watch_expiry();
    }

    fn watch_expiry(&mut self) {
        match self.outbox.next_expiry() {
            Some(at) => self.timers.set(Timer::Expiry, at),
            None => self.timers.stop(Timer::Expiry),
        }
    }

    fn report_dropped(&mut self, dropped: Vec<P>, why: DropReason) {
        for payload in dropped {
            self.emit(Event::Dropped(payload, why));
        }
    }
}

/// Small change.
impl<P: Payload> Session<P> {
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    const fn is_active(&self) -> bool {
        self.state().is_active()
    }

    fn enter(&mut self, phase: Phase) {
        let (from, to) = (self.phase.state(), phase.state());
        self.phase = phase;
        if from != to {
            self.emit(Event::StateChange(StateChange { from, to }));
        }
    }

    fn emit(&mut self, event: Event<P>) {
        self.outputs.push_back(Output::Emit(event));
    }

    fn transmit(&mut self, socket: SocketId, frame: Outgoing<P>) {
        self.outputs.push_back(Output::Transmit(socket, frame));
    }
}

fn cause(close: Close, kind: CloseKind) -> Cause {
    Cause {
        code: close.code,
        reason: close.reason,
        kind,
    }
}

/// A closure in words for people.
fn describe(close: &Close) -> String {
    let code = close.code.to_string();
    if close.reason.is_empty() {
        ["Connection closed (", &code, ")"].concat()
    } else {
        ["Connection closed (", &code, "): ", &close.reason].concat()
    }
}
