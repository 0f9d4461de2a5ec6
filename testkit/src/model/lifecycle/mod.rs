//! State of the session, call by call: attempts, connections, decisions to retry or to stop.

mod effect;

use std::collections::VecDeque;

use tpa_session::session::{
    Cause, CloseKind, Command, CommandError, Config, Duration, Reconnect, Reply, RunId, SocketId,
    State,
};

use super::liveness::Liveness;
use super::sequence::Step;
use super::{Hints, MAX_IMMEDIATE_DELAY, Snapshot, Violation, after, ensure};
use crate::Message;

pub use effect::Effect;
use effect::cause;

/// A timer that is later than this shows that the machine slept.
const TIMER_GAP: u64 = 90_000;
/// A wall clock that ran ahead of the monotonic one by more shows the same.
const CLOCK_GAP: i128 = 45_000;

/// A change of state that the app must be told of.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Start {
        attempt: u32,
        /// The wait was skipped, or it is not known when it ends.
        at_once: bool,
    },
    Open,
    Acknowledge,
    Wait {
        /// What ended the connection or the attempt; `None` where there was none yet.
        cause: Option<Cause>,
        attempt: u32,
        /// The state before was connected.
        was_connected: bool,
        /// There is a network, so that the next attempt can be announced.
        announced: bool,
        delay: Delay,
        at: u64,
    },
    Stop {
        /// The run that is over.
        run: Option<RunId>,
        cause: Cause,
        attempts: u32,
    },
}

/// Delay of the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delay {
    /// The backoff of the attempt.
    Backoff,
    /// At most a quarter of a second: there is a fresh reason to try.
    Immediate,
    /// Exactly so many milliseconds, as the app or the table of closures says.
    Exactly(u64),
}

