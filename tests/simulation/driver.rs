//! Run loop of the core's contract. Every call and every output is counted for the coverage.

use testkit::Message;
use testkit::ensure;
use testkit::model::{Decision, Delay, Violation};
use testkit::world::app::{AppCall, NO_SESSION, NO_STREAM, Trigger};
use tpa_session::session::{
    CloseKind, Event, FlushError, Input, Instant, Outgoing, Output, Reconnect, Reply,
};

use crate::client::{Client, Transport};
use crate::coverage::Situation;

impl<T: Transport> Client<T> {
    /// Step 1, for the app.
    pub fn call(&mut self, call: AppCall) -> Result<Option<Reply>, Violation> {
        self.coverage.steps += 1;
        self.count_call(call);
        let message = match call {
            AppCall::Send { size, key, .. } => Some(self.app.write(size, key)),
            _ => None,
        };
        let buffered = self.transport.buffered(self.socket());
        let Some(command) = call.command(message, buffered) else {
            return Ok(None);
        };
        let now = Instant::from_millis(self.clock.now);
        let model = &self.session.model;
        let is_untold = model.outbox.reports_drop && !model.lifecycle.is_over();
        let (reply, decisions) = self.session.command(command, now)?;
        self.log(|| format!("  {call:?} -> {reply:?}"));
        self.count_decisions(&decisions);
        self.coverage.count_if(
            Situation::DroppedUntold,
            is_untold && reply == Ok(Reply::Dropped),
        );
        Ok(reply.ok())
    }

    /// Step 1 for everything else, then the loop.
    pub fn input(&mut self, input: Input) -> Result<(), Violation> {
        self.input_at(input, self.clock.now)
    }

    pub fn input_at(&mut self, input: Input, now: u64) -> Result<(), Violation> {
        let is_current = self.handle_input(input, now)?;
        let outputs = self.outputs;
        self.drain()?;
        ensure!(
            is_current || outputs == self.outputs,
            "stale sockets",
            "an input of a socket that was given up caused an output"
        );
        Ok(())
    }

    /// Steps 2 to 4. The world does step 5 when it waits for the next deadline.
    pub fn drain(&mut self) -> Result<(), Violation> {
        let (outputs, steps) = (self.outputs, self.coverage.steps);
        self.is_draining = true;
        while let Some(output) = self.session.poll_output() {
            self.outputs += 1;
            self.log(|| format!("  <- {output:?}"));
            self.count_output(&output);
            self.check_output(&output)?;
            self.execute(output)?;
        }
        self.is_draining = false;
        let calls = self.coverage.steps - steps + 1;
        let most = calls * (2 * self.config.outbox.messages as u64 + 12);
        ensure!(
            self.outputs - outputs <= most,
            "memory",
            "{calls} calls caused {} outputs",
            self.outputs - outputs
        );
        self.check_rest()
    }

    fn check_output(&mut self, output: &Output<Message>) -> Result<(), Violation> {
        let (transport, extra_pongs) = (&self.transport, self.extra_pongs);
        let received = |socket, sent| extra_pongs || transport.has(socket, sent);
        self.session.check_output(output, &received)
    }

    /// Handles an input, on its own or from inside the loop. Returns whether it is about the
    /// current socket.
    fn handle_input(&mut self, input: Input, now: u64) -> Result<bool, Violation> {
        self.coverage.steps += 1;
        let is_current = self.session.model.lifecycle.effect_of(&input).is_some();
        let stale = if is_current { "" } else { ", stale" };
        self.log(|| format!("-> {input:?}{stale}"));
        let report = self.session.input(input, Instant::from_millis(now))?;
        self.coverage
            .count_if(Situation::Unconfirmable, report.gave_up_confirmation);
        self.count_decisions(&report.decisions);
        Ok(report.is_current)
    }

    fn count_decisions(&mut self, decisions: &[Decision]) {
        for decision in decisions {
            match decision {
                Decision::Start { .. } => {
                    self.coverage.attempts += 1;
                    let is_offline = self.session.model.lifecycle.is_offline();
                    self.coverage.count_if(Situation::NoNetwork, is_offline);
                }
                Decision::Open => {}
                Decision::Acknowledge => self.coverage.connections += 1,
                Decision::Wait {
                    cause,
                    announcement,
                    ..
                } => {
                    self.coverage.ended(cause.kind);
                    let is_browsers = cause.code == 1001 && cause.kind == CloseKind::Abnormal;
                    self.coverage
                        .count_if(Situation::ClosedByBrowser, is_browsers);
                    let is_set = matches!(announcement.delay, Delay::Exactly(_));
                    self.coverage.count_if(Situation::DelaySet, is_set);
                    self.coverage
                        .count_if(Situation::Uncounted, !announcement.counted);
                }
                Decision::Stop { cause, .. } => self.coverage.ended(cause.kind),
            }
        }
    }

