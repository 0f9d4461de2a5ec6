//! The core: all decisions of a session, without clock, random source or I/O.
//!
//! # The run loop
//!
//! A driver owns one [`Session`] and keeps this contract:
//!
//! 1. Call [`Session::command`] for a request of the app, or [`Session::handle_input`] for an
//!    event from outside. `now` comes from one monotonic clock.
//! 2. Take one output with [`Session::poll_output`] and execute it without borrowing the
//!    session meanwhile: the execution may run code of the app, which may call the session.
//! 3. A nested call does step 1 only and leaves step 2 to the loop that is running.
//! 4. Repeat step 2 until there is no output, and at most [`MOST_OUTPUTS`] times: handlers may
//!    call the session without end. Then yield to the runtime before the next output.
//! 5. Arm one timer for [`Session::poll_timeout`]; when it fires, pass [`Input::Timeout`].
//!    A timer that fires early, late or twice is harmless.
//! 6. Where [`Session::permit`] allows it, the driver may send messages by itself until the next
//!    call, and reports them before that ([`Session::report_direct`]).
//!
//! # Modules
//!
//! Each module has one topic: its data type and the part of `impl Session` that uses it.
//! [`Input`] and [`Output`] are the boundary; everything else follows the life of a connection,
//! from `connect` over `keepalive`, `outbox` and `ack` to `reconnect`.

// No clock, no waiting, no random order: the lists with the reasons are in clippy.toml.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod ack;
mod backoff;
mod clock;
mod close;
mod config;
mod connect;
mod decimal;
mod direct;
mod environment;
mod expiries;
mod fields;
#[cfg(feature = "test-util")]
mod fingerprint;
mod input;
mod keepalive;
mod keys;
mod liveness;
mod outbox;
mod output;
mod patience;
mod pings;
mod places;
mod probe;
mod protocol;
mod reconnect;
mod redact;
mod replay;
pub mod shell_limits;
mod silence;
mod sleep;
mod stats;
mod store;
mod subscriptions;
mod time;
mod timeline;
mod timer;

pub use ack::Delivery;
pub use backoff::Backoff;
pub use clock::Clock;
pub use close::{
    CLOSE_RULES, CONNECT_TIMEOUT, Close, CloseKind, CloseRule, Condition, EXHAUSTED, FATAL_ERRORS,
    GOING_AWAY, HANDED_OVER, LIVENESS_TIMEOUT, NO_CLOSE_FRAME, NO_STATUS, NORMAL, Origin,
    POLICY_VIOLATION, Reconnect, SUPERSEDED, classify, is_clean, is_fatal_error,
};
pub use config::{
    Config, DEFAULT_URL, LogLevel, OptionError, Options, Source, URL_ALLOWED, URL_OPTIONS, Value,
    is_loopback, websocket_url,
};
pub use decimal::decimal;
pub use direct::{Direct, DirectState, Permit};
pub use input::{Command, CommandError, FlushId, Input, PingId, Reply, RunId, SocketId};
pub use keepalive::Watch;
pub use outbox::{Limits, Payload};
pub use output::{
    Cause, Connecting, ConnectionError, Disconnected, DropReason, Event, FlushError, Outgoing,
    Output, RESERVED_EVENTS, Reconnecting, SessionError, State, StateChange,
};
pub use protocol::{
    CONTROL_TYPES, Control, Init, MESSAGE_RULES, Malformed, MessageRule, RENAMED_TYPES,
    SubscriptionUpdate, is_of_package, is_replayable, ping_frame, replaces, state_key,
    time_to_live,
};
pub use redact::{Redacted, Redactor};
pub use sleep::WakeHint;
pub use stats::Stats;
pub use time::{Duration, Instant};
pub use timeline::{TimelineEntry, TimelineEvent};
pub use timer::Timer;

use std::collections::VecDeque;
use std::sync::Arc;

use fastrand::Rng;

use crate::session::ack::AckTracker;
use crate::session::connect::Run;
use crate::session::environment::Environment;
use crate::session::keys::Key;
use crate::session::liveness::Liveness;
use crate::session::outbox::Message;
use crate::session::probe::Probe;
use crate::session::store::Store;
use crate::session::subscriptions::Subscriptions;
use crate::session::timeline::Timeline;
use crate::session::timer::Timers;

/// Most outputs that a driver executes before it yields.
pub const MOST_OUTPUTS: u32 = 10_000;

/// Outputs for which a session keeps memory while messages wait.
const FEW_OUTPUTS: usize = 4;

/// Grace period for the close event of a socket that reported an error. Some never report one.
const FAILURE_GRACE: Duration = Duration::from_millis(250);