impl Decision {
    pub const fn is_stop(&self) -> bool {
        matches!(self, Self::Stop { .. })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    Idle,
    Preparing,
    Dialling,
    Handshaking,
    Connected,
    /// The app is asked about the next attempt; the state before is still shown.
    Deciding {
        cause: Cause,
        /// What happens unless the app decides.
        default: Reconnect,
        shown: State,
    },
    Waiting,
    Stopped,
}

impl Phase {
    const fn state(&self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::Preparing | Self::Dialling => State::Connecting,
            Self::Handshaking => State::Handshaking,
            Self::Connected => State::Connected,
            Self::Deciding { shown, .. } => *shown,
            Self::Waiting => State::Waiting,
            Self::Stopped => State::Stopped,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Lifecycle {
    pub(super) config: Config,
    pub(super) phase: Phase,
    pub socket: SocketId,
    pub now: u64,
    pub(super) run: Option<(RunId, String)>,
    pub(super) acknowledged: bool,
    /// Attempts to reconnect since the last connection that was stable.
    pub(super) attempts: u32,
    /// The next attempt does not count.
    pub(super) uncounted: bool,
    pub(super) fresh_key_tried: bool,
    /// Before that no attempt is made unless the app asks for one.
    not_before: Option<u64>,
    /// What ended the last connection or attempt of this run is known, so that another attempt
    /// is a reconnect.
    has_cause: bool,
    /// Delays of the attempts that are to be announced since the network is back, and the times
    /// from which they count.
    online_delays: VecDeque<(Delay, u64)>,
    /// When the current attempt started.
    pub(super) started: u64,
    /// When the connection was acknowledged.
    pub(super) connected: Option<u64>,
    /// When the connection will have been stable, until a timeout reports it.
    stable_due: Option<u64>,
    pub liveness: Liveness,
    pub(super) offline: bool,
    /// How far the wall clock was ahead when it was last read.
    pub(super) wall_offset: Option<i128>,
    /// Decisions that the app must yet be told of.
    pub(super) untold: VecDeque<Decision>,
    /// Outputs that were decided on since the last [`take_steps`](Self::take_steps).
    steps: Vec<Step>,
    /// Number of attempts with a fresh key after a rejection.
    pub fresh_keys: u64,
}

impl Lifecycle {
    pub const fn new(config: Config) -> Self {
        Self {
            phase: Phase::Idle,
            socket: SocketId(0),
            now: 0,
            run: None,
            acknowledged: false,
            attempts: 0,
            uncounted: false,
            fresh_key_tried: false,
            not_before: None,
            has_cause: false,
            online_delays: VecDeque::new(),
            started: 0,
            connected: None,
            stable_due: None,
            liveness: Liveness::new(config.watch.pong_timeout.as_millis(), 0),
            offline: false,
            wall_offset: None,
            untold: VecDeque::new(),
            steps: Vec::new(),
            fresh_keys: 0,
            config,
        }
    }

    /// Advances the clock; one that goes back stands still.
    pub fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        let stable_after = self.config.stable_after;
        if self
            .connected
            .is_some_and(|at| after(at, stable_after) <= self.now)
        {
            self.attempts = 0;
        }
    }

    /// Applies a command, and checks the reply.
    pub fn command(
        &mut self,
        command: &Command<Message>,
        reply: Result<Reply, CommandError>,
    ) -> Result<(), Violation> {
        let expected = match command {
            Command::Connect { session_id } if is_blank(session_id) => {
                Err(CommandError::EmptySessionId)
            }
            Command::Connect { session_id } => {
                let Ok(Reply::Run(run)) = reply else {
                    ensure!(false, "promises", "{reply:?} to {command:?}");
                    return Ok(());
                };
                if self.same_run(session_id).is_none() {
                    self.connect(run, session_id);
                }
                reply
            }
            Command::Disconnect { reason } => {
                self.disconnect(reason.as_deref().unwrap_or("Client disconnect"));
                Ok(Reply::Done)
            }
            Command::ReconnectNow => {
                if self.phase == Phase::Waiting {
                    self.retry(true);
                }
                Ok(Reply::Done)
            }
            Command::Subscribe(streams)
            | Command::Unsubscribe(streams)
            | Command::Follow(streams) => {
                if streams.iter().any(|stream| is_blank(stream)) {
                    Err(CommandError::EmptyStream)
                } else {
                    Ok(Reply::Done)
                }
            }
            Command::Flush => {
                let is_flush = matches!(reply, Ok(Reply::Flush(_)));
                ensure!(is_flush, "replies", "{reply:?} to {command:?}");
                reply
            }
            // The model of the outbox knows the reply.
            Command::Send { .. } => reply,
        };
        ensure!(
            reply == expected,
            "replies",
            "{reply:?} instead of {expected:?} to {command:?}"
        );
        Ok(())
    }

    /// Applies an input.
    pub fn input(
        &mut self,
        effect: &Effect,
        before: &Snapshot,
        after: &Snapshot,
        hints: Hints,
    ) -> Result<(), Violation> {
        match effect {
            Effect::Timeout => return self.timeout(before, after, hints.asks),
            Effect::Prepared if self.phase == Phase::Preparing => {
                self.phase = Phase::Dialling;
                self.steps.push(Step::Open(self.socket));
            }
            Effect::Opened if self.phase == Phase::Dialling => {
                self.phase = Phase::Handshaking;
                self.untold.push_back(Decision::Open);
            }
            Effect::Acknowledged if self.phase == Phase::Handshaking => self.acknowledge(),
            Effect::Failed => self.liveness.fail(self.now),
            Effect::Ended(cause, delay) => self.end(cause.clone(), *delay, false),
            Effect::Ponged => self.liveness.pong(self.now),
            Effect::Error(_) => {
                self.liveness.received(self.now);
                self.steps.push(Step::Error);
            }
            Effect::Acknowledged => self.liveness.received(self.now),
            Effect::Received(at) => self.liveness.received(*at.min(&self.now)),
            Effect::Decided(decision) => self.conclude(*decision),
            Effect::Offline => self.offline = true,
            Effect::Online => {
                self.offline = false;
                if hints.announces {
                    self.online_delays
                        .push_back((self.online_delay(), self.now));
                    self.steps.push(Step::Reconnecting);
                }
            }
            Effect::Suspected { slept } => self.suspect(*slept),
            Effect::WallClock(wall) => self.read_wall_clock(*wall),
            Effect::Prepared | Effect::Opened | Effect::Buffered(_) => {}
        }
        Ok(())
    }

    /// The app is asked about the next attempt.
    pub fn asked(&self, about: &Cause) -> Result<(), Violation> {
        ensure!(
            matches!(&self.phase, Phase::Deciding { cause, .. } if cause == about),
            "decisions",
            "the app is asked about {about:?} in {:?}",
            self.phase
        );
        Ok(())
    }

    /// The session decided to send pings.
    pub fn pinged(&mut self, pings: u32) -> Result<(), Violation> {
        // Those of a connection that the same call gave up do not matter any more.
        if pings > 0 && self.current().is_some() {
            ensure!(
                self.connected.is_some(),
                "liveness",
                "a ping before the ack"
            );
            for _ in 0..pings {
                self.liveness.ping(self.now);
            }
        }
        Ok(())
    }

    /// Checks a session after a call.
    pub fn check(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        ensure!(
            snapshot.state == self.phase.state() && snapshot.socket == self.socket,
            "decisions",
            "{:?} with {:?} instead of {:?} with {:?}",
            snapshot.state,
            snapshot.socket,
            self.phase,
            self.socket
        );
        Ok(())
    }

    /// Checks a session at rest: the app knows everything, and is not being asked.
    pub fn check_rest(&self) -> Result<(), Violation> {
        ensure!(
            self.untold.is_empty(),
            "events",
            "the app was not told: {:?}",
            self.untold
        );
        ensure!(
            !matches!(self.phase, Phase::Deciding { .. }),
            "progress",
            "{:?} with nothing left to do",
            self.phase
        );
        Ok(())
    }

    /// The outputs that were decided on, in order.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    fn connect(&mut self, run: RunId, session: &str) {
        self.disconnect("Another session was asked for");
        self.run = Some((run, session.into()));
        self.acknowledged = false;
        self.attempts = 0;
        self.uncounted = false;
        self.fresh_key_tried = false;
        self.not_before = None;
        self.has_cause = false;
        if self.may_dial() {
            self.start(false);
        } else {
            self.phase = Phase::Waiting;
            // The attempt is still to be made: it counts as no reconnect.
            self.uncounted = true;
            self.untold.push_back(Decision::Wait {
                cause: None,
                attempt: 0,
                was_connected: false,
                announced: false,
                delay: Delay::Immediate,
                at: self.now,
            });
        }
    }

