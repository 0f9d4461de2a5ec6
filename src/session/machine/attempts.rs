//! From `connect()` to the ack: the beginning of each connection.

use super::super::close::{self, Close, Origin};
use super::super::input::{CommandError, Reply, RunId, SocketId};
use super::super::outbox::Payload;
use super::super::output::{Connecting, Event, Outgoing, Output, SessionError};
use super::super::protocol::Control;
use super::super::redact::Redacted;
use super::super::timer::Timer;
use super::{Phase, Run, Session};

impl<P: Payload> Session<P> {
    pub(super) fn connect(&mut self, session_id: String) -> Result<Reply, CommandError> {
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
        if self.may_dial() {
            self.start_attempt();
        } else {
            self.run.next_attempt_free = true;
            self.enter(Phase::Waiting);
        }
        Ok(Reply::Run(self.run.id))
    }

    pub(super) fn disconnect(&mut self, reason: Option<String>) {
        if self.is_active() {
            let reason = reason.map_or("Client disconnect".into(), Redacted::trusted);
            self.connection_lost(Close::new(close::NORMAL, reason), Origin::Client);
        }
    }

    pub(super) fn serve_timers(&mut self) {
        if let Some((due, _)) = self.timers.next() {
            self.notice_lateness(due);
        }
        while let Some((timer, due)) = self.timers.take_due(self.now) {
            match timer {
                Timer::Connect => self.connection_lost(
                    Close::new(close::CONNECT_TIMEOUT, "Not acknowledged in time"),
                    Origin::Attempt,
                ),
                Timer::Failure => {
                    self.connection_lost(Close::new(close::NO_CLOSE_FRAME, ""), Origin::Peer)
                }
                Timer::Stable => self.run.attempts = 0,
                Timer::Retry => self.retry(),
                Timer::Ping => self.ping_when_idle(),
                Timer::Pong => self.on_pong_overdue(due),
                Timer::Confirm => self.demand_confirmation(due),
                // What it was set for is looked after at the end of each call.
                Timer::Drain => {}
                Timer::Expiry => self.drop_expired(),
            }
        }
    }

    /// Makes the attempt that was waited for.
    pub(super) fn retry(&mut self) {
        self.timers.stop(Timer::Retry);
        if !std::mem::take(&mut self.run.next_attempt_free) {
            self.run.attempts = self.run.attempts.saturating_add(1);
        }
        self.start_attempt();
    }

    /// Whether a dial could lead anywhere.
    pub(super) const fn may_dial(&self) -> bool {
        !self.offline || self.config.on_loopback
    }

    pub(super) fn start_attempt(&mut self) {
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

    pub(super) fn open(&mut self, socket: SocketId) {
        if self.phase == Phase::Preparing(socket) {
            self.enter(Phase::Connecting(socket));
            self.outputs.push_back(Output::Open(socket));
        }
    }

    pub(super) fn start_handshake(&mut self, socket: SocketId) {
        if self.phase == Phase::Connecting(socket) {
            self.transmit(socket, Outgoing::Init);
            self.enter(Phase::Handshaking(socket));
        }
    }

    pub(super) fn handle_control(&mut self, socket: SocketId, control: Control) {
        match control {
            Control::Ack => self.acknowledge(socket),
            Control::Pong => self.ponged(),
            Control::Stopped { reason } => {
                let text = match reason {
                    Some(reason) => Redacted::trusted(["App stopped: ", &reason].concat()),
                    None => "App stopped".into(),
                };
                self.connection_lost(Close::new(close::NORMAL, text), Origin::StopFrame);
            }
            Control::Error { code, message } => {
                let connected = matches!(self.phase, Phase::Connected(_));
                if connected && !close::is_fatal_error(code.as_deref()) {
                    self.emit(Event::Error(SessionError::Reported {
                        code: code.map(String::from),
                        message: message.into(),
                    }));
                } else {
                    let close = Close::new(close::POLICY_VIOLATION, message);
                    self.connection_lost(close, Origin::ErrorFrame(code.as_deref()));
                }
            }
        }
    }

    /// True if an ack on this socket completes the handshake. Any other ack, and what it
    /// carries, is ignored.
    pub fn awaits_ack(&self, socket: SocketId) -> bool {
        self.phase == Phase::Handshaking(socket)
    }

    pub(super) fn acknowledge(&mut self, socket: SocketId) {
        if !self.awaits_ack(socket) {
            return;
        }
        self.timers.stop(Timer::Connect);
        self.timers
            .set(Timer::Stable, self.now.after(self.config.stable_after));
        self.run.fresh_key_tried = false;
        self.watch();
        self.tell_subscriptions(socket);
        self.drain_outbox(socket, 0);
        if !std::mem::replace(&mut self.run.acknowledged, true) {
            self.outputs.push_back(Output::Settle(self.run.id, Ok(())));
        }
        self.enter(Phase::Connected(socket));
        self.emit(Event::Connected);
    }
}