/// One app's session with the cloud, over any number of sockets.
///
/// The [module documentation](self) has the contract of its run loop. `P` is the app's own form
/// of a message; the session stores it and never reads it.
#[derive(Clone, Debug)]
pub struct Session<P> {
    config: Arc<Config>,
    rng: Rng,
    now: Instant,
    phase: Phase,
    run: Run,
    last_socket: SocketId,
    timers: Timers,
    liveness: Liveness,
    environment: Environment,
    /// The app has ended the session for good.
    disposed: bool,
    /// The wall clock when it was last read, and the time then.
    wall: Option<(Instant, Instant)>,
    subscriptions: Subscriptions,
    outbox: Store<P>,
    acks: AckTracker,
    /// State to send once more after a reconnect.
    replay: Store<P>,
    /// Search for a message that the cloud refuses.
    probe: Option<Box<Probe<P>>>,
    /// The last output was [`Event::Dropped`], so that a command comes from its handlers.
    reports_drop: bool,
    timeline: Timeline,
    stats: Stats,
    outputs: VecDeque<Output<P>>,
}

/// Internal state. [`State`] is the public view of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Preparing,
    Connecting,
    Handshaking,
    Connected,
    Waiting,
    /// The connection is lost and the app is being asked. The state before is still reported.
    AwaitingDecision(State),
    Stopped,
}

impl Phase {
    /// True if the session has a socket, or gets one.
    const fn has_socket(self) -> bool {
        match self {
            Self::Idle | Self::Waiting | Self::AwaitingDecision(_) | Self::Stopped => false,
            Self::Preparing | Self::Connecting | Self::Handshaking | Self::Connected => true,
        }
    }

    const fn state(self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::Preparing | Self::Connecting => State::Connecting,
            Self::Handshaking => State::Handshaking,
            Self::Connected => State::Connected,
            Self::Waiting => State::Waiting,
            Self::AwaitingDecision(state) => state,
            Self::Stopped => State::Stopped,
        }
    }
}

