//! The state machine. Its parts are in the order of a connection's life.

mod attempts;
mod confirming;
mod ending;
#[cfg(feature = "test-util")]
mod fingerprint;
mod sending;
mod watching;

use std::collections::VecDeque;

use fastrand::Rng;

use super::close::{self, Close, Origin, Reconnect};
use super::config::Config;
use super::delivery::AckTracker;
use super::input::{Command, CommandError, Input, Reply, RunId, SocketId};
use super::liveness::Liveness;
use super::outbox::{Message, Outbox, Payload};
use super::output::{Cause, Event, Outgoing, Output, SessionError, State, StateChange};
use super::stats::Stats;
use super::subscriptions::Subscriptions;
use super::time::{Duration, Instant};
use super::timeline::{Timeline, TimelineEntry, TimelineEvent};
use super::timer::{Timer, Timers};

/// How long a socket that reported an error may take to report its close. Some never do.
const FAILURE_GRACE: Duration = Duration::from_millis(250);

/// One app's session with the cloud, over as many sockets as it takes.
///
/// The module's documentation has the contract of its run loop. `P` is the app's own form of a
/// message, which the session keeps and never reads.
#[derive(Clone, Debug)]
pub struct Session<P> {
    config: Config,
    rng: Rng,
    now: Instant,
    phase: Phase,
    run: Run,
    last_socket: SocketId,
    timers: Timers,
    liveness: Liveness,
    offline: bool,
    /// How far the wall clock was ahead of ours when it was last read, ms.
    wall_offset: Option<i64>,
    subscriptions: Subscriptions,
    outbox: Outbox<P>,
    acks: AckTracker,
    timeline: Timeline,
    stats: Stats,
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
    /// The connection is lost, and the app is being asked; its last state is still shown.
    AwaitingDecision(State),
    Stopped,
}

impl Phase {
    const fn socket(self) -> Option<SocketId> {
        match self {
            Self::Idle | Self::Waiting | Self::AwaitingDecision(_) | Self::Stopped => None,
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
            Self::AwaitingDecision(state) => state,
            Self::Stopped => State::Stopped,
        }
    }
}

/// One call of `connect()` and all that follows from it.
#[derive(Clone, Debug)]
struct Run {
    id: RunId,
    session_id: String,
    /// Attempts to reconnect since the last connection that was stable.
    attempts: u32,
    /// The cloud has acknowledged us at least once.
    acknowledged: bool,
    /// A fresh key was asked for because the last one was refused.
    fresh_key_tried: bool,
    /// The next attempt does not count.
    next_attempt_free: bool,
    /// What ended the last connection or attempt.
    cause: Option<Cause>,
    /// Reaction to it according to the table of closures.
    default_decision: Reconnect,
    /// Earliest time of the next attempt, where the app or the table of closures gave one.
    not_before: Option<Instant>,
}

impl Run {
    const fn new(id: RunId, session_id: String) -> Self {
        Self {
            id,
            session_id,
            attempts: 0,
            acknowledged: false,
            fresh_key_tried: false,
            next_attempt_free: false,
            cause: None,
            default_decision: Reconnect::No,
            not_before: None,
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
            liveness: Liveness::new(now),
            offline: false,
            wall_offset: None,
            subscriptions: Subscriptions::default(),
            outbox: Outbox::new(config.outbox),
            acks: AckTracker::default(),
            timeline: Timeline::default(),
            stats: Stats::default(),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Does what the app asks. An error is the app's own mistake, and changes nothing.
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
            Command::Send {
                payload,
                key,
                ttl,
                buffered,
            } => {
                let expires = ttl.map(|ttl| self.now.after(ttl));
                let message = Message {
                    payload,
                    key,
                    expires,
                };
                Ok(self.send(message, buffered))
            }
            Command::Flush => Ok(self.flush()),
            Command::ReconnectNow => {
                if self.phase == Phase::Waiting {
                    self.retry();
                }
                Ok(Reply::Done)
            }
            Command::Subscribe(streams) => {
                self.change_subscriptions(streams, |list, streams| list.add(streams))
            }
            Command::Unsubscribe(streams) => {
                self.change_subscriptions(streams, |list, streams| list.remove(&streams))
            }
            Command::Follow(streams) => self.change_subscriptions(streams, Subscriptions::follow),
        }
    }

    /// Takes in what the world reports. What a peer does wrong becomes an event.
    pub fn handle_input(&mut self, input: Input, now: Instant) {
        self.advance(now);
        if input.socket().is_some() && input.socket() != self.phase.socket() {
            return;
        }
        self.apply_input(input);
        self.finish_call();
    }

    fn apply_input(&mut self, input: Input) {
        if let Input::Control(..) | Input::Malformed(..) = input {
            self.on_activity(self.now);
        }
        match input {
            Input::Timeout => self.serve_timers(),
            Input::Prepared(socket) => self.open(socket),
            Input::AttemptFailed { reason, .. } => {
                self.connection_lost(Close::new(close::NO_CLOSE_FRAME, reason), Origin::Attempt);
            }
            Input::Unsupported { reason, .. } => {
                self.connection_lost(Close::new(close::NO_CLOSE_FRAME, reason), Origin::Runtime);
            }
            Input::Opened(socket) => self.start_handshake(socket),
            Input::Failed(_) => self
                .timers
                .set(Timer::Failure, self.now.after(FAILURE_GRACE)),
            Input::Closed(_, close) => self.connection_lost(close, Origin::Peer),
            Input::Control(socket, control) => self.handle_control(socket, control),
            Input::Malformed(_, malformed) => {
                self.emit(Event::Error(SessionError::Malformed(malformed)));
            }
            Input::Activity(_, at) => self.on_activity(at),
            Input::Buffered(socket, buffered) => self.use_room(socket, buffered),
            Input::ShouldReconnect(verdict) => self.apply_decision(verdict),
            Input::Offline => self.go_offline(),
            Input::Online => self.go_online(),
            Input::Wake(hint) => self.on_wake_hint(hint),
            Input::WallClock(wall) => self.notice_wall_clock(wall),
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
        self.outbox.queued()
    }

    /// The last entries of the timeline, oldest first.
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

/// Small change.
impl<P: Payload> Session<P> {
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    const fn is_active(&self) -> bool {
        self.state().is_active()
    }

    /// What holds at the end of each call.
    fn finish_call(&mut self) {
        self.await_room();
        self.follow_deliveries();
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
        self.outputs.push_back(Output::Emit(event));
    }

    fn record(&mut self, event: TimelineEvent) {
        self.timeline.push(TimelineEntry {
            at: self.now,
            connection: self.last_socket,
            event,
        });
    }

    fn transmit(&mut self, socket: SocketId, frame: Outgoing<P>) {
        self.liveness.sent(self.now);
        self.outputs.push_back(Output::Transmit(socket, frame));
    }
}
