//! State of the session, call by call: attempts, connections, decisions to retry or to stop.

mod decision;
mod effect;
mod ending;
mod queries;
mod signs;

use std::collections::VecDeque;

use tpa_session::session::{
    Cause, CloseKind, Command, CommandError, Config, Reconnect, Reply, RunId, SocketId, State,
    WakeHint,
};

use super::liveness::{Answer, Liveness, Reasons};
use super::sequence::Step;
use super::{Hints, Snapshot, Violation, after, ensure};
use crate::Message;

pub use decision::{Announcement, Decision, Delay};
pub use effect::Effect;
use effect::{MalformedFrames, cause};
pub use ending::By;

/// Time from an attempt that does not count to one without a network, ms.
const OFFLINE_INTERVAL: u64 = 30_000;

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
        /// Decision unless the app makes one.
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
    pub(super) not_before: Option<u64>,
    /// End of the last connection or attempt.
    cause: Option<Cause>,
    /// Announcements that are due since the environment gave a sign.
    announcements: VecDeque<Announcement>,
    /// The last connection ended in full silence.
    pub(super) lost_in_silence: bool,
    /// Longest time for the next attempt, ms.
    pub(super) attempt_time: u64,
    /// End of the current attempt, unless it is acknowledged.
    pub(super) attempt_ends: u64,
    pub(super) attempt_started: u64,
    /// The runtime gave up a dial, and the next one has what is left of its time.
    pub(super) resumes: bool,
    /// Start of the run, or loss of the last connection before any attempt was counted.
    pub(super) outage_since: u64,
    /// The cloud has asked for the session since its connection was lost.
    reopened: bool,
    /// Time of the ack.
    pub(super) connected: Option<u64>,
    /// Time at which the connection becomes stable, until a timeout reports it.
    stable_due: Option<u64>,
    pub liveness: Liveness,
    /// The ping that the pong of this call answers.
    answered: Option<Answer>,
    /// The connection may have died, according to this call.
    asks: bool,
    disposed: bool,
    /// Error of the current socket.
    socket_error: String,
    malformed: MalformedFrames,
    pub(super) offline: bool,
    /// Earliest time of the next attempt without a network.
    pub(super) offline_from: u64,
    /// Earliest time of the next attempt that a sign hastens.
    pub(super) haste_from: u64,
    /// Last time at which a navigation started, or the page was shown again.
    pub(super) navigated: Option<u64>,
    /// The page was shown again at that time.
    pub(super) shown_again: bool,
    /// Lead of the wall clock when it was last read.
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
            cause: None,
            announcements: VecDeque::new(),
            lost_in_silence: false,
            attempt_time: 0,
            attempt_ends: 0,
            attempt_started: 0,
            resumes: false,
            outage_since: 0,
            reopened: false,
            connected: None,
            stable_due: None,
            liveness: Liveness::new(config.watch),
            answered: None,
            asks: false,
            socket_error: String::new(),
            malformed: MalformedFrames::NONE,
            offline: false,
            disposed: false,
            offline_from: 0,
            haste_from: 0,
            navigated: None,
            shown_again: false,
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
        self.check_stable();
    }

    /// A connection that has lasted, and has answered a ping where that is expected, is proof
    /// that the outage before it is over.
    fn check_stable(&mut self) {
        let stable_after = self.config.stable_after;
        let lasted = |at| after(at, stable_after) <= self.now;
        if self.connected.is_some_and(lasted) && self.liveness.is_proven() {
            self.attempts = 0;
            self.attempt_time = self.config.connect_timeout.as_millis();
        }
    }

    /// Applies a command, and checks the reply.
    pub fn command(
        &mut self,
        command: &Command<Message>,
        reply: Result<Reply, CommandError>,
    ) -> Result<(), Violation> {
        let expected = match command {
            Command::Connect { session_id }
                if is_blank(session_id) || session_id.contains(char::is_control) =>
            {
                Err(CommandError::InvalidSessionId)
            }
            Command::Connect { .. } if self.disposed => Err(CommandError::Disposed),
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
            Command::Dispose => {
                if self.phase == Phase::Idle {
                    let cause = cause(1000, "Client disconnect", CloseKind::ClientDisconnect);
                    self.end(cause, None, By::App);
                } else {
                    self.disconnect("Client disconnect");
                }
                self.disposed = true;
                Ok(Reply::Done)
            }
            Command::HandOver => {
                self.leave(cause(4010, "Handed over", CloseKind::ClientDisconnect));
                Ok(Reply::Done)
            }
            Command::Reopen => {
                self.reopen();
                Ok(Reply::Done)
            }
            Command::ReconnectNow => {
                self.reconnect_now();
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
            Effect::Timeout => return self.timeout(before, after, hints),
            Effect::Prepared if self.phase == Phase::Preparing => {
                self.phase = Phase::Dialling;
                self.steps.push(Step::Open(self.socket));
            }
            Effect::Opened if self.phase == Phase::Dialling => {
                self.phase = Phase::Handshaking;
                self.untold.push_back(Decision::Open);
            }
            Effect::Acknowledged if self.phase == Phase::Handshaking => self.acknowledge(),
            Effect::Failed(error) => {
                self.socket_error.clone_from(error);
                self.liveness.fail(self.now);
            }
            Effect::Ended(cause, delay, by) => self.end(cause.clone(), *delay, *by),
            Effect::Ponged(id) if self.phase == Phase::Connected => {
                self.answered = self.liveness.pong(*id, self.now);
                self.check_stable();
            }
            Effect::Error(error) => {
                self.malformed.note(error);
                self.liveness.received(self.now);
                self.steps.push(Step::Error);
            }
            Effect::Acknowledged => self.liveness.received(self.now),
            Effect::Received(at) => self.liveness.received(*at.min(&self.now)),
            Effect::ProtocolPing(at) => self.liveness.protocol_ping(*at.min(&self.now)),
            Effect::Decided(decision) => self.conclude(*decision),
            Effect::Offline => self.go_offline(),
            Effect::Online => {
                self.offline = false;
                self.sign(hints);
                self.asks = true;
            }
            Effect::Leaving => self.navigate(false),
            Effect::Woken(hint) => {
                if *hint == WakeHint::Resumed {
                    self.navigate(true);
                }
                self.sign(hints);
                self.suspect(*hint == WakeHint::Slept);
            }
            Effect::WallClock(wall) => self.read_wall_clock(*wall),
            Effect::Prepared | Effect::Opened | Effect::Ponged(_) | Effect::Buffered(_) => {}
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

    /// The session decided to send pings. Those of a connection that the same call gave up do not
    /// matter any more.
    pub fn pinged(&mut self, pings: u32, mut reasons: Reasons) -> Result<(), Violation> {
        reasons.sign = std::mem::take(&mut self.asks);
        if self.connected.is_some() {
            self.liveness.pinged(pings, &reasons, self.now)
        } else {
            self.liveness.skip(pings);
            Ok(())
        }
    }

    /// What the pong of this call says. It may answer a later ping instead.
    pub fn take_answered(&mut self) -> Option<Answer> {
        self.answered.take()
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
        self.cause = None;
        self.attempt_time = self.config.connect_timeout.as_millis();
        self.resumes = false;
        self.outage_since = self.now;
        self.reopened = false;
        self.start(false, false);
    }

    fn disconnect(&mut self, reason: &str) {
        self.leave(cause(1000, reason, CloseKind::ClientDisconnect));
    }

    fn leave(&mut self, cause: Cause) {
        if self.is_active() {
            self.end(cause, None, By::App);
        }
    }

    fn retry(&mut self, at_once: bool) {
        let is_free = std::mem::take(&mut self.uncounted);
        if !is_free {
            self.attempts = self.attempts.saturating_add(1);
        }
        self.start(at_once, is_free);
    }

    fn start(&mut self, at_once: bool, is_free: bool) {
        self.socket = SocketId(self.socket.0.wrapping_add(1));
        self.phase = Phase::Preparing;
        self.attempt_started = self.now;
        let resumes = std::mem::take(&mut self.resumes);
        if !resumes || self.attempt_ends <= self.now {
            self.attempt_ends = self.now.saturating_add(self.attempt_time);
        }
        if self.is_offline() || is_free {
            self.offline_from = self.now.saturating_add(OFFLINE_INTERVAL);
        }
        self.liveness = self.liveness.next();
        self.socket_error.clear();
        self.malformed = MalformedFrames::NONE;
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
        self.reopened = false;
        self.fresh_key_tried = false;
        self.liveness = self.liveness.acknowledged(self.now);
        self.wall_offset = None;
        self.untold.push_back(Decision::Acknowledge);
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}
