//! What the session must decide, call by call: a second, plain account of the rules.
//!
//! It foretells what one call leads to, and sees what the call led to. Where time decides (a
//! timer that fires) it looks at what happened and asks whether that may, or must, happen then.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use tpa_session::session::{
    CloseKind, Config, Control, Input, Reconnect, Reply, RunId, SocketId, State, WakeHint,
};

use super::signs::Signs;
use super::{Broken, Glance, View, ensure, hash_all};
use crate::app::{Ask, NO_SESSION, NO_STREAM};
use crate::closures::{kind_of, kind_of_refusal};

/// A timer that is later than this, or a wall clock that is so far ahead, shows a sleep.
const LATE_AS_SLEEP: u64 = 90_000;
const AHEAD_AS_SLEEP: u64 = 45_000;

/// What an input means for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Timeout,
    Prepared,
    Opened,
    Failed,
    Ends(CloseKind),
    Ack,
    Pong,
    /// A sign of life at that time, and no more.
    Life(u64),
    /// The socket holds so much.
    Room(u32),
    /// One that the app is told of.
    Complaint,
    Verdict(Option<bool>),
    Offline,
    Online,
    Slept(bool),
    WallClock(u64),
}

/// A change of state that the app must be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    Start {
        attempt: u32,
        /// The wait was skipped.
        at_once: bool,
    },
    Open,
    Ack,
    Wait {
        /// What ended the connection or the attempt; none where there was none yet.
        kind: Option<CloseKind>,
        attempt: u32,
        /// The network is there, so that the next attempt can be announced.
        announced: bool,
        hasty: bool,
        at: u64,
    },
    Over {
        kind: CloseKind,
    },
}

impl Decision {
    /// The same with the time since it instead of its time.
    const fn seen_from(mut self, view: &View) -> Self {
        if let Self::Wait { at, .. } = &mut self {
            *at = view.age(*at, u64::MAX);
        }
        self
    }

    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Over { .. })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Preparing,
    Dialling,
    Handshaking,
    Connected,
    /// The app is asked about this; the state before is still shown.
    Judging(CloseKind, State),
    Waiting,
    Stopped,
}

