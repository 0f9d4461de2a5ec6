//! The whole model: what each call and each output means for each part of it.

use tpa_session::session::{
    Command, CommandError, Config, Delivery, Event, FlushError, FlushId, Input, Outgoing, Output,
    PingId, Reply, Session, SessionError, SocketId, State, WakeHint,
};

use super::errors::Errors;
use super::events::Events;
use super::flushes::{Facts, Flushes};
use super::lifecycle::{By, Decision, Effect, Lifecycle};
use super::liveness::Reasons;
use super::outbox::Outbox;
use super::promises::Promises;
use super::quiescence::Parts;
use super::sequence::{Sequence, Step};
use super::sockets::Sockets;
use super::{Hints, Snapshot, Violation, ensure};
use crate::Message;

#[derive(Clone, Debug)]
pub struct Model {
    pub(super) config: Config,
    pub lifecycle: Lifecycle,
    pub sockets: Sockets,
    pub events: Events,
    pub outbox: Outbox,
    pub flushes: Flushes,
    pub promises: Promises,
    pub(super) errors: Errors,
    pub(super) sequence: Sequence,
    /// Serial number of the last message that the app sent.
    pub(super) written: u32,
    /// The newest connection that the cloud has acknowledged.
    pub(super) acknowledged: Option<SocketId>,
    /// The cloud acknowledges it in this call.
    is_acknowledging: bool,
    /// Id of the last ping that was transmitted.
    pub(super) last_ping: PingId,
}