    fn disconnect(&mut self, reason: &str) {
        if self.is_active() {
            let cause = cause(1000, reason, CloseKind::ClientDisconnect);
            self.end(cause, None, true);
        }
    }

    fn retry(&mut self, at_once: bool) {
        if !std::mem::take(&mut self.uncounted) {
            self.attempts = self.attempts.saturating_add(1);
        }
        self.start(at_once);
    }

    fn start(&mut self, at_once: bool) {
        self.socket = SocketId(self.socket.0.wrapping_add(1));
        self.phase = Phase::Preparing;
        self.started = self.now;
        self.liveness = Liveness::new(self.config.watch.pong_timeout.as_millis(), self.now);
        self.untold.push_back(Decision::Start {
            attempt: self.attempts,
            at_once,
        });
    }

    fn acknowledge(&mut self) {
        self.phase = Phase::Connected;
        self.connected = Some(self.now);
        self.stable_due = Some(after(self.now, self.config.stable_after));
        self.acknowledged = true;
        self.fresh_key_tried = false;
        self.liveness = self.liveness.acknowledged(self.now);
        self.untold.push_back(Decision::Acknowledge);
    }

    /// The connection may be dead. Where nobody ever ponged, a sleep is proof enough.
    fn suspect(&mut self, slept: bool) {
        if slept && self.phase == Phase::Connected && !self.liveness.ponged {
            self.uncounted = true;
            let cause = cause(4008, "Liveness timeout", CloseKind::Abnormal);
            self.end(cause, None, false);
        }
    }

    fn read_wall_clock(&mut self, wall: u64) {
        let wall = i128::from(wall.min(i64::MAX as u64));
        let offset = wall - i128::from(self.now);
        let before = self.wall_offset.replace(offset);
        if before.is_some_and(|before| offset - before > CLOCK_GAP) {
            self.suspect(true);
        }
    }