impl Phase {
    const fn state(self) -> State {
        match self {
            Self::Idle => State::Idle,
            Self::Preparing | Self::Dialling => State::Connecting,
            Self::Handshaking => State::Handshaking,
            Self::Connected => State::Connected,
            Self::Judging(_, state) => state,
            Self::Waiting => State::Waiting,
            Self::Stopped => State::Stopped,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Decisions {
    config: Config,
    phase: Phase,
    pub socket: SocketId,
    pub now: u64,
    run: Option<(RunId, &'static str)>,
    acknowledged: bool,
    /// Attempts to reconnect since the last connection that was stable.
    attempts: u32,
    uncounted: bool,
    fresh_key_tried: bool,
    started: u64,
    connected: Option<u64>,
    signs: Signs,
    offline: bool,
    wall: Option<u64>,
    /// What the app must yet be told.
    told: VecDeque<Decision>,
    pub fresh_keys: u64,
}

impl Decisions {
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
            started: 0,
            connected: None,
            signs: Signs::new(config.watch.pong_timeout.as_millis(), 0),
            offline: false,
            wall: None,
            told: VecDeque::new(),
            fresh_keys: 0,
            config,
        }
    }

    /// The socket whose inputs count.
    pub const fn current(&self) -> Option<SocketId> {
        match self.phase {
            Phase::Preparing | Phase::Dialling | Phase::Handshaking | Phase::Connected => {
                Some(self.socket)
            }
            Phase::Idle | Phase::Judging(..) | Phase::Waiting | Phase::Stopped => None,
        }
    }

    /// The connection that frames of the app go to.
    pub fn connection(&self) -> Option<SocketId> {
        (self.phase == Phase::Connected).then_some(self.socket)
    }

    pub fn is_over(&self) -> bool {
        self.phase == Phase::Stopped
    }

    pub fn run(&self) -> Option<RunId> {
        self.run.map(|(run, _)| run)
    }

    pub fn active_run(&self) -> Option<RunId> {
        self.run().filter(|_| self.is_active())
    }

    /// How much the app must yet be told.
    pub fn told(&self) -> usize {
        self.told.len()
    }

    pub fn told_since(&self, before: usize) -> Vec<Decision> {
        self.told.iter().skip(before).copied().collect()
    }

    /// The run whose promise is not settled yet.
    pub fn pending(&self) -> Option<RunId> {
        let (run, _) = self.run?;
        (self.is_active() && !self.acknowledged).then_some(run)
    }

    pub fn is_active(&self) -> bool {
        self.phase.state().is_active()
    }

    /// The credentials are there, and the socket is being opened.
    pub fn is_prepared(&self) -> bool {
        self.phase == Phase::Dialling
    }

    pub fn may_dial(&self) -> bool {
        !self.offline || self.config.on_loopback
    }

    /// When the current attempt must be over, unless it is acknowledged.
    pub fn attempt_ends(&self) -> u64 {
        self.started + self.config.connect_timeout.as_millis()
    }

    /// The socket would not take a message.
    pub fn closing(&mut self) {
        if self.phase == Phase::Connected {
            self.signs.closing(self.now);
        }
    }

    /// When a socket that is closing will have been given up, unless it said something.
    pub fn closed_by(&self) -> Option<u64> {
        let is_told = self.signs.failed || self.current().is_none();
        self.signs.closed_by.filter(|_| !is_told)
    }

    pub const fn failed(&self) -> bool {
        self.signs.failed
    }

    /// The cloud has ponged on this connection, so that its silence means something.
    pub const fn is_watched(&self) -> bool {
        self.signs.ponged
    }

    /// The cloud went on talking after a ping, and had all the time to pong.
    pub fn is_deaf(&self) -> bool {
        self.signs.is_deaf()
    }

    /// When the silence after a ping must have been judged, where it means something.
    pub fn judged_by(&self) -> Option<u64> {
        self.signs.judged_by()
    }

    /// The timer fired; `before` is what it was set for.
    pub fn woke(&mut self, before: &Glance) {
        if let Some((due, _)) = before.deadline {
            self.signs.alarm(due, self.now);
        }
    }

    pub fn next_told(&mut self) -> Option<Decision> {
        self.told.pop_front()
    }

    /// Whether the session is over, and the app is still to be told of it.
    pub fn is_ended(&self) -> bool {
        self.told.iter().any(Decision::is_over)
    }

    /// The active run, where `connect()` under this id must give that one.
    pub fn same_run(&self, session: &str) -> Option<RunId> {
        let (run, id) = self.run?;
        (self.is_active() && id == session).then_some(run)
    }

    /// A clock that goes back is none of the session's business.
    pub fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        let stable_after = self.config.stable_after.as_millis();
        if self
            .connected
            .is_some_and(|at| at + stable_after <= self.now)
        {
            self.attempts = 0;
        }
    }

    /// The app's call that changes the state.
    pub fn asked(&mut self, ask: Ask, reply: Option<Reply>) -> Result<(), Broken> {
        match ask {
            Ask::Connect(NO_SESSION) | Ask::Subscribe(NO_STREAM) | Ask::Unsubscribe(NO_STREAM) => {
                ensure!(reply.is_none(), "misuse", "{reply:?} to {ask:?}");
            }
            Ask::Connect(session) => {
                let Some(Reply::Run(run)) = reply else {
                    ensure!(false, "promises", "{reply:?} to {ask:?}");
                    return Ok(());
                };
                if self.same_run(session).is_none() {
                    self.connect(run, session);
                }
            }
            Ask::Disconnect(_) => {
                ensure!(reply == Some(Reply::Done), "misuse", "{reply:?} to {ask:?}");
                self.disconnect();
            }
            Ask::ReconnectNow => {
                ensure!(reply == Some(Reply::Done), "misuse", "{reply:?} to {ask:?}");
                if self.phase == Phase::Waiting {
                    self.retry(true);
                }
            }
            Ask::Subscribe(_) | Ask::Unsubscribe(_) | Ask::Follow(_) => {
                ensure!(reply == Some(Reply::Done), "misuse", "{reply:?} to {ask:?}");
            }
            Ask::Flush => {
                let flush = matches!(reply, Some(Reply::Flush(_)));
                ensure!(flush, "misuse", "{reply:?} to {ask:?}");
            }
            Ask::Send { .. } | Ask::Throw => {}
        }
        Ok(())
    }

    /// What an input means. One that is about another socket than the current one is `None`.
    pub fn hear(&self, input: &Input) -> Option<Heard> {
        if input.socket().is_some() && input.socket() != self.current() {
            return None;
        }
        Some(match input {
            Input::Timeout => Heard::Timeout,
            Input::Prepared(_) => Heard::Prepared,
            Input::AttemptFailed { .. } => Heard::Ends(CloseKind::Abnormal),
            Input::Unsupported { .. } => Heard::Ends(CloseKind::Unsupported),
            Input::Opened(_) => Heard::Opened,
            Input::Failed(_) => Heard::Failed,
            Input::Closed(_, close) => Heard::Ends(kind_of(close)),
            Input::Control(_, Control::Ack) => Heard::Ack,
            Input::Control(_, Control::Pong) => Heard::Pong,
            Input::Control(_, Control::Stopped { .. }) => Heard::Ends(CloseKind::AppStopped),
            Input::Control(_, Control::Error { code, .. }) => {
                let kind = kind_of_refusal(code.as_deref());
                if self.phase == Phase::Connected && kind != CloseKind::Rejected {
                    Heard::Complaint
                } else {
                    Heard::Ends(kind)
                }
            }
            Input::Malformed(..) => Heard::Complaint,
            Input::Activity(_, at) => Heard::Life(at.as_millis()),
            Input::Buffered(_, held) => Heard::Room(*held),
            Input::ShouldReconnect(decision) => {
                Heard::Verdict(decision.map(|decision| decision != Reconnect::No))
            }
            Input::Offline => Heard::Offline,
            Input::Online => Heard::Online,
            Input::Wake(WakeHint::Resumed) => Heard::Slept(false),
            Input::Wake(WakeHint::Slept) => Heard::Slept(true),
            Input::WallClock(wall) => Heard::WallClock(*wall),
        })
    }

    /// What the input led to.
    pub fn heard(&mut self, heard: Heard, before: &Glance, after: &Glance) -> Result<(), Broken> {
        match heard {
            Heard::Timeout => return self.timed_out(before, after),
            Heard::Prepared if self.phase == Phase::Preparing => self.phase = Phase::Dialling,
            Heard::Opened if self.phase == Phase::Dialling => {
                self.phase = Phase::Handshaking;
                self.told.push_back(Decision::Open);
            }
            Heard::Ack if self.phase == Phase::Handshaking => self.acknowledge(),
            Heard::Failed => self.signs.failed = true,
            Heard::Ends(kind) => self.end(kind, false),
            Heard::Pong => self.signs.pong(self.now),
            Heard::Ack | Heard::Complaint => self.signs.alive(self.now),
            Heard::Life(at) => self.signs.alive(at.min(self.now)),
            Heard::Verdict(verdict) => self.conclude(verdict),
            Heard::Offline => self.offline = true,
            Heard::Online => self.offline = false,
            Heard::Slept(surely) => self.doubt(surely),
            Heard::WallClock(wall) => {
                let ahead = wall.saturating_sub(self.now);
                let before = self.wall.replace(ahead);
                if before.is_some_and(|before| ahead.saturating_sub(before) > AHEAD_AS_SLEEP) {
                    self.doubt(true);
                }
            }
            Heard::Prepared | Heard::Opened | Heard::Room(_) => {}
        }
        Ok(())
    }

    /// The app is asked about a closure. After a timer this is the first that is seen of it.
    pub fn judged(&mut self, kind: CloseKind) -> Result<(), Broken> {
        if self.current().is_some() {
            self.give_up()?;
        }
        ensure!(
            matches!(self.phase, Phase::Judging(right, _) if right == kind),
            "decisions",
            "the app is asked about {kind:?} in {:?}",
            self.phase
        );
        Ok(())
    }

    /// A ping goes out.
    pub fn pinged(&mut self, socket: SocketId) -> Result<(), Broken> {
        if self.current() != Some(socket) {
            // It was decided on before the connection was given up.
            return Ok(());
        }
        ensure!(
            self.connected.is_some(),
            "liveness",
            "a ping before the ack"
        );
        self.signs.ping(self.now);
        Ok(())
    }

    /// After every call: the session is where it should be.
    pub fn check(&self, glance: &Glance) -> Result<(), Broken> {
        ensure!(
            glance.state == self.phase.state() && glance.socket == self.socket,
            "decisions",
            "{:?} with {:?} instead of {:?} with {:?}",
            glance.state,
            glance.socket,
            self.phase,
            self.socket
        );
        Ok(())
    }

    /// When all is carried out: the app knows all, and is not being asked.
    pub fn check_rest(&self) -> Result<(), Broken> {
        ensure!(
            self.told.is_empty(),
            "grammar",
            "the app was not told: {:?}",
            self.told
        );
        ensure!(
            !matches!(self.phase, Phase::Judging(..)),
            "progress",
            "{:?} with nothing left to do",
            self.phase
        );
        Ok(())
    }

    pub fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        (self.phase, self.offline, self.wall.is_some()).hash(hasher);
        if self.is_active() {
            (self.acknowledged, self.attempts).hash(hasher);
            (self.uncounted, self.fresh_key_tried).hash(hasher);
        }
        let stable_after = self.config.stable_after.as_millis();
        let connected = self.connected.map(|at| view.age(at, stable_after));
        connected.hash(hasher);
        if self.current().is_some() {
            if connected.is_none() {
                let longest = self.config.connect_timeout.as_millis();
                view.age(self.started, longest).hash(hasher);
            }
            self.signs.fingerprint(view, hasher);
        }
        let told = self.told.iter().map(|decision| decision.seen_from(view));
        hash_all(told, hasher);
    }

