//! The state machine. Its parts are in the order of a connection's life.

mod attempts;
mod confirming;
mod ending;
mod fingerprint;
mod sending;
mod watching;

use std::collections::VecDeque;

use fastrand::Rng;

use super::close::{self, Close, Origin};
use super::config::Config;
use super::delivery::Delivery;
use super::input::{Command, CommandError, Input, Reply, RunId, SocketId};
use super::liveness::Liveness;
use super::outbox::{Message, Outbox, Payload};
use super::output::{Cause, Event, Outgoing, Output, SessionError, State, StateChange};
use super::stats::Stats;
use super::subscriptions::Subscriptions;
use super::time::{Duration, Instant};
use super::timeline::{Happening, Timeline, Transition};
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
    delivery: Delivery,
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
    Judging(State),
    Stopped,
}

impl Phase {
    const fn socket(self) -> Option<SocketId> {
        match self {
            Self::Idle | Self::Waiting | Self::Judging(_) | Self::Stopped => None,
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
            Self::Judging(state) => state,
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
    uncounted: bool,
    /// What ended the last connection or attempt.
    cause: Option<Cause>,
}

impl Run {
    const fn new(id: RunId, session_id: String) -> Self {
        Self {
            id,
            session_id,
            attempts: 0,
            acknowledged: false,
            fresh_key_tried: false,
            uncounted: false,
            cause: None,
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
            delivery: Delivery::default(),
            timeline: Timeline::default(),
            stats: Stats::default(),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Does what the app asks. An error is the app's own mistake, and changes nothing.
    pub fn command(&mut self, command: Command<P>, now: Instant) -> Result<Reply, CommandError> {
        self.advance(now);
        let reply = self.obey_app(command);
        self.follow_up();
        reply
    }

    fn obey_app(&mut self, command: Command<P>) -> Result<Reply, CommandError> {
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
        self.take_in(input);
        self.follow_up();
    }

    fn take_in(&mut self, input: Input) {
        if let Input::Control(..) | Input::Malformed(..) = input {
            self.hear(self.now);
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
            Input::Heard(_, at) => self.hear(at),
            Input::Buffered(socket, buffered) => self.use_room(socket, buffered),
            Input::Verdict(verdict) => self.conclude(verdict),
            Input::Offline => self.go_offline(),
            Input::Online => self.go_online(),
            Input::Suspect(suspicion) => self.suspect(suspicion),
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

    /// The last transitions, oldest first.
    pub fn timeline(&self) -> impl Iterator<Item = &Transition> {
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
    fn follow_up(&mut self) {
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
        self.stats.note(&event);
        if let Some(happening) = Happening::of(&event) {
            self.note(happening);
        }
        self.outputs.push_back(Output::Emit(event));
    }

    fn note(&mut self, happening: Happening) {
        self.timeline.push(Transition {
            at: self.now,
            connection: self.last_socket,
            happening,
        });
    }

    fn transmit(&mut self, socket: SocketId, frame: Outgoing<P>) {
        self.liveness.sent(self.now);
        self.outputs.push_back(Output::Transmit(socket, frame));
    }
}
