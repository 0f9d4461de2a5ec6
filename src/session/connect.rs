//! The beginning of a connection: from `connect()` to the ack.

use crate::session::{
    Cause, Close, CommandError, Connecting, Event, Instant, NORMAL, Origin, Outgoing, Output,
    Payload, Phase, Reconnect, Redacted, Reply, RunId, Session, SocketId, Timer,
};

/// One call of `connect()` and everything that follows from it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) session_id: String,
    /// Attempts to reconnect since the last stable connection.
    pub(super) attempts: u32,
    /// The cloud has acknowledged at least one connection.
    pub(super) acknowledged: bool,
    /// A fresh key was requested because the last one was refused.
    pub(super) fresh_key_tried: bool,
    /// The next attempt is not counted.
    pub(super) next_attempt_free: bool,
    /// Number of times that the time for an attempt has doubled.
    pub(super) doublings: u32,
    /// Start of the current attempt, or of the last one.
    pub(super) attempt_started: Instant,
    /// End of its time.
    pub(super) attempt_ends: Instant,
    /// The next attempt has what is left of this time.
    pub(super) resumes: bool,
    /// Time of the last ack.
    pub(super) acknowledged_at: Instant,
    /// The cloud has asked for the session since its connection was lost.
    pub(super) reopened: bool,
    /// Start of the run, or the loss of its last stable connection.
    pub(super) outage_since: Instant,
    /// The current connection has answered a ping.
    pub(super) answered: bool,
    /// The app was told that the current connection sends too large frames.
    pub(super) told_large: bool,
    /// Number of other malformed frames on it.
    pub(super) malformed: u32,
    /// The connection was lost in silence, as many others may have been at the same time.
    pub(super) lost_in_silence: bool,
    /// Error of the current socket; empty if it reported none.
    pub(super) socket_error: Redacted,
    /// End of the last connection or attempt.
    pub(super) cause: Option<Cause>,
    /// Reaction to it according to the table of closures.
    pub(super) default_decision: Reconnect,
    /// Earliest time of the next attempt, if the app or the table of closures gave one.
    pub(super) not_before: Option<Instant>,
}

impl Run {
    pub(super) fn new(id: RunId, session_id: String, now: Instant) -> Self {
        Self {
            id,
            session_id,
            attempts: 0,
            acknowledged: false,
            fresh_key_tried: false,
            next_attempt_free: false,
            doublings: 0,
            attempt_started: now,
            attempt_ends: now,
            resumes: false,
            acknowledged_at: now,
            reopened: false,
            outage_since: now,
            answered: false,
            told_large: false,
            malformed: 0,
            lost_in_silence: false,
            socket_error: Redacted::default(),
            cause: None,
            default_decision: Reconnect::No,
            not_before: None,
        }
    }
}

impl<P: Payload> Session<P> {
    /// Executes [`Command::Connect`](crate::session::Command::Connect).
    pub(super) fn connect(&mut self, session_id: String) -> Result<Reply, CommandError> {
        if session_id.trim_ascii().is_empty() || session_id.chars().any(char::is_control) {
            return Err(CommandError::InvalidSessionId);
        }
        if self.disposed {
            return Err(CommandError::Disposed);
        }
        if self.is_active() {
            if self.run.session_id == session_id {
                return Ok(Reply::Run(self.run.id));
            }
            self.disconnect(Some("Another session was asked for".into()));
        }
        let id = RunId(self.run.id.0.wrapping_add(1));
        self.run = Run::new(id, session_id, self.now);
        self.start_attempt(false);
        Ok(Reply::Run(self.run.id))
    }

    /// Executes [`Command::Disconnect`](crate::session::Command::Disconnect).
    pub(super) fn disconnect(&mut self, reason: Option<String>) {
        let reason = reason.map_or("Client disconnect".into(), Redacted::trusted);
        self.end_run(NORMAL, reason);
    }

    /// Ends the session, if it is active, because the app says so.
    pub(super) fn end_run(&mut self, code: u16, reason: Redacted) {
        if self.is_active() {
            self.connection_lost(Close::new(code, reason), Origin::Client);
        }
    }

    /// Executes [`Command::Dispose`](crate::session::Command::Dispose). A session that was never
    /// started ends as well, so that what is queued is reported.
    pub(super) fn dispose(&mut self) {
        if self.phase == Phase::Idle {
            // No promise of `connect()` waits.
            self.run.acknowledged = true;
            self.connection_lost(Close::new(NORMAL, "Client disconnect"), Origin::Client);
        } else {
            self.disconnect(None);
        }
        self.disposed = true;
    }

    /// Starts an attempt; one that is free is not counted.
    pub(super) fn start_attempt(&mut self, is_free: bool) {
        let socket = SocketId(self.last_socket.0.wrapping_add(1));
        self.last_socket = socket;
        self.delay_next_offline(is_free);
        let run = &mut self.run;
        let resumes = std::mem::take(&mut run.resumes) && run.attempt_ends > self.now;
        run.attempt_started = self.now;
        if !resumes {
            self.run.attempt_ends = self.now.after(self.time_for_attempt());
        }
        self.timers.set(Timer::Connect, self.run.attempt_ends);
        self.enter(Phase::Preparing);
        self.emit(Event::Connecting(Connecting {
            attempt: self.run.attempts,
        }));
        self.output(Output::Prepare(socket));
    }

    pub(super) fn open(&mut self) {
        if self.phase == Phase::Preparing {
            self.enter(Phase::Connecting);
            self.output(Output::Open(self.last_socket));
        }
    }

    pub(super) fn start_handshake(&mut self) {
        if self.phase == Phase::Connecting {
            self.transmit(Outgoing::Init);
            self.enter(Phase::Handshaking);
        }
    }

    /// True if an ack on this socket completes the handshake. Any other ack is ignored, and so
    /// are the settings in it.
    pub fn awaits_ack(&self, socket: SocketId) -> bool {
        self.phase == Phase::Handshaking && socket == self.last_socket
    }

    pub(super) fn on_ack(&mut self) {
        if self.phase != Phase::Handshaking {
            return;
        }
        self.timers.stop(Timer::Connect);
        self.timers
            .set(Timer::Stable, self.now.after(self.config.stable_after));
        self.run.fresh_key_tried = false;
        self.run.answered = false;
        self.run.acknowledged_at = self.now;
        self.run.reopened = false;
        self.start_keepalive();
        self.send_subscriptions();
        self.ask_at_once();
        if !std::mem::replace(&mut self.run.acknowledged, true) {
            self.output(Output::Settle(self.run.id, Ok(())));
        }
        self.enter(Phase::Connected);
        self.emit(Event::Connected);
        self.start_probe();
        self.drain_outbox(0);
    }
}