    fn connect(&mut self, run: RunId, session: &'static str) {
        self.disconnect();
        self.run = Some((run, session));
        self.acknowledged = false;
        self.attempts = 0;
        self.uncounted = false;
        self.fresh_key_tried = false;
        if self.may_dial() {
            self.start(false);
        } else {
            self.phase = Phase::Waiting;
            // The attempt that was asked for is still to be made: it counts as no reconnect.
            self.uncounted = true;
            self.told.push_back(Decision::Wait {
                kind: None,
                attempt: 0,
                announced: false,
                hasty: false,
                at: self.now,
            });
        }
    }

    fn disconnect(&mut self) {
        if self.is_active() {
            self.end(CloseKind::ClientDisconnect, true);
        }
    }

    fn retry(&mut self, at_once: bool) {
        if !std::mem::take(&mut self.uncounted) {
            self.attempts += 1;
        }
        self.start(at_once);
    }

    fn start(&mut self, at_once: bool) {
        self.socket = SocketId(self.socket.0 + 1);
        self.phase = Phase::Preparing;
        self.started = self.now;
        self.signs = self.new_signs();
        self.told.push_back(Decision::Start {
            attempt: self.attempts,
            at_once,
        });
    }

    fn acknowledge(&mut self) {
        self.phase = Phase::Connected;
        self.connected = Some(self.now);
        self.acknowledged = true;
        self.fresh_key_tried = false;
        // What was heard before the ack is no reason to expect a pong after it.
        let failed = self.signs.failed;
        self.signs = self.new_signs();
        self.signs.failed = failed;
        self.told.push_back(Decision::Ack);
    }

