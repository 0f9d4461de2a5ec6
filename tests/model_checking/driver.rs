//! Run loop of the core's contract, which can be left wherever another call may come.

use testkit::Message;
use testkit::ensure;
use testkit::model::Violation;
use testkit::world::app::{AppCall, SESSIONS};
use tpa_session::session::{Input, Output};

use crate::alphabet::{CLOCK_STEP, STREAM, Step};
use crate::walk::{Place, Walk};

/// Upper bound for the outputs of any call.
const MAX_OUTPUTS: u8 = 50;

/// End of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// After the last output.
    Rest,
    /// While the last of so many outputs is being carried out.
    After(u8),
}

/// Callback for each place where another step may follow, with the fingerprint there.
type Visit<'w> = Option<&'w mut dyn FnMut(Stop, u64)>;

impl Walk<'_> {
    /// Takes the step, up to where it stops.
    pub fn take(&mut self, step: Step, stop: Stop) -> Result<(), Violation> {
        self.run(step, stop, false, None)
    }

    /// Takes the step, and visits all places on the way where another step may follow; `all`
    /// includes those where none may.
    pub fn take_visiting(
        &mut self,
        step: Step,
        all: bool,
        visit: &mut dyn FnMut(Stop, u64),
    ) -> Result<(), Violation> {
        self.run(step, Stop::Rest, all, Some(visit))
    }

    /// Carries out everything; the app leaves all decisions to the session.
    pub fn come_to_rest(&mut self) -> Result<(), Violation> {
        while self.place != Place::Rest {
            if let Place::Asked(_) = self.place {
                self.take(Step::Decide(None), Stop::Rest)?;
            } else {
                self.carry_out(Stop::Rest, false, None, None)?;
            }
        }
        Ok(())
    }

    pub fn input(&mut self, input: Input) -> Result<(), Violation> {
        self.checked.reseed(self.setting.seed);
        self.log(|| format!("  {input:?}"));
        let now = self.instant();
        self.checked.input(input, now)?;
        Ok(())
    }

    fn run(
        &mut self,
        step: Step,
        stop: Stop,
        all: bool,
        visit: Visit<'_>,
    ) -> Result<(), Violation> {
        self.begin(step)?;
        let before = self.place;
        self.place = match before {
            Place::Rest => Place::Inside(0),
            Place::Inside(calls) => Place::Inside(calls + 1),
            Place::Asked(calls) if matches!(step, Step::Decide(_)) => Place::Inside(calls),
            Place::Asked(calls) => Place::Asked(calls + 1),
        };
        if let Place::Asked(_) = self.place {
            if let Some(visit) = visit {
                visit(Stop::After(0), self.fingerprint());
            }
            return Ok(());
        }
        if stop == Stop::After(0) {
            return Ok(());
        }
        // Between a call at rest and the first output no other call can come.
        let is_place = all || before != Place::Rest && self.may_call();
        let here = (is_place && visit.is_some()).then(|| (Stop::After(0), self.fingerprint()));
        self.carry_out(stop, all, here, visit)
    }

    /// Steps 2 to 4 of the contract. `here` is where it begins, if another call may come there.
    /// When there is no output left, that is the same place as the rest.
    fn carry_out(
        &mut self,
        stop: Stop,
        all: bool,
        mut here: Option<(Stop, u64)>,
        mut visit: Visit<'_>,
    ) -> Result<(), Violation> {
        for outputs in 1..=MAX_OUTPUTS {
            let Some(output) = self.checked.poll_output() else {
                self.place = Place::Rest;
                if let Some(visit) = visit {
                    visit(Stop::Rest, self.fingerprint());
                }
                self.check_twin()?;
                return self.checked.check_rest();
            };
            if let (Some(visit), Some((stop, fingerprint))) = (&mut visit, here.take()) {
                visit(stop, fingerprint);
            }
            self.log(|| format!("    <- {output:?}"));
            // There is no cloud here: its pongs tell what it has.
            self.checked.check_output(&output, &|_, _| true)?;
            let after = Stop::After(outputs);
            if let Output::AskShouldReconnect(_) = output {
                self.place = Place::Asked(self.place.calls());
                if let Some(visit) = visit {
                    visit(after, self.fingerprint());
                }
                return Ok(());
            }
            if after == stop {
                return Ok(());
            }
            let is_place = all || self.may_call();
            here = (is_place && visit.is_some()).then(|| (after, self.fingerprint()));
        }
        ensure!(
            false,
            "memory",
            "more than {MAX_OUTPUTS} outputs of one call"
        );
        Ok(())
    }

    /// Step 1 of the contract.
    fn begin(&mut self, step: Step) -> Result<(), Violation> {
        self.log(|| step.to_string());
        match step {
            Step::Connect => self.call(AppCall::Connect(self.last_session()), None),
            Step::ConnectOther => {
                let other = SESSIONS.iter().find(|&&id| id != self.last_session());
                self.call(AppCall::Connect(other.unwrap()), None)
            }
            Step::Disconnect => self.call(AppCall::Disconnect(None), None),
            Step::ReconnectNow => self.call(AppCall::ReconnectNow, None),
            Step::Reopen => self.call(AppCall::Reopen, None),
            Step::HandOver => self.call(AppCall::HandOver, None),
            Step::Send(kind, buffer) => self.call(kind.call(), buffer.held()),
            Step::Flush => self.call(AppCall::Flush, None),
            Step::Subscribe => self.call(AppCall::Subscribe(STREAM), None),
            Step::Unsubscribe => self.call(AppCall::Unsubscribe(STREAM), None),
            Step::Socket(event) => {
                self.input(event.input(self.checked.session.connection(), self.now))
            }
            Step::Alarm(alarm) => {
                self.now = alarm.at(self.now, self.deadline()).unwrap();
                self.input(Input::Timeout)
            }
            Step::Offline => self.input(Input::Offline),
            Step::Online => self.input(Input::Online),
            Step::Leaving => self.input(Input::Leaving),
            Step::ClockJumped => self.input(Input::ClockJumped),
            Step::Wake(hint) => self.input(Input::Wake(hint)),
            Step::WallClock { ahead } => {
                self.wall += if ahead { CLOCK_STEP } else { 0 };
                self.input(Input::WallClock(self.wall + self.now))
            }
            Step::Decide(decision) => self.input(Input::ShouldReconnect(decision)),
        }
    }

    fn call(&mut self, call: AppCall, buffered: Option<u32>) -> Result<(), Violation> {
        self.checked.reseed(self.setting.seed);
        let message = if let AppCall::Send { size, .. } = call {
            self.written += 1;
            let serial = self.written;
            Some(Message { serial, size })
        } else {
            None
        };
        let command = call.command(message, buffered).unwrap();
        let now = self.instant();
        let (reply, _) = self.checked.command(command, now)?;
        self.log(|| format!("  {call:?} {message:?} -> {reply:?}"));
        Ok(())
    }

    fn last_session(&self) -> &'static str {
        let last = self.checked.session.session_id();
        let known = SESSIONS.iter().find(|&&id| Some(id) == last);
        known.copied().unwrap_or(SESSIONS[0])
    }
}
