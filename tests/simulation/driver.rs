//! The run loop of the core's contract, with an eye on every call and every output.

use tpa_session::session::{
    CloseKind, Command, Duration, Event, FlushError, FlushId, Guarantee, Input, Instant, Outgoing,
    Output, Reply,
};

use crate::app::{Ask, Moment};
use crate::invariants::{Broken, Decision, Facts, Glance, Heard, check_rest, ensure};
use crate::network::{Credentials, Dial, Fate, Welcome};
use crate::tally::Sight;
use crate::world::World;

impl World<'_> {
    /// Step 1 for the app.
    pub fn ask(&mut self, ask: Ask) -> Result<(), Broken> {
        self.tally.steps += 1;
        self.see_ask(ask);
        let before = self.decisions.told();
        let streams = |streams: &[&str]| streams.iter().map(|&s| s.into()).collect();
        let mut mail = None;
        let buffered = self.network.buffered(self.session.connection());
        let command = match ask {
            Ask::Connect(session) => Command::Connect {
                session_id: session.into(),
            },
            Ask::Disconnect(reason) => Command::Disconnect {
                reason: reason.map(Into::into),
            },
            Ask::ReconnectNow => Command::ReconnectNow,
            Ask::Send { size, key, ttl } => Command::Send {
                payload: *mail.insert(self.app.write(size)),
                key: key.map(Into::into),
                ttl: ttl.map(Duration::from_millis),
                buffered,
            },
            Ask::Flush => Command::Flush,
            Ask::Throw => return Ok(()),
            Ask::Subscribe(list) => Command::Subscribe(streams(list)),
            Ask::Unsubscribe(list) => Command::Unsubscribe(streams(list)),
        };
        let now = self.clock.now;
        self.decisions.advance(now);
        let active = match ask {
            Ask::Connect(session) => self.decisions.same_run(session),
            _ => None,
        };
        let reply = self
            .session
            .command(command, Instant::from_millis(now))
            .ok();
        self.tell(|| format!("  {ask:?} -> {reply:?}"));
        self.decisions.asked(ask, reply)?;
        match reply {
            Some(Reply::Run(run)) => self.promises.given(run, active)?,
            Some(Reply::Flush(flush)) => {
                let run = self.decisions.active_run();
                self.flushes.given(flush, self.app.written(), run)?;
            }
            _ => {}
        }
        self.take_news(before);
        match (mail, reply) {
            (Some(mail), Some(reply)) => {
                let connection = self.decisions.connection().zip(buffered);
                let stopped = self.decisions.is_over();
                self.mailbox
                    .send(mail, ask, (stopped, connection), self.decisions.now, reply)?;
            }
            (None, Some(Reply::Done)) => {
                let connection = self.decisions.connection();
                self.mailbox.change_streams(ask, connection);
            }
            _ => {}
        }
        self.check_call()
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
            self.see_output(&output)?;
            self.carry_out(output)?;
        }
        self.is_draining = false;
        let calls = self.tally.steps - steps + 1;
        let most = calls * (self.schedule.config.outbox.messages as u64 + 12);
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
        self.decisions.advance(now);
        let heard = self.decisions.hear(&input);
        self.tell(|| {
            format!(
                "-> {input:?}{}",
                if heard.is_some() { "" } else { ", stale" }
            )
        });
        let told = self.decisions.told();
        let before = Glance::at(&self.session);
        let is_timeout = input == Input::Timeout;
        self.session.handle_input(input, Instant::from_millis(now));
        let after = Glance::at(&self.session);
        match heard {
            Some(heard) => self.decisions.heard(heard, &before, &after)?,
            None => ensure!(
                before == after,
                "stale sockets",
                "{before:?} became {after:?} by what a socket said that was given up"
            ),
        }
        if is_timeout {
            self.let_go(&before, &after)?;
        }
        self.take_news(told);
        self.deliver(heard);
        if is_timeout {
            self.mailbox.expire(self.decisions.now);
        }
        self.check_call()?;
        Ok(heard.is_some())
    }

    /// A timer may have made the session let go of what is in flight: it gave up the
    /// connection, or the hope that this cloud confirms anything.
    fn let_go(&mut self, before: &Glance, after: &Glance) -> Result<(), Broken> {
        if before.errors != after.errors {
            self.tally.saw(Sight::Unconfirmable);
            ensure!(
                self.decisions.is_deaf(),
                "messages",
                "the cloud is said to confirm nothing, and it may"
            );
            self.mailbox.give_up_confirmation();
        } else if after.in_flight < before.in_flight {
            self.mailbox.lose();
        }
        Ok(())
    }

    /// What an input means for the messages.
    fn deliver(&mut self, heard: Option<Heard>) {
        let Some(socket) = self.decisions.connection() else {
            return;
        };
        match heard {
            Some(Heard::Pong) => self.mailbox.ponged(),
            Some(Heard::Room(held)) => {
                let now = self.decisions.now;
                self.mailbox.has_space(socket, held, now);
            }
            _ => {}
        }
    }

    /// What was decided since then, for all that depends on it.
    fn take_news(&mut self, before: usize) {
        let socket = self.decisions.socket;
        let now = self.decisions.now;
        self.mailbox.follow(self.decisions.connection());
        for decision in self.decisions.told_since(before) {
            match decision {
                Decision::Start { .. } => self.tally.attempts += 1,
                Decision::Open => self.mailbox.opened(socket),
                Decision::Ack => {
                    self.tally.connections += 1;
                    self.promises.earned(self.decisions.run());
                    self.mailbox.acknowledged(socket, now);
                }
                Decision::Wait { kind, .. } => {
                    self.tally.saw_if(Sight::NoNetwork, kind.is_none());
                    if let Some(kind) = kind {
                        self.tally.ended(kind);
                    }
                }
                Decision::Over { kind, .. } => {
                    self.tally.ended(kind);
                    self.mailbox.ended();
                }
            }
        }
    }

    fn see_output(&mut self, output: &Output<crate::app::Mail>) -> Result<(), Broken> {
        self.generations.check(output)?;
        match output {
            Output::Transmit(socket, Outgoing::Ping) => {
                self.tally.saw(Sight::Ping);
                self.decisions.pinged(*socket)?;
                self.mailbox.pinged(*socket);
            }
            Output::Transmit(socket, frame) => {
                let is_message = matches!(frame, Outgoing::Message(_));
                self.tally.transmitted += u64::from(is_message);
                self.mailbox.transmitted(*socket, frame)?;
            }
            Output::Judge(cause) => self.decisions.judged(cause.kind)?,
            Output::Emit(event) => {
                self.grammar.check(event, &mut self.decisions)?;
                if let Event::Dropped(mail, why) = event {
                    self.tally.dropped(*why);
                    self.mailbox.dropped(*mail, *why)?;
                }
            }
            Output::Settle(run, result) => self.promises.settled(*run, result)?,
            Output::Flushed(flush, result) => self.see_flushed(*flush, *result)?,
            Output::Prepare(socket) | Output::Open(socket) => ensure!(
                self.decisions.current() == Some(*socket),
                "generations",
                "{output:?} although it was given up"
            ),
            Output::Close(..) => {}
        }
        Ok(())
    }

    fn see_flushed(
        &mut self,
        flush: FlushId,
        result: Result<(), FlushError>,
    ) -> Result<(), Broken> {
        self.tally.saw(match result {
            Ok(()) => Sight::Flushed,
            Err(FlushError::Lost) => Sight::FlushLost,
            Err(FlushError::Unsupported) => Sight::FlushUnsupported,
            Err(FlushError::Ended) => Sight::FlushOver,
        });
        let live = self.decisions.connection();
        let missing = |serial| {
            let socket = live.filter(|_| !self.extra_pongs)?;
            let mut sent = self
                .mailbox
                .sent_on(socket)
                .take_while(|&sent| sent <= serial);
            sent.find(|&sent| !self.cloud.has(socket, sent))
        };
        let facts = Facts {
            run: self.decisions.active_run(),
            is_answered: self.decisions.is_watched(),
            resends: self.schedule.config.delivery == Guarantee::AtLeastOnce,
            has_open: &|serial| self.mailbox.has_open(serial),
            missing: &missing,
        };
        self.flushes.settled(flush, result, &facts)
    }

    fn carry_out(&mut self, output: Output<crate::app::Mail>) -> Result<(), Broken> {
        match output {
            Output::Prepare(socket) => {
                let (fate, at_once) = self.network.prepare(socket);
                self.see_fate(fate);
                self.take_in_all(at_once)
            }
            Output::Open(socket) => {
                let at_once = self.network.open(socket);
                self.take_in_all(at_once)
            }
            Output::Transmit(socket, frame) => {
                self.network.transmit(socket, frame);
                Ok(())
            }
            Output::Close(socket, close) => {
                let at_once = self.network.give_up(socket, &close);
                self.tally.saw_if(Sight::ClosedAtOnce, !at_once.is_empty());
                self.take_in_all(at_once)
            }
            Output::Judge(_) => {
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
                self.take_in_all([Input::Verdict(verdict)])
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

    /// What holds after every call, nested or not.
    fn check_call(&self) -> Result<(), Broken> {
        let glance = Glance::at(&self.session);
        self.decisions.check(&glance)?;
        self.mailbox.check(&glance)
    }

    /// What holds when all is carried out.
    fn check_rest(&self) -> Result<(), Broken> {
        let glance = Glance::at(&self.session);
        self.grammar.check_rest()?;
        self.decisions.check_rest()?;
        self.mailbox.check_rest(self.session.subscriptions())?;
        self.promises.check(self.decisions.pending())?;
        let watchers = (
            &self.decisions,
            &self.generations,
            &self.grammar,
            &self.mailbox,
        );
        check_rest(&self.schedule.config, &glance, watchers)?;
        if let Some(socket) = self.decisions.connection()
            && self.network.is_quiet(socket)
        {
            let known = self.cloud.subscriptions(socket);
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
        let active = self.decisions.is_active();
        match ask {
            Ask::Connect(NO_SESSION) | Ask::Subscribe(NO_STREAM) | Ask::Unsubscribe(NO_STREAM) => {
                self.tally.saw(Sight::Misuse);
            }
            Ask::Connect(session) => {
                let same = self.decisions.same_run(session).is_some();
                self.tally.saw_if(Sight::SameSession, same);
                self.tally.saw_if(Sight::OtherSession, active && !same);
                self.tally.saw_if(Sight::NestedConnect, self.is_draining);
            }
            Ask::Disconnect(_) => self.tally.saw_if(Sight::NestedDisconnect, self.is_draining),
            Ask::ReconnectNow => self.tally.saw_if(Sight::NestedRetry, self.is_draining),
            Ask::Send { .. } => {
                self.tally.asked += 1;
                self.tally.saw_if(Sight::NestedSend, self.is_draining);
                let over = self.decisions.is_over();
                self.tally.saw_if(Sight::SentAfterEnd, over);
                let lost = self
                    .decisions
                    .connection()
                    .is_some_and(|socket| self.network.buffered(socket).is_none());
                self.tally.saw_if(Sight::Unwritable, lost);
            }
            Ask::Flush => self.tally.saw_if(Sight::NestedFlush, self.is_draining),
            Ask::Throw => self.tally.saw(Sight::Threw),
            Ask::Subscribe(_) | Ask::Unsubscribe(_) => {
                self.tally.saw_if(Sight::NestedStreams, self.is_draining);
            }
        }
    }

    fn see_fate(&mut self, fate: Fate) {
        match fate.credentials {
            Credentials::AtOnce | Credentials::Unsupported => {}
            Credentials::After(_) => self.tally.saw(Sight::KeyLate),
            Credentials::Fail(_) => self.tally.saw(Sight::KeyFailed),
            Credentials::Hang => self.tally.saw(Sight::KeyHung),
        }
        match fate.dial {
            Dial::Opens(_) => {}
            Dial::Refused(..) => self.tally.saw(Sight::Refused),
            Dial::Hangs => self.tally.saw(Sight::DialHung),
            Dial::Throws => self.tally.saw(Sight::DialThrew),
        }
        let patience = self.schedule.config.connect_timeout.as_millis();
        match fate.welcome {
            Welcome::Ack(after) => self.tally.saw_if(Sight::SlowAck, after >= patience),
            Welcome::Silence => self.tally.saw(Sight::NoAck),
            Welcome::Refuse(_, refusal, _) => {
                let fatal = refusal.kind == CloseKind::Rejected;
                self.tally.saw_if(Sight::FatalRefusal, fatal);
                self.tally.saw_if(Sight::MildRefusal, !fatal);
            }
            Welcome::Close(..) => {}
        }
    }
}