    const fn new_signs(&self) -> Signs {
        Signs::new(self.config.watch.pong_timeout.as_millis(), self.now)
    }

    /// The connection may be dead. Where nobody ever ponged, a sleep is proof enough.
    fn doubt(&mut self, surely: bool) {
        if surely && self.phase == Phase::Connected && !self.signs.ponged {
            self.uncounted = true;
            self.end(CloseKind::Abnormal, false);
        }
    }

    fn end(&mut self, kind: CloseKind, by_app: bool) {
        let shown = self.phase.state();
        self.connected = None;
        if self.config.asks_app && !by_app && kind != CloseKind::Unsupported {
            self.phase = Phase::Judging(kind, shown);
        } else {
            self.decide(kind, None, by_app);
        }
    }

    fn conclude(&mut self, verdict: Option<bool>) {
        if let Phase::Judging(kind, _) = self.phase {
            self.decide(kind, verdict, false);
        }
    }

    fn decide(&mut self, kind: CloseKind, verdict: Option<bool>, by_app: bool) {
        let exhausted = self
            .config
            .max_reconnect_attempts
            .is_some_and(|max| self.attempts >= max);
        let retriable = verdict.unwrap_or(kind == CloseKind::Abnormal);
        let fresh_key = verdict.is_none()
            && kind == CloseKind::Rejected
            && self.config.key_from_provider
            && !std::mem::replace(&mut self.fresh_key_tried, true);
        let wanted = (retriable || fresh_key) && !by_app && self.config.auto_reconnect;
        if wanted && (self.uncounted || !exhausted) {
            self.fresh_keys += u64::from(fresh_key);
            self.phase = Phase::Waiting;
            self.told.push_back(Decision::Wait {
                kind: Some(kind),
                attempt: self.attempts + u32::from(!self.uncounted),
                announced: self.may_dial(),
                hasty: self.uncounted,
                at: self.now,
            });
        } else {
            self.phase = Phase::Stopped;
            let gave_up = retriable && exhausted && self.attempts > 0;
            let kind = if gave_up { CloseKind::Exhausted } else { kind };
            self.told.push_back(Decision::Over { kind });
        }
    }

    fn timed_out(&mut self, before: &Glance, after: &Glance) -> Result<(), Broken> {
        let started = after.socket != self.socket;
        if self.current().is_some() {
            let over = after.state == State::Waiting || after.state == State::Stopped;
            let ended = started || over;
            let slept = before
                .deadline
                .is_some_and(|(at, _)| self.now.saturating_sub(at) > LATE_AS_SLEEP);
            let slept = slept && self.phase == Phase::Connected && !self.signs.ponged;
            if slept {
                self.doubt(true);
            } else if ended {
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
        Ok(())
    }

    /// The session gave the connection, or the attempt, up by itself.
    fn give_up(&mut self) -> Result<(), Broken> {
        let is_closed = self.signs.closed_by.is_some_and(|at| at <= self.now);
        let why =
            self.signs.failed || is_closed || self.is_overdue() || self.signs.is_dead(self.now);
        ensure!(
            why && self.current().is_some(),
            "decisions",
            "{:?} was given up without need",
            self.socket
        );
        self.end(CloseKind::Abnormal, false);
        Ok(())
    }

    /// The attempt has had its time.
    fn is_overdue(&self) -> bool {
        self.connected.is_none() && self.attempt_ends() <= self.now
    }
}
