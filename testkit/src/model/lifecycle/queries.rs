//! Questions that the other parts of the model ask.

use tpa_session::session::{Cause, RunId, SocketId};

use super::{Decision, Lifecycle, Phase};

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

    /// True if the connection has lasted, and a timeout has told the session so.
    pub fn is_stable(&self) -> bool {
        self.stable_due.is_none_or(|due| due <= self.now)
    }

    /// End of the last connection or attempt.
    pub const fn last_cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
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

    /// Earliest deadline of the attempt or the connection, apart from those of pings.
    pub fn next_due(&self) -> Option<u64> {
        self.current()?;
        let connect = self.connected.is_none().then_some(self.attempt_ends);
        let due = [connect, self.liveness.failure_due, self.stable_due];
        due.into_iter().flatten().min()
    }

    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// A message was sent while the socket was not open.
    pub fn closing(&mut self) {
        if self.phase == Phase::Connected {
            self.liveness.closing(self.now);
        }
    }
}