    fn count_output(&mut self, output: &Output<Message>) {
        match output {
            Output::Transmit(_, Outgoing::Ping(_)) => self.coverage.count(Situation::Ping),
            Output::Transmit(_, Outgoing::Message(_)) => self.coverage.transmitted += 1,
            Output::Emit(Event::Dropped(_, reason)) => self.coverage.dropped(*reason),
            Output::Flushed(_, result) => self.coverage.count(match result {
                Ok(()) => Situation::Flushed,
                Err(FlushError::Lost) => Situation::FlushLost,
                Err(FlushError::Unsupported) => Situation::FlushUnsupported,
                Err(FlushError::Ended | FlushError::NotStarted) => Situation::FlushOver,
            }),
            _ => {}
        }
    }

    /// Carries an output out; before that, code of the app runs that belongs to it.
    fn execute(&mut self, output: Output<Message>) -> Result<(), Violation> {
        let threw = self.call_handlers(|trigger| trigger.matches(&output))?;
        match output {
            Output::Prepare(socket) => {
                let at_once = self.transport.prepare(socket, &mut self.coverage);
                self.handle_inputs(at_once)
            }
            Output::Open(socket) => {
                let session = self.session.session.session_id().unwrap_or_default();
                let at_once = self.transport.open(socket, session);
                self.handle_inputs(at_once)
            }
            Output::Transmit(socket, frame) => {
                let key = match &frame {
                    Outgoing::Message(message) => self.app.key_of(*message),
                    _ => None,
                };
                self.transport.transmit(socket, frame, key);
                Ok(())
            }
            Output::Close(socket, close) => {
                let at_once = self.transport.give_up(socket, &close);
                self.coverage
                    .count_if(Situation::ClosedAtOnce, !at_once.is_empty());
                self.handle_inputs(at_once)
            }
            Output::AskShouldReconnect(_) => {
                self.coverage.count_if(Situation::DecisionThrew, threw);
                // An exception is no decision.
                let decision = self.decision.filter(|_| !threw);
                let situation = match decision {
                    Some(Reconnect::Yes) => Situation::DecidedRetry,
                    Some(Reconnect::After(_)) => Situation::DecidedDelay,
                    Some(Reconnect::No) => Situation::DecidedStop,
                    None => Situation::NoDecision,
                };
                self.coverage.count(situation);
                self.handle_inputs([Input::ShouldReconnect(decision)])
            }
            Output::Emit(_) | Output::Settle(..) | Output::Flushed(..) => Ok(()),
        }
    }

    /// Calls the handlers. Returns whether one of them threw, which must not affect the others.
    fn call_handlers(&mut self, matches: impl Fn(Trigger) -> bool) -> Result<bool, Violation> {
        let mut threw = false;
        for call in self.app.take_calls(matches) {
            threw |= call == AppCall::Throw;
            self.call(call)?;
        }
        Ok(threw)
    }

    fn handle_inputs(&mut self, inputs: impl IntoIterator<Item = Input>) -> Result<(), Violation> {
        for input in inputs {
            self.handle_input(input, self.clock.now)?;
        }
        Ok(())
    }

    /// Checks the session at rest, and the list of streams that the cloud has.
    fn check_rest(&self) -> Result<(), Violation> {
        self.session.check_rest()?;
        if let Some(socket) = self.session.model.lifecycle.connection()
            && self.transport.is_drained(socket)
        {
            let known = self.transport.subscriptions(socket);
            let expected = self.session.session.subscriptions();
            ensure!(
                known == Some(expected),
                "streams",
                "the cloud knows {known:?} instead of {expected:?}"
            );
        }
        Ok(())
    }

    fn count_call(&mut self, call: AppCall) {
        let nested = self.is_draining;
        let lifecycle = &self.session.model.lifecycle;
        let coverage = &mut self.coverage;
        match call {
            AppCall::Connect(NO_SESSION)
            | AppCall::Subscribe(NO_STREAM)
            | AppCall::Unsubscribe(NO_STREAM) => coverage.count(Situation::Misuse),
            AppCall::Connect(session) => {
                let same = lifecycle.same_run(session).is_some();
                coverage.count_if(Situation::SameSession, same);
                let other = lifecycle.is_active() && !same;
                coverage.count_if(Situation::OtherSession, other);
                coverage.count_if(Situation::NestedConnect, nested);
            }
            AppCall::Disconnect(_) | AppCall::Dispose | AppCall::HandOver => {
                coverage.count_if(Situation::NestedDisconnect, nested)
            }
            AppCall::ReconnectNow | AppCall::Reopen => {
                coverage.count_if(Situation::NestedRetry, nested)
            }
            AppCall::Send { .. } => {
                coverage.asked += 1;
                coverage.count_if(Situation::NestedSend, nested);
                coverage.count_if(Situation::SentAfterEnd, lifecycle.is_over());
                let is_closing = lifecycle
                    .connection()
                    .is_some_and(|socket| self.transport.buffered(socket).is_none());
                coverage.count_if(Situation::Unwritable, is_closing);
            }
            AppCall::Flush => coverage.count_if(Situation::NestedFlush, nested),
            AppCall::Throw => coverage.count(Situation::Threw),
            AppCall::Subscribe(_) | AppCall::Unsubscribe(_) | AppCall::Follow(_) => {
                let follows = matches!(call, AppCall::Follow(_));
                coverage.count_if(Situation::Followed, follows);
                coverage.count_if(Situation::NestedStreams, nested);
            }
        }
    }
}
