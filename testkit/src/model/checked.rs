//! A session that is compared with the model at every call.

use tpa_session::session::{
    Command, CommandError, Config, Control, Event, FlushError, FlushId, Input, Instant, Output,
    Reply, Session, SessionError, SocketId, State,
};

use super::{Decision, Hints, Model, Snapshot, Twin, Violation, ensure};
use crate::Message;

/// A session and its model.
///
/// Drive it as the contract of the run loop says, and call [`check_rest`](Self::check_rest)
/// whenever there is no output left. Messages must have increasing serial numbers.
#[derive(Clone, Debug)]
pub struct CheckedSession {
    /// The session, for queries. A call that is made here bypasses the model.
    pub session: Session<Message>,
    pub model: Model,
    /// The same session as the shell drives it; `None` where calls bypass the model.
    pub twin: Option<Box<Twin>>,
}

/// Effects of an input.
#[derive(Debug)]
pub struct InputReport {
    /// The input was about the current socket, or about none.
    pub is_current: bool,
    pub decisions: Vec<Decision>,
    /// The session found that the cloud confirms nothing.
    pub gave_up_confirmation: bool,
}

impl CheckedSession {
    pub fn new(config: &Config, seed: u64) -> Self {
        Self::with_model(config, config, seed)
    }

    /// A session whose model has another configuration, to see that violations are found.
    pub fn with_model(config: &Config, model: &Config, seed: u64) -> Self {
        Self {
            session: Session::new(config.clone(), seed, Instant::default()),
            model: Model::new(model),
            twin: Some(Box::new(Twin::new(config, seed))),
        }
    }

    /// Replaces the random source.
    pub fn reseed(&mut self, seed: u64) {
        self.session.reseed(seed);
        if let Some(twin) = &mut self.twin {
            twin.reseed(seed);
        }
    }

    /// Gives the session a command, and checks the reply. Returns what was decided as well.
    pub fn command(
        &mut self,
        command: Command<Message>,
        now: Instant,
    ) -> Result<(Result<Reply, CommandError>, Vec<Decision>), Violation> {
        let before = Snapshot::of(&self.session);
        let reply = self.session.command(command.clone(), now);
        let after = Snapshot::of(&self.session);
        let decisions = self
            .model
            .command(&command, now.as_millis(), reply, &before, &after)?;
        if let Some(twin) = &mut self.twin {
            twin.command(&command, reply, now)?;
        }
        Ok((reply, decisions))
    }

    pub fn input(&mut self, input: Input, now: Instant) -> Result<InputReport, Violation> {
        let before = Snapshot::of(&self.session);
        if matches!(input, Input::Control(_, Control::Pong { .. }))
            && !self.model.flushes.is_settled()
        {
            let rejected = self.rejected_flushes();
            self.model.flushes.rejected_before_pong(rejected);
        }
        let lifecycle = &self.model.lifecycle;
        let may_ask = input == Input::Timeout
            && lifecycle.current().is_some()
            && before
                .deadline
                .is_some_and(|(at, _)| at <= now.as_millis().max(lifecycle.now));
        let is_sign = matches!(input, Input::Online | Input::Wake(_));
        let may_announce = is_sign && lifecycle.is_waiting();
        let announced = may_announce.then(|| self.pending(is_announcement));
        self.session.handle_input(input.clone(), now);
        if let Some(twin) = &mut self.twin {
            twin.input(input.clone(), now);
        }
        let after = Snapshot::of(&self.session);
        let hints = Hints {
            asks: may_ask && self.pending(is_question) > 0,
            forgets: may_ask && self.pending(is_warning) > 0,
            announces: announced.is_some_and(|before| self.pending(is_announcement) > before),
        };
        let (is_current, decisions) =
            self.model
                .input(&input, now.as_millis(), &before, &after, hints)?;
        Ok(InputReport {
            is_current,
            decisions,
            gave_up_confirmation: input == Input::Timeout && before.errors != after.errors,
        })
    }

    /// Takes the next output, which must be [checked](Self::check_output) before it is carried
    /// out.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output<Message>> {
        let output = self.session.poll_output();
        self.model.outbox.reports_drop = matches!(output, Some(Output::Emit(Event::Dropped(..))));
        if let Some(twin) = &mut self.twin {
            twin.output(output.as_ref());
        }
        output
    }

    /// Checks an output. `received` tells whether the cloud has a message from a connection.
    pub fn check_output(
        &mut self,
        output: &Output<Message>,
        received: &dyn Fn(SocketId, u32) -> bool,
    ) -> Result<(), Violation> {
        self.model.output(output, received)?;
        self.twin
            .as_ref()
            .map_or(Ok(()), |twin| twin.check_outputs())
    }

    /// Checks the session when there is no output left.
    pub fn check_rest(&self) -> Result<(), Violation> {
        self.model.check_rest(&self.session)?;
        let twin = self.twin.as_ref();
        twin.map_or(Ok(()), |twin| twin.check_rest(&self.session))
    }

    /// Checks that the session is silent: it is over, or was never started.
    pub fn check_silence(&mut self) -> Result<(), Violation> {
        let output = self.session.poll_output();
        ensure!(
            output.is_none() || self.session.state() == State::Idle,
            "silence",
            "{output:?} after the end"
        );
        Ok(())
    }

    /// Flushes that are rejected since the cloud answers no pings, by outputs that are yet to be
    /// carried out.
    fn rejected_flushes(&self) -> Vec<FlushId> {
        let mut ahead = self.session.clone();
        let outputs = std::iter::from_fn(|| ahead.poll_output());
        outputs
            .filter_map(|output| match output {
                Output::Flushed(flush, Err(FlushError::Unsupported)) => Some(flush),
                _ => None,
            })
            .collect()
    }

    /// Number of outputs of a kind that are yet to be carried out.
    fn pending(&self, is_kind: fn(&Output<Message>) -> bool) -> usize {
        let mut ahead = self.session.clone();
        let outputs = std::iter::from_fn(|| ahead.poll_output());
        outputs.filter(is_kind).count()
    }
}

const fn is_question(output: &Output<Message>) -> bool {
    matches!(output, Output::AskShouldReconnect(_))
}

const fn is_announcement(output: &Output<Message>) -> bool {
    matches!(output, Output::Emit(Event::Reconnecting(_)))
}

const fn is_warning(output: &Output<Message>) -> bool {
    matches!(output, Output::Emit(Event::Error(SessionError::Unanswered)))
}