    /// The connection, or the attempt, is over. `delay` is that of the table of closures.
    fn end(&mut self, cause: Cause, delay: Option<Duration>, by_app: bool) {
        if self.current().is_some() {
            let reason = cause.reason.clone();
            self.steps
                .push(Step::Close(self.socket, cause.code, reason));
        }
        let shown = self.phase.state();
        self.has_cause = true;
        self.connected = None;
        self.stable_due = None;
        let default = match (cause.kind, delay) {
            (_, Some(delay)) => Reconnect::After(delay),
            (CloseKind::Abnormal, None) => Reconnect::Yes,
            _ => Reconnect::No,
        };
        if self.config.asks_app && !by_app && cause.kind != CloseKind::Unsupported {
            self.steps.push(Step::AskApp(cause.clone()));
            self.phase = Phase::Deciding {
                cause,
                default,
                shown,
            };
        } else {
            self.decide(cause, shown, (None, default), by_app);
        }
    }

    fn conclude(&mut self, decision: Option<Reconnect>) {
        if let Phase::Deciding {
            cause,
            default,
            shown,
        } = &self.phase
        {
            let (cause, default, shown) = (cause.clone(), *default, *shown);
            self.decide(cause, shown, (decision, default), false);
        }
    }

    fn decide(
        &mut self,
        mut last: Cause,
        shown: State,
        (decision, default): (Option<Reconnect>, Reconnect),
        by_app: bool,
    ) {
        let exhausted = self
            .config
            .max_reconnect_attempts
            .is_some_and(|max| self.attempts >= max);
        let reconnect = decision.unwrap_or(default);
        let retriable = reconnect != Reconnect::No;
        let fresh_key = decision.is_none()
            && last.kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.fresh_key_tried, true);
        let wanted = (retriable || fresh_key) && !by_app && self.config.auto_reconnect;
        // An attempt at a given time counts, whatever the reason for it.
        self.uncounted &= !matches!(reconnect, Reconnect::After(_));
        if wanted && (self.uncounted || !exhausted) {
            self.fresh_keys += u64::from(fresh_key);
            self.phase = Phase::Waiting;
            let delay = match reconnect {
                Reconnect::After(delay) => Delay::Exactly(delay.as_millis()),
                _ if self.uncounted => Delay::Immediate,
                _ => Delay::Backoff,
            };
            self.not_before = match reconnect {
                Reconnect::After(delay) => Some(after(self.now, delay)),
                _ => None,
            };
            self.untold.push_back(Decision::Wait {
                cause: Some(last),
                attempt: self.attempts.saturating_add(u32::from(!self.uncounted)),
                was_connected: shown == State::Connected,
                announced: self.may_dial(),
                delay,
                at: self.now,
            });
        } else {
            self.phase = Phase::Stopped;
            self.online_delays.clear();
            if retriable && exhausted && self.attempts > 0 {
                let reason = "Maximum reconnection attempts exceeded";
                last = cause(4000, reason, CloseKind::Exhausted);
            }
            self.untold.push_back(Decision::Stop {
                run: self.run(),
                cause: last,
                attempts: self.attempts,
            });
        }
    }

    fn timeout(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        is_asked: bool,
    ) -> Result<(), Violation> {
        self.stable_due = self.stable_due.filter(|due| *due > self.now);
        let started = after.socket != self.socket;
        if self.current().is_some() {
            let is_over = matches!(after.state, State::Waiting | State::Stopped);
            let slept = before
                .deadline
                .is_some_and(|(at, _)| self.now.saturating_sub(at) > TIMER_GAP);
            if slept && self.phase == Phase::Connected && !self.liveness.ponged {
                self.suspect(true);
            } else if started || is_over || is_asked {
                self.give_up()?;
            }
        }
        if started {
            ensure!(
                self.phase == Phase::Waiting && self.may_dial(),
                "decisions",
                "an attempt started in {:?}",
                self.phase
            );
            self.retry(false);
        }
        if let Some((due, _)) = before.deadline {
            self.liveness.timer_fired(due, self.now);
        }
        Ok(())
    }

    /// The session gave the connection, or the attempt, up by itself.
    fn give_up(&mut self) -> Result<(), Violation> {
        let (code, reason) = if self.is_overdue() {
            (4001, "Not acknowledged in time")
        } else if self.liveness.is_failure_due(self.now) {
            (1006, "")
        } else {
            ensure!(
                self.liveness.is_dead(self.now),
                "decisions",
                "{:?} was given up without need",
                self.socket
            );
            (4008, "Liveness timeout")
        };
        self.end(cause(code, reason, CloseKind::Abnormal), None, false);
        Ok(())
    }

    /// Whether the attempt has had its time.
    fn is_overdue(&self) -> bool {
        self.connected.is_none() && self.attempt_ends() <= self.now
    }
}

