//! The run loop of the core's contract, with an eye on every call and every output.

use tpa_session::session::{Event, FlushError, Input, Instant, Outgoing, Output, Reply};

use crate::app::{Ask, Mail, Moment};
use crate::client::{Client, Lines};
use crate::invariants::{Broken, Call, Decision, Glance, ensure};
use crate::tally::Sight;

impl<L: Lines> Client<L> {
    /// Step 1 for the app.
    pub fn ask(&mut self, ask: Ask) -> Result<Option<Reply>, Broken> {
        self.tally.steps += 1;
        self.see_ask(ask);
        let mail = match ask {
            Ask::Send { size, key, .. } => Some(self.app.write(size, key)),
            _ => None,
        };
        let buffered = self.lines.buffered(self.session.connection());
        let Some(command) = ask.command(mail, buffered) else {
            return Ok(None);
        };
        let now = self.clock.now;
        let reply = self
            .session
            .command(command, Instant::from_millis(now))
            .ok();
        self.tell(|| format!("  {ask:?} -> {reply:?}"));
        let call = Call {
            ask,
            mail,
            written: self.app.written(),
            buffered,
        };
        let news = self.rules.asked(call, now, reply, &self.session)?;
        self.see_news(&news);
        Ok(reply)
    }

    /// Step 1 for the world, then the loop.
    pub fn input(&mut self, input: Input) -> Result<(), Broken> {
        self.input_at(input, self.clock.now)
    }

    pub fn input_at(&mut self, input: Input, now: u64) -> Result<(), Broken> {
        let is_heard = self.take_in(input, now)?;
        let outputs = self.outputs;
        self.drain()?;
        ensure!(
            is_heard || outputs == self.outputs,
            "stale sockets",
            "something came out of what a socket said that was given up"
        );
        Ok(())
    }

    /// Steps 2 to 4; step 5 is what waits for the next deadline.
    pub fn drain(&mut self) -> Result<(), Broken> {
        let (outputs, steps) = (self.outputs, self.tally.steps);
        self.is_draining = true;
        while let Some(output) = self.session.poll_output() {
            self.outputs += 1;
            self.tell(|| format!("  <- {output:?}"));
            self.see_output(&output);
            let received = |socket, sent| self.extra_pongs || self.lines.has(socket, sent);
            self.rules.output(&output, &received)?;
            self.carry_out(output)?;
        }
        self.is_draining = false;
        let calls = self.tally.steps - steps + 1;
        let most = calls * (self.config.outbox.messages as u64 + 12);
        ensure!(
            self.outputs - outputs <= most,
            "memory",
            "{calls} calls made {} outputs",
            self.outputs - outputs
        );
        self.check_rest()
    }

    /// An input, on its own or from inside the loop. Whether it is about the current socket.
    fn take_in(&mut self, input: Input, now: u64) -> Result<bool, Broken> {
        self.tally.steps += 1;
        let is_heard = self.rules.decisions.hear(&input).is_some();
        let stale = if is_heard { "" } else { ", stale" };
        self.tell(|| format!("-> {input:?}{stale}"));
        let before = Glance::at(&self.session);
        let (told, at) = (input.clone(), Instant::from_millis(now));
        self.session.handle_input(told, at);
        let after = Glance::at(&self.session);
        let (is_heard, news) = self.rules.heard(&input, now, &before, &after)?;
        let gave_up_hope = input == Input::Timeout && before.errors != after.errors;
        self.tally.saw_if(Sight::Unconfirmable, gave_up_hope);
        self.see_news(&news);
        Ok(is_heard)
    }

    fn see_news(&mut self, news: &[Decision]) {
        for decision in news {
            match *decision {
                Decision::Start { .. } => self.tally.attempts += 1,
                Decision::Open => {}
                Decision::Ack => self.tally.connections += 1,
                Decision::Wait { kind, .. } => {
                    self.tally.saw_if(Sight::NoNetwork, kind.is_none());
                    if let Some(kind) = kind {
                        self.tally.ended(kind);
                    }
                }
                Decision::Over { kind } => self.tally.ended(kind),
            }
        }
    }

    fn see_output(&mut self, output: &Output<Mail>) {
        match output {
            Output::Transmit(_, Outgoing::Ping) => self.tally.saw(Sight::Ping),
            Output::Transmit(_, Outgoing::Message(_)) => self.tally.transmitted += 1,
            Output::Emit(Event::Dropped(_, why)) => self.tally.dropped(*why),
            Output::Flushed(_, result) => self.tally.saw(match result {
                Ok(()) => Sight::Flushed,
                Err(FlushError::Lost) => Sight::FlushLost,
                Err(FlushError::Unsupported) => Sight::FlushUnsupported,
                Err(FlushError::Ended) => Sight::FlushOver,
            }),
            _ => {}
        }
    }

