//! All rules at once: what each call and each output means for each of them.

use tpa_session::session::{
    Config, Delivery, Event, FlushError, FlushId, Input, Outgoing, Output, Reply, Session,
    SocketId, State, Timer,
};

use super::rest::check as check_rest;
use super::{
    Broken, Decision, Decisions, Facts, Flushes, Generations, Glance, Grammar, Heard, Mailbox,
    Promises, ensure,
};
use crate::app::{Ask, Mail};

/// A call of the app, as it was made.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub ask: Ask,
    /// The message, where the call sends one.
    pub mail: Option<Mail>,
    /// The last message that the app wrote.
    pub written: u32,
    /// What the socket holds, where it is open.
    pub buffered: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Rules {
    config: Config,
    pub decisions: Decisions,
    pub generations: Generations,
    pub grammar: Grammar,
    pub mailbox: Mailbox,
    pub flushes: Flushes,
    pub promises: Promises,
    /// The last message that the app wrote.
    pub(super) written: u32,
}

impl Rules {
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            decisions: Decisions::new(config.clone()),
            generations: Generations::default(),
            grammar: Grammar::new(config.clone()),
            mailbox: Mailbox::new(config),
            flushes: Flushes::default(),
            promises: Promises::default(),
            written: 0,
        }
    }

    /// The app has called, and got this reply. What was decided by that.
    pub fn asked(
        &mut self,
        call: Call,
        now: u64,
        reply: Option<Reply>,
        session: &Session<Mail>,
    ) -> Result<Vec<Decision>, Broken> {
        let ask = call.ask;
        self.written = call.written;
        let before = self.decisions.told();
        self.decisions.advance(now);
        let active = match ask {
            Ask::Connect(session) => self.decisions.same_run(session),
            _ => None,
        };
        self.decisions.asked(ask, reply)?;
        match reply {
            Some(Reply::Run(run)) => self.promises.given(run, active)?,
            Some(Reply::Flush(flush)) => {
                let run = self.decisions.active_run();
                self.flushes.given(flush, call.written, run)?;
            }
            _ => {}
        }
        let news = self.take_news(before);
        match (call.mail, reply) {
            (Some(mail), Some(reply)) => {
                let connection = self.decisions.connection().zip(call.buffered);
                let stopped = self.decisions.is_over();
                if call.buffered.is_none() {
                    self.decisions.closing();
                }
                self.mailbox
                    .send(mail, ask, (stopped, connection), self.decisions.now, reply)?;
            }
            (None, Some(Reply::Done)) => {
                let connection = self.decisions.connection();
                self.mailbox.change_streams(ask, connection);
            }
            _ => {}
        }
        self.check_call(&Glance::at(session))?;
        Ok(news)
    }

    /// The session has taken an input in. Whether that was about the current socket, and what
    /// was decided.
    pub fn heard(
        &mut self,
        input: &Input,
        now: u64,
        before: &Glance,
        after: &Glance,
    ) -> Result<(bool, Vec<Decision>), Broken> {
        self.decisions.advance(now);
        let heard = self.decisions.hear(input);
        let told = self.decisions.told();
        match heard {
            Some(heard) => self.decisions.heard(heard, before, after)?,
            None => ensure!(
                before == after,
                "stale sockets",
                "{before:?} became {after:?} by what a socket said that was given up"
            ),
        }
        let is_timeout = *input == Input::Timeout;
        if is_timeout {
            self.let_go(before, after)?;
            self.decisions.woke(before);
        }
        let news = self.take_news(told);
        self.deliver(heard);
        if is_timeout {
            self.mailbox.expire(self.decisions.now);
        }
        self.check_call(after)?;
        Ok((heard.is_some(), news))
    }

    /// An output is about to be carried out. `received` knows which messages the cloud has from
    /// a connection.
    pub fn output(
        &mut self,
        output: &Output<Mail>,
        received: &dyn Fn(SocketId, u32) -> bool,
    ) -> Result<(), Broken> {
        self.generations.check(output)?;
        match output {
            Output::Transmit(socket, Outgoing::Ping) => {
                self.decisions.pinged(*socket)?;
                self.mailbox.pinged(*socket);
            }
            Output::Transmit(socket, frame) => self.mailbox.transmitted(*socket, frame)?,
            Output::AskShouldReconnect(cause) => self.decisions.judged(cause.kind)?,
            Output::Emit(event) => {
                self.grammar.check(event, &mut self.decisions)?;
                match event {
                    Event::Dropped(mail, why) => self.mailbox.dropped(*mail, *why)?,
                    Event::StateChange(change) if change.to == State::Stopped => {
                        self.flushes.over();
                    }
                    _ => {}
                }
            }
            Output::Settle(run, result) => self.promises.settled(*run, result)?,
            Output::Flushed(flush, result) => self.flushed(*flush, *result, received)?,
            Output::Prepare(socket) | Output::Open(socket) => ensure!(
                self.decisions.current() == Some(*socket),
                "generations",
                "{output:?} although it was given up"
            ),
            Output::Close(..) => {}
        }
        Ok(())
    }

    /// What holds when all is carried out.
    pub fn check_rest(&self, session: &Session<Mail>) -> Result<(), Broken> {
        let glance = Glance::at(session);
        self.grammar.check_rest()?;
        self.decisions.check_rest()?;
        self.mailbox.check_rest(session.subscriptions())?;
        self.promises.check(self.decisions.pending())?;
        self.flushes.check_rest()?;
        ensure!(
            self.flushes.is_settled()
                || self.mailbox.is_waiting()
                || self.mailbox.has_unconfirmed(),
            "flushes",
            "one waits for nothing"
        );
        let awaits = !self.flushes.is_settled() || self.mailbox.is_in_flight();
        ensure!(
            !awaits || glance.state != State::Connected || glance.deadline.is_some(),
            "progress",
            "what was sent is never asked about: {glance:?}"
        );
        let watchers = (
            &self.decisions,
            &self.generations,
            &self.grammar,
            &self.mailbox,
        );
        check_rest(&self.config, &glance, watchers)
    }

    /// What holds after every call, nested or not.
    fn check_call(&self, glance: &Glance) -> Result<(), Broken> {
        self.decisions.check(glance)?;
        self.mailbox.check(glance)
    }

    /// A timer may have made the session let go of what is in flight: it gave up the
    /// connection, or the hope that this cloud confirms anything.
    fn let_go(&mut self, before: &Glance, after: &Glance) -> Result<(), Broken> {
        if before.errors != after.errors {
            ensure!(
                self.decisions.is_deaf(),
                "messages",
                "the cloud is said to confirm nothing, and it may"
            );
            self.mailbox.give_up_confirmation();
            return Ok(());
        }
        if after.in_flight < before.in_flight {
            self.mailbox.lose(self.decisions.now);
        }
        let now = self.decisions.now;
        let in_time = matches!(before.deadline, Some((at, Timer::Confirm)) if at == now);
        let resends = self.config.delivery == Delivery::AtLeastOnce;
        ensure!(
            !(in_time && resends && self.mailbox.is_in_flight() && self.decisions.is_deaf()),
            "messages",
            "the cloud confirms nothing, and nobody says so"
        );
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
    fn take_news(&mut self, before: usize) -> Vec<Decision> {
        let socket = self.decisions.socket;
        let now = self.decisions.now;
        self.mailbox.follow(self.decisions.connection(), now);
        let news = self.decisions.told_since(before);
        for decision in &news {
            match decision {
                Decision::Start { .. } | Decision::Wait { .. } => {}
                Decision::Open => self.mailbox.opened(socket),
                Decision::Ack => {
                    self.promises.earned(self.decisions.run());
                    self.mailbox.acknowledged(socket, now);
                }
                Decision::Over { .. } => self.mailbox.ended(),
            }
        }
        news
    }

    fn flushed(
        &mut self,
        flush: FlushId,
        result: Result<(), FlushError>,
        received: &dyn Fn(SocketId, u32) -> bool,
    ) -> Result<(), Broken> {
        let live = self.decisions.connection();
        let missing = |serial| {
            let socket = live?;
            let mut sent = self
                .mailbox
                .sent_on(socket)
                .take_while(|&sent| sent <= serial);
            sent.find(|&sent| !received(socket, sent))
        };
        let facts = Facts {
            run: self.decisions.active_run(),
            is_answered: self.decisions.is_watched(),
            resends: self.config.delivery == Delivery::AtLeastOnce,
            has_lost: self.mailbox.has_lost(),
            has_open: &|serial| self.mailbox.has_open(serial),
            missing: &missing,
        };
        self.flushes.settled(flush, result, &facts)
    }
}