/// Questions that the other parts of the model ask.
impl Lifecycle {
    /// The socket whose inputs count.
    pub const fn current(&self) -> Option<SocketId> {
        match self.phase {
            Phase::Preparing | Phase::Dialling | Phase::Handshaking | Phase::Connected => {
                Some(self.socket)
            }
            Phase::Idle | Phase::Deciding { .. } | Phase::Waiting | Phase::Stopped => None,
        }
    }

    /// The connection that frames of the app are sent on.
    pub fn connection(&self) -> Option<SocketId> {
        (self.phase == Phase::Connected).then_some(self.socket)
    }

    pub fn is_over(&self) -> bool {
        self.phase == Phase::Stopped
    }

    pub fn run(&self) -> Option<RunId> {
        self.run.as_ref().map(|(run, _)| *run)
    }

    pub fn active_run(&self) -> Option<RunId> {
        self.run().filter(|_| self.is_active())
    }

    /// The session id of the last `connect()`.
    pub fn session_id(&self) -> Option<&str> {
        self.run.as_ref().map(|(_, id)| id.as_str())
    }

    /// The active run, where `connect()` with this id must return that one.
    pub fn same_run(&self, session: &str) -> Option<RunId> {
        let (run, id) = self.run.as_ref()?;
        (self.is_active() && id == session).then_some(*run)
    }

    /// The run whose promise is not settled yet.
    pub fn pending(&self) -> Option<RunId> {
        self.active_run().filter(|_| !self.acknowledged)
    }

    /// The app is not told when the attempts were due that it must yet be told of.
    pub fn withdraw_announcement(&mut self) {
        for decision in &mut self.untold {
            if let Decision::Start { at_once, .. } = decision {
                *at_once = true;
            }
        }
    }

    /// Number of decisions that the app must yet be told of.
    pub fn untold(&self) -> usize {
        self.untold.len()
    }

    pub fn untold_since(&self, before: usize) -> Vec<Decision> {
        self.untold.iter().skip(before).cloned().collect()
    }

    pub fn next_untold(&mut self) -> Option<Decision> {
        self.untold.pop_front()
    }

    /// Whether the session is over, and the app is still to be told of it.
    pub fn is_ended(&self) -> bool {
        self.untold.iter().any(Decision::is_stop)
    }

    pub fn is_active(&self) -> bool {
        self.phase.state().is_active()
    }

    /// Whether the credentials are there, and the socket is being opened.
    pub fn is_prepared(&self) -> bool {
        self.phase == Phase::Dialling
    }

    pub fn may_dial(&self) -> bool {
        !self.offline || self.config.on_loopback
    }

    /// When the current attempt must be over, unless it is acknowledged.
    pub fn attempt_ends(&self) -> u64 {
        after(self.started, self.config.connect_timeout)
    }

    /// Earliest deadline of the attempt or the connection, apart from those of pings.
    pub fn next_due(&self) -> Option<u64> {
        self.current()?;
        let connect = self.connected.is_none().then(|| self.attempt_ends());
        let due = [connect, self.liveness.failure_due, self.stable_due];
        due.into_iter().flatten().min()
    }

    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// Whether the next attempt will be announced when the network is back; `due` is when it is
    /// due according to the last announcement.
    pub fn will_announce(&self, due: Option<u64>) -> bool {
        let due = due.filter(|_| self.may_dial());
        let is_soon = |due| match self.online_delay() {
            Delay::Exactly(_) => true,
            _ => due <= self.now.saturating_add(MAX_IMMEDIATE_DELAY),
        };
        self.is_waiting() && self.has_cause && !due.is_some_and(is_soon)
    }

    /// Delay of the next attempt when the network is back.
    fn online_delay(&self) -> Delay {
        let ahead = self.not_before.filter(|at| *at > self.now);
        ahead.map_or(Delay::Immediate, |at| Delay::Exactly(at - self.now))
    }

    /// Delay of an attempt that is announced since the network is back, and the time from which
    /// it counts.
    pub fn next_online_delay(&mut self) -> Option<(Delay, u64)> {
        self.online_delays.pop_front()
    }

    /// A message was sent while the socket was not open.
    pub fn closing(&mut self) {
        if self.phase == Phase::Connected {
            self.liveness.closing(self.now);
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}