impl<P: Payload> Session<P> {
    /// Creates an idle session. `seed` determines the jitter: equal seeds and inputs give equal
    /// outputs. Sessions may share a configuration.
    pub fn new(config: impl Into<Arc<Config>>, seed: u64, now: Instant) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            now,
            phase: Phase::Idle,
            run: Run::new(RunId(0), String::new(), now),
            last_socket: SocketId(0),
            timers: Timers::default(),
            liveness: Liveness::new(now),
            environment: Environment::default(),
            disposed: false,
            wall: None,
            subscriptions: Subscriptions::default(),
            outbox: Store::new(),
            acks: AckTracker::default(),
            replay: Store::new(),
            probe: None,
            reports_drop: false,
            timeline: Timeline::default(),
            stats: Stats::default(),
            outputs: VecDeque::new(),
            config: config.into(),
        }
    }

    /// Handles a request of the app.
    ///
    /// # Errors
    ///
    /// The request is invalid in every state. The session is unchanged.
    pub fn command(&mut self, command: Command<P>, now: Instant) -> Result<Reply, CommandError> {
        self.advance(now);
        let reply = self.apply_command(command);
        self.finish_call();
        reply
    }

    fn apply_command(&mut self, command: Command<P>) -> Result<Reply, CommandError> {
        match command {
            Command::Connect { session_id } => self.connect(session_id),
            Command::Disconnect { reason } => {
                self.disconnect(reason);
                Ok(Reply::Done)
            }
            Command::Dispose => {
                self.dispose();
                Ok(Reply::Done)
            }
            Command::Send {
                payload,
                key,
                ttl,
                replay,
                buffered,
            } => {
                let expires = ttl.map(|ttl| self.now.after(ttl));
                let message = Message {
                    payload,
                    key: key.map(Key::new),
                    expires,
                    replay,
                };
                Ok(self.send(message, buffered))
            }
            Command::Flush => Ok(self.flush()),
            Command::ReconnectNow => {
                self.reconnect_now();
                Ok(Reply::Done)
            }
            Command::Reopen => {
                self.reopen();
                Ok(Reply::Done)
            }
            Command::HandOver => {
                self.end_run(HANDED_OVER, "Handed over".into());
                Ok(Reply::Done)
            }
            Command::Subscribe(streams) => self.change_subscriptions(streams, Subscriptions::add),
            Command::Unsubscribe(streams) => {
                self.change_subscriptions(streams, Subscriptions::remove)
            }
            Command::Follow(streams) => self.change_subscriptions(streams, Subscriptions::follow),
        }
    }

    /// Handles an event from outside. Inputs about another socket than the current one are
    /// ignored. Faults of the peer become [`Event::Error`].
    pub fn handle_input(&mut self, input: Input, now: Instant) {
        self.advance(now);
        let is_current = |socket| self.phase.has_socket() && socket == self.last_socket;
        if !input.socket().is_none_or(is_current) {
            return;
        }
        self.apply_input(input);
        self.finish_call();
    }

    fn apply_input(&mut self, input: Input) {
        match input {
            Input::Timeout => self.serve_timers(),
            Input::Prepared(_) => self.open(),
            Input::AttemptFailed { reason, .. } => {
                self.connection_lost(Close::new(NO_CLOSE_FRAME, reason), Origin::Attempt);
            }
            Input::Unsupported { reason, .. } => {
                self.connection_lost(Close::new(NO_CLOSE_FRAME, reason), Origin::Runtime);
            }
            Input::Opened(_) => self.start_handshake(),
            Input::Failed(_, error) => {
                self.run.socket_error = error;
                self.timers
                    .set(Timer::Failure, self.now.after(FAILURE_GRACE));
            }
            Input::Closed(_, close) => {
                let origin = self.origin_of(&close);
                if matches!(origin, Origin::Peer) {
                    self.blame(&close);
                    self.blame_subscription(&close);
                }
                self.connection_lost(close, origin);
            }
            Input::Control(_, control) => self.handle_control(control),
            Input::Malformed(_, malformed) => self.on_malformed(malformed),
            Input::Activity(_, at) => self.on_activity(at),
            Input::ProtocolPing(_, at) => self.on_protocol_ping(at),
            Input::Buffered(_, buffered) => self.on_buffered(buffered),
            Input::ShouldReconnect(decision) => self.apply_decision(decision),
            Input::Offline => self.on_offline(),
            Input::Online => self.on_online(),
            Input::Leaving => self.on_navigation(false),
            Input::Wake(hint) => self.on_wake(hint),
            Input::ClockJumped => self.postpone_verdict(),
            Input::WallClock(wall) => self.check_wall_clock(wall),
        }
    }

    /// Removes the next output; `None` when there is nothing to execute now.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output<P>> {
        let output = self.outputs.pop_front();
        let kept = self.first_unsent().map_or(0, |_| FEW_OUTPUTS);
        if output.is_none() && self.outputs.capacity() > kept {
            // Sessions are idle most of the time, and there may be thousands. While messages wait,
            // the next one is likely to have outputs too.
            self.outputs = VecDeque::new();
        }
        self.reports_drop = matches!(output, Some(Output::Emit(Event::Dropped(..))));
        output
    }

    /// True if outputs wait for execution.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// The time at which to pass [`Input::Timeout`], and the timer that is due then.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.timers.next()
    }

    /// State of the session.
    pub const fn state(&self) -> State {
        self.phase.state()
    }

    /// Socket of the current attempt, or of the last one.
    pub const fn connection(&self) -> SocketId {
        self.last_socket
    }

    /// Session id of the last `connect()`, if any.
    pub fn session_id(&self) -> Option<&str> {
        let id = self.run.session_id.as_str();
        (!id.is_empty()).then_some(id)
    }

    /// Streams that the app asked for.
    pub fn subscriptions(&self) -> &[String] {
        self.subscriptions.as_slice()
    }

    /// Number and bytes of the queued messages.
    pub fn queued(&self) -> (usize, usize) {
        self.outbox.queued()
    }

    /// The newest entries of the timeline, oldest first.
    pub fn timeline(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.timeline.iter()
    }

    /// Counters over the whole life of the session.
    pub fn stats(&self) -> Stats {
        let (queued, queued_bytes) = self.queued();
        Stats {
            queued,
            queued_bytes,
            unconfirmed: self.outbox.in_flight(),
            ..self.stats
        }
    }
}

/// Helpers of all topics.
impl<P: Payload> Session<P> {
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    const fn is_active(&self) -> bool {
        self.state().is_active()
    }

    /// True if the cloud has acknowledged the current connection.
    const fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Connected)
    }

    /// Restores the invariants that hold between calls.
    fn finish_call(&mut self) {
        self.let_go_of_state();
        self.ask_about_window();
        self.ask_for_space();
        self.poll_buffer_later();
        self.settle_flushes();
        self.request_confirmation();
    }

    fn enter(&mut self, phase: Phase) {
        let (from, to) = (self.phase.state(), phase.state());
        self.phase = phase;
        if from != to {
            self.emit(Event::StateChange(StateChange { from, to }));
        }
    }

    fn emit(&mut self, event: Event<P>) {
        self.stats.record(&event);
        if let Some(event) = TimelineEvent::of(&event) {
            self.record(event);
        }
        self.output(Output::Emit(event));
    }

    /// Sends a frame on the current socket.
    fn transmit(&mut self, frame: Outgoing<P>) {
        self.output(Output::Transmit(self.last_socket, frame));
    }

    fn output(&mut self, output: Output<P>) {
        self.outputs.push_back(output);
    }
}
