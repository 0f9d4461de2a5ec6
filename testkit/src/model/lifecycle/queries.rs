//! Questions that the other parts of the model ask.

use tpa_session::session::{RunId, SocketId};

use super::{Decision, Delay, Lifecycle, Phase};
use crate::model::{MAX_IMMEDIATE_DELAY, after};

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

    /// True if the session is over, and the app is still to be told of it.
    pub fn is_ended(&self) -> bool {
        self.untold.iter().any(Decision::is_stop)
    }

    pub fn is_active(&self) -> bool {
        self.phase.state().is_active()
    }

    /// True if the credentials are there, and the socket is being opened.
    pub fn is_prepared(&self) -> bool {
        self.phase == Phase::Dialling
    }

    pub fn may_dial(&self) -> bool {
        !self.offline || self.config.on_loopback
    }

    /// Time at which the current attempt must be over, unless it is acknowledged.
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

    /// True if the next attempt will be announced when the network is back; `due` is when it is
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
    pub(super) fn online_delay(&self) -> Delay {
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