impl Model {
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            lifecycle: Lifecycle::new(config.clone()),
            sockets: Sockets::default(),
            events: Events::new(config.clone()),
            outbox: Outbox::new(config),
            flushes: Flushes::default(),
            promises: Promises::default(),
            errors: Errors::default(),
            sequence: Sequence::default(),
            written: 0,
            acknowledged: None,
            is_acknowledging: false,
            last_ping: PingId::default(),
        }
    }

    /// Applies a command that the session has answered. Returns what was decided.
    pub fn command(
        &mut self,
        command: &Command<Message>,
        now: u64,
        reply: Result<Reply, CommandError>,
        before: &Snapshot,
        after: &Snapshot,
    ) -> Result<Vec<Decision>, Violation> {
        let untold = self.lifecycle.untold();
        self.lifecycle.advance(now);
        self.begin_call(before, after);
        let active = match command {
            Command::Connect { session_id } => self.lifecycle.same_run(session_id),
            Command::Send { payload, .. } => {
                self.written = payload.serial;
                None
            }
            _ => None,
        };
        self.lifecycle.command(command, reply)?;
        match reply {
            Ok(Reply::Run(run)) => self.promises.returned(run, active)?,
            Ok(Reply::Flush(flush)) => {
                let run = self.lifecycle.active_run();
                self.flushes.returned(flush, self.written, run)?;
            }
            _ => {}
        }
        let decisions = self.apply_decisions(untold);
        match (command, reply) {
            (Command::Send { .. }, Ok(reply)) => self.send(command, reply)?,
            (_, Ok(Reply::Done)) => {
                let connection = self.lifecycle.connection();
                self.outbox.change_streams(command, connection);
            }
            _ => {}
        }
        self.finish_call(before, after, None)?;
        Ok(decisions)
    }

    /// Applies an input that the session has handled. Returns whether the input was about the
    /// current socket, or about none, and what was decided.
    pub fn input(
        &mut self,
        input: &Input,
        now: u64,
        before: &Snapshot,
        after: &Snapshot,
        hints: Hints,
    ) -> Result<(bool, Vec<Decision>), Violation> {
        self.lifecycle.advance(now);
        self.begin_call(before, after);
        let untold = self.lifecycle.untold();
        let Some(effect) = self.lifecycle.effect_of(input) else {
            ensure!(
                before == after,
                "stale sockets",
                "{before:?} became {after:?} by an input of a socket that was given up"
            );
            return Ok((false, Vec::new()));
        };
        if is_sign(&effect) {
            self.check_announcement(hints)?;
        }
        let was_foreign = self.lifecycle.liveness.is_foreign;
        if let (Input::Closed(_, close), Effect::Ended(_, _, By::Other)) = (input, &effect) {
            self.blame(close);
        }
        self.lifecycle.input(&effect, before, after, hints)?;
        if hints.forgets {
            self.errors.expect(SessionError::Unanswered);
        }
        let decisions = self.apply_decisions(untold);
        match &effect {
            Effect::Timeout => self.timeout(before, after)?,
            Effect::Error(error) => self.errors.expect(error.clone()),
            Effect::Ponged(_) => self.ponged(was_foreign, after),
            Effect::Buffered(held) => {
                if let Some(socket) = self.lifecycle.connection() {
                    self.outbox.has_space(socket, *held, self.lifecycle.now);
                }
            }
            _ => {}
        }
        let is_timeout = effect == Effect::Timeout;
        let due = before.deadline.filter(|_| is_timeout).map(|(at, _)| at);
        self.finish_call(before, after, due)?;
        Ok((true, decisions))
    }

    /// Checks an output that is about to be carried out. `received` tells whether the cloud has a
    /// message from a connection.
    pub fn output(
        &mut self,
        output: &Output<Message>,
        received: &dyn Fn(SocketId, u32) -> bool,
    ) -> Result<(), Violation> {
        self.sockets.check(output)?;
        match output {
            Output::Transmit(socket, frame) => {
                if let Outgoing::Ping(id) = frame {
                    self.check_ping(*socket, *id)?;
                }
                self.outbox.transmitted(*socket, frame)?;
            }
            Output::AskShouldReconnect(cause) => self.lifecycle.asked(cause)?,
            Output::Emit(event) => {
                self.events.check(event, &mut self.lifecycle)?;
                match event {
                    Event::Sent(message) => self.outbox.told_sent(*message)?,
                    Event::Dropped(message, reason) => self.outbox.dropped(*message, *reason)?,
                    Event::Error(error) => self.errors.emitted(error)?,
                    Event::StateChange(change) if change.to == State::Stopped => {
                        self.flushes.run_ended();
                    }
                    _ => {}
                }
            }
            Output::Settle(run, result) => {
                if let Err(error) = result {
                    self.events.check_rejection(error)?;
                }
                self.promises.settled(*run, result)?;
            }
            Output::Flushed(flush, result) => self.flushed(*flush, *result, received)?,
            // A handler that took its time may have let the attempt expire meanwhile.
            Output::Prepare(socket) | Output::Open(socket) => ensure!(
                self.lifecycle.current() == Some(*socket) || self.sequence.closes(*socket),
                "sockets",
                "{output:?} although it was given up"
            ),
            Output::Close(..) => {}
        }
        // Last, since the other parts explain a violation better.
        self.sequence.check(output)
    }

    /// Checks a session at rest: every output is carried out.
    pub fn check_rest(&self, session: &Session<Message>) -> Result<(), Violation> {
        let snapshot = Snapshot::of(session);
        self.sequence.check_rest()?;
        self.events.check_rest()?;
        self.lifecycle.check_rest()?;
        self.outbox.check_rest(session.subscriptions())?;
        self.promises.check(self.lifecycle.pending())?;
        self.flushes.check_rest()?;
        ensure!(
            session.session_id() == self.lifecycle.session_id(),
            "replies",
            "the session id is {:?} instead of {:?}",
            session.session_id(),
            self.lifecycle.session_id()
        );
        ensure!(
            self.flushes.is_settled() || self.outbox.has_queued() || self.outbox.has_unconfirmed(),
            "flushes",
            "a flush is pending, and there is nothing to wait for"
        );
        let is_pending = !self.flushes.is_settled() || self.outbox.has_in_flight();
        ensure!(
            !is_pending || snapshot.state != State::Connected || snapshot.deadline.is_some(),
            "progress",
            "what was sent will never be confirmed: {snapshot:?}"
        );
        let parts = Parts {
            config: &self.config,
            lifecycle: &self.lifecycle,
            sockets: &self.sockets,
            events: &self.events,
            outbox: &self.outbox,
        };
        parts.check(&snapshot)
    }

    fn begin_call(&mut self, before: &Snapshot, after: &Snapshot) {
        let handed = after.sent.wrapping_sub(before.sent);
        self.outbox.begin_call(handed, self.lifecycle.now);
    }

    /// Checks what holds after every call, nested or not.
    fn finish_call(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        timer: Option<u64>,
    ) -> Result<(), Violation> {
        self.sequence.expect(self.lifecycle.take_steps());
        self.sequence.expect(self.outbox.take_steps());
        let pings = after.pings.wrapping_sub(before.pings);
        let reasons = Reasons {
            acknowledged: std::mem::take(&mut self.is_acknowledging),
            timer,
            confirms: !self.flushes.is_settled()
                || self.config.delivery == Delivery::AtLeastOnce
                || self.outbox.search.is_some(),
            blocks: self.outbox.blocks(),
            sign: false,
        };
        self.lifecycle.pinged(pings, reasons)?;
        let last = self.lifecycle.liveness.sent();
        self.outbox.pinged(self.lifecycle.connection(), pings, last);
        self.outbox
            .expects_pong(self.lifecycle.liveness.expects_pong());
        self.lifecycle.check(after)?;
        self.outbox.forget_old();
        let is_live = self.lifecycle.connection().is_some();
        let is_sent = |serial| is_live && !self.outbox.has_queued_to(serial);
        self.flushes.advance(self.lifecycle.now, is_sent);
        self.outbox.check(after)
    }

    /// There is a sign of a network. The next attempt is announced unless it is due soon anyway.
    /// With outputs pending, it is not known when that is.
    fn check_announcement(&self, hints: Hints) -> Result<(), Violation> {
        if self.sequence.is_empty() {
            let expected = self.lifecycle.will_announce(self.events.due());
            ensure!(
                hints.announces == expected,
                "attempts",
                "there is a sign of a network, and an attempt is announced: {}",
                hints.announces
            );
        }
        Ok(())
    }

    /// Applies the decisions since `before` to the parts that depend on them.
    fn apply_decisions(&mut self, before: usize) -> Vec<Decision> {
        let (socket, now) = (self.lifecycle.socket, self.lifecycle.now);
        let cause = self.lifecycle.last_cause();
        self.outbox.follow(self.lifecycle.connection(), cause, now);
        self.sequence.expect(self.lifecycle.take_steps());
        let decisions = self.lifecycle.untold_since(before);
        for decision in &decisions {
            match decision {
                Decision::Start { .. } => self.sequence.expect([
                    Step::StateChange,
                    Step::Connecting,
                    Step::Prepare(socket),
                ]),
                Decision::Open => {
                    self.outbox.opened(socket);
                    self.sequence.expect(self.outbox.take_steps());
                    self.sequence.expect([Step::StateChange]);
                }
                Decision::Acknowledge => {
                    self.is_acknowledging = true;
                    self.acknowledged = Some(socket);
                    let expects_pong = self.lifecycle.liveness.expects_pong();
                    self.outbox.acknowledged(socket);
                    self.outbox.expects_pong(expects_pong);
                    self.sequence.expect(self.outbox.take_steps());
                    let resolves = self.promises.acknowledged(self.lifecycle.run());
                    self.sequence.expect(resolves.then_some(Step::Settle));
                    self.sequence.expect([Step::StateChange, Step::Connected]);
                    self.outbox.has_space(socket, 0, now);
                    self.sequence.expect(self.outbox.take_steps());
                }
                Decision::Wait { was_connected, .. } => {
                    self.sequence.expect([Step::StateChange]);
                    self.sequence
                        .expect(was_connected.then_some(Step::Disconnected));
                    self.sequence.expect([Step::Reconnecting]);
                }
                Decision::Stop { run, .. } => {
                    if self.sequence.withdraw() {
                        self.lifecycle.withdraw_announcement();
                    }
                    self.outbox.ended();
                    self.sequence.expect(self.outbox.take_steps());
                    self.sequence.expect([Step::StateChange]);
                    let rejects = self.promises.is_pending(*run);
                    self.sequence.expect(rejects.then_some(Step::Settle));
                    self.sequence.expect([Step::Disconnected]);
                }
            }
        }
        decisions
    }

    fn flushed(
        &mut self,
        flush: FlushId,
        result: Result<(), FlushError>,
        received: &dyn Fn(SocketId, u32) -> bool,
    ) -> Result<(), Violation> {
        let live = self.lifecycle.connection();
        let missing = |serial| {
            let socket = live?;
            let mut sent = self
                .outbox
                .sent_on(socket)
                .take_while(|&sent| sent <= serial);
            sent.find(|&sent| !received(socket, sent))
        };
        let facts = Facts {
            run: self.lifecycle.active_run(),
            is_answered: self.lifecycle.liveness.ponged && !self.lifecycle.liveness.is_foreign,
            resends: self.config.delivery == Delivery::AtLeastOnce,
            has_lost: self.outbox.has_lost(),
            has_open: &|serial| self.outbox.has_open(serial),
            missing: &missing,
        };
        self.flushes.settled(flush, result, &facts)
    }
}

/// True for signs that there is a network.
const fn is_sign(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Online | Effect::Woken(WakeHint::Resumed | WakeHint::AddressChanged)
    )
}