    fn carry_out(&mut self, output: Output<Mail>) -> Result<(), Broken> {
        match output {
            Output::Prepare(socket) => {
                let at_once = self.lines.prepare(socket, &mut self.tally);
                self.take_in_all(at_once)
            }
            Output::Open(socket) => {
                let session = self.session.session_id().unwrap_or_default();
                let at_once = self.lines.open(socket, session);
                self.take_in_all(at_once)
            }
            Output::Transmit(socket, frame) => {
                let key = match &frame {
                    Outgoing::Message(mail) => self.app.key_of(*mail),
                    _ => None,
                };
                self.lines.transmit(socket, frame, key);
                Ok(())
            }
            Output::Close(socket, close) => {
                let at_once = self.lines.give_up(socket, &close);
                self.tally.saw_if(Sight::ClosedAtOnce, !at_once.is_empty());
                self.take_in_all(at_once)
            }
            Output::AskShouldReconnect(_) => {
                let threw = self.call_handlers(|moment| moment == Moment::Judged)?;
                self.tally.saw_if(Sight::JudgeThrew, threw);
                // What is thrown is no verdict.
                let verdict = self.verdict.filter(|_| !threw);
                let sight = match verdict {
                    Some(true) => Sight::Pardoned,
                    Some(false) => Sight::Condemned,
                    None => Sight::NoVerdict,
                };
                self.tally.saw(sight);
                self.take_in_all([Input::ShouldReconnect(verdict.map(Into::into))])
            }
            Output::Emit(event) => self.call_handlers(|moment| moment.is(&event)).map(drop),
            Output::Settle(..) | Output::Flushed(..) => Ok(()),
        }
    }

    /// Whether one of them threw, which is nothing to the others.
    fn call_handlers(&mut self, is_due: impl Fn(Moment) -> bool) -> Result<bool, Broken> {
        let mut threw = false;
        for ask in self.app.take_calls(is_due) {
            threw |= ask == Ask::Throw;
            self.ask(ask)?;
        }
        Ok(threw)
    }

    fn take_in_all(&mut self, inputs: impl IntoIterator<Item = Input>) -> Result<(), Broken> {
        for input in inputs {
            self.take_in(input, self.clock.now)?;
        }
        Ok(())
    }

    /// What holds when all is carried out.
    fn check_rest(&self) -> Result<(), Broken> {
        self.rules.check_rest(&self.session)?;
        if let Some(socket) = self.rules.decisions.connection()
            && self.lines.is_quiet(socket)
        {
            let known = self.lines.told(socket);
            let wanted = self.session.subscriptions();
            ensure!(
                known == Some(wanted),
                "streams",
                "the cloud knows {known:?} instead of {wanted:?}"
            );
        }
        Ok(())
    }

    fn see_ask(&mut self, ask: Ask) {
        use crate::app::{NO_SESSION, NO_STREAM};
        let active = self.rules.decisions.is_active();
        match ask {
            Ask::Connect(NO_SESSION) | Ask::Subscribe(NO_STREAM) | Ask::Unsubscribe(NO_STREAM) => {
                self.tally.saw(Sight::Misuse);
            }
            Ask::Connect(session) => {
                let same = self.rules.decisions.same_run(session).is_some();
                self.tally.saw_if(Sight::SameSession, same);
                self.tally.saw_if(Sight::OtherSession, active && !same);
                self.tally.saw_if(Sight::NestedConnect, self.is_draining);
            }
            Ask::Disconnect(_) => self.tally.saw_if(Sight::NestedDisconnect, self.is_draining),
            Ask::ReconnectNow => self.tally.saw_if(Sight::NestedRetry, self.is_draining),
            Ask::Send { .. } => {
                self.tally.asked += 1;
                self.tally.saw_if(Sight::NestedSend, self.is_draining);
                let over = self.rules.decisions.is_over();
                self.tally.saw_if(Sight::SentAfterEnd, over);
                let lost = self
                    .rules
                    .decisions
                    .connection()
                    .is_some_and(|socket| self.lines.buffered(socket).is_none());
                self.tally.saw_if(Sight::Unwritable, lost);
            }
            Ask::Flush => self.tally.saw_if(Sight::NestedFlush, self.is_draining),
            Ask::Throw => self.tally.saw(Sight::Threw),
            Ask::Subscribe(_) | Ask::Unsubscribe(_) | Ask::Follow(_) => {
                self.tally
                    .saw_if(Sight::Followed, matches!(ask, Ask::Follow(_)));
                self.tally.saw_if(Sight::NestedStreams, self.is_draining);
            }
        }
    }
}
