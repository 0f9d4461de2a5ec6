//! The run loop of the core's contract, which can be left wherever another call may come.

use tpa_session::session::{Input, Output};

use crate::alphabet::{AHEAD, STREAM, Step};
use crate::app::{Ask, Mail, SESSIONS};
use crate::invariants::{Broken, Call, Glance, ensure};
use crate::life::{Life, Place};

/// More outputs than any call can make here.
const OUTPUTS: u8 = 50;

/// Where a step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// When all is carried out.
    Rest,
    /// While the last of so many outputs is being carried out.
    After(u8),
}

/// Is shown each place where another step may follow, with the fingerprint there.
type Witness<'w> = Option<&'w mut dyn FnMut(Stop, u64)>;

impl Life<'_> {
    /// Takes the step, and goes on to where it stops.
    pub fn take(&mut self, step: Step, stop: Stop) -> Result<(), Broken> {
        self.run(step, stop, false, None)
    }

    /// Takes the step, and shows all places that it leads by: those where another step may
    /// follow, or really all.
    pub fn lead(
        &mut self,
        step: Step,
        all: bool,
        show: &mut dyn FnMut(Stop, u64),
    ) -> Result<(), Broken> {
        self.run(step, Stop::Rest, all, Some(show))
    }

    /// Carries out all that is left to be, with the app leaving all closures to the session.
    pub fn come_to_rest(&mut self) -> Result<(), Broken> {
        while self.place != Place::Rest {
            if let Place::Asked(_) = self.place {
                self.take(Step::Verdict(None), Stop::Rest)?;
            } else {
                self.carry_out(Stop::Rest, false, None, None)?;
            }
        }
        Ok(())
    }

    pub fn input(&mut self, input: Input) -> Result<(), Broken> {
        self.session.reseed(self.setting.seed);
        self.tell(|| format!("  {input:?}"));
        let before = Glance::at(&self.session);
        self.session.handle_input(input.clone(), self.instant());
        let after = Glance::at(&self.session);
        self.rules.heard(&input, self.now, &before, &after)?;
        if input == Input::Timeout && self.setting.config.asks_app {
            self.foresee_judgement()?;
        }
        Ok(())
    }

    fn run(
        &mut self,
        step: Step,
        stop: Stop,
        all: bool,
        witness: Witness<'_>,
    ) -> Result<(), Broken> {
        self.call(step)?;
        let was = self.place;
        self.place = match was {
            Place::Rest => Place::Inside(0),
            Place::Inside(calls) => Place::Inside(calls + 1),
            Place::Asked(calls) if matches!(step, Step::Verdict(_)) => Place::Inside(calls),
            Place::Asked(calls) => Place::Asked(calls + 1),
        };
        if let Place::Asked(_) = self.place {
            if let Some(show) = witness {
                show(Stop::After(0), self.fingerprint());
            }
            return Ok(());
        }
        if stop == Stop::After(0) {
            return Ok(());
        }
        // Between a call at rest and the first output nobody else has a say.
        let is_place = all || was != Place::Rest && self.may_call();
        let here = (is_place && witness.is_some()).then(|| (Stop::After(0), self.fingerprint()));
        self.carry_out(stop, all, here, witness)
    }

    /// Steps 2 to 4 of the contract. `here` is where it begins, if another call may come there;
    /// when nothing is left to be carried out, that is no other place than the rest.
    fn carry_out(
        &mut self,
        stop: Stop,
        all: bool,
        mut here: Option<(Stop, u64)>,
        mut witness: Witness<'_>,
    ) -> Result<(), Broken> {
        for outputs in 1..=OUTPUTS {
            let Some(output) = self.session.poll_output() else {
                self.place = Place::Rest;
                if let Some(show) = witness {
                    show(Stop::Rest, self.fingerprint());
                }
                return self.rules.check_rest(&self.session);
            };
            if let (Some(show), Some((stop, fingerprint))) = (&mut witness, here.take()) {
                show(stop, fingerprint);
            }
            self.tell(|| format!("    <- {output:?}"));
            // There is no cloud here: what it has, its pongs say.
            self.rules.output(&output, &|_, _| true)?;
            let after = Stop::After(outputs);
            if let Output::AskShouldReconnect(_) = output {
                self.place = Place::Asked(self.place.calls());
                if let Some(show) = witness {
                    show(after, self.fingerprint());
                }
                return Ok(());
            }
            if after == stop {
                return Ok(());
            }
            let is_place = all || self.may_call();
            here = (is_place && witness.is_some()).then(|| (after, self.fingerprint()));
        }
        ensure!(false, "memory", "more than {OUTPUTS} outputs of one call");
        Ok(())
    }

    /// Step 1 of the contract.
    fn call(&mut self, step: Step) -> Result<(), Broken> {
        self.tell(|| step.to_string());
        match step {
            Step::Connect => self.ask(Ask::Connect(self.last_session()), None),
            Step::ConnectOther => {
                let other = SESSIONS.iter().find(|&&id| id != self.last_session());
                self.ask(Ask::Connect(other.unwrap()), None)
            }
            Step::Disconnect => self.ask(Ask::Disconnect(None), None),
            Step::ReconnectNow => self.ask(Ask::ReconnectNow, None),
            Step::Send(kind, room) => self.ask(kind.ask(), room.buffered()),
            Step::Flush => self.ask(Ask::Flush, None),
            Step::Subscribe => self.ask(Ask::Subscribe(STREAM), None),
            Step::Unsubscribe => self.ask(Ask::Unsubscribe(STREAM), None),
            Step::Say(word) => self.input(word.input(self.session.connection(), self.now)),
            Step::Alarm(alarm) => {
                self.now = alarm.at(self.now, self.deadline()).unwrap();
                self.input(Input::Timeout)
            }
            Step::Offline => self.input(Input::Offline),
            Step::Online => self.input(Input::Online),
            Step::Suspect(suspicion) => self.input(Input::Wake(suspicion)),
            Step::WallClock { ahead } => {
                self.wall += if ahead { AHEAD } else { 0 };
                self.input(Input::WallClock(self.wall + self.now))
            }
            Step::Verdict(verdict) => self.input(Input::ShouldReconnect(verdict.map(Into::into))),
        }
    }

    fn ask(&mut self, ask: Ask, buffered: Option<u32>) -> Result<(), Broken> {
        self.session.reseed(self.setting.seed);
        let mail = if let Ask::Send { size, .. } = ask {
            self.written += 1;
            let serial = self.written;
            Some(Mail { serial, size })
        } else {
            None
        };
        let command = ask.command(mail, buffered).unwrap();
        let reply = self.session.command(command, self.instant()).ok();
        self.tell(|| format!("  {ask:?} {mail:?} -> {reply:?}"));
        let call = Call {
            ask,
            mail,
            written: self.written,
            buffered,
        };
        self.rules.asked(call, self.now, reply, &self.session)?;
        Ok(())
    }

    /// A timer that ended a connection can't be seen to have done so before the app is asked,
    /// and another call may come before that: so look ahead.
    fn foresee_judgement(&mut self) -> Result<(), Broken> {
        let mut ahead = self.session.clone();
        while let Some(output) = ahead.poll_output() {
            if let Output::AskShouldReconnect(cause) = output {
                self.rules.decisions.judged(cause.kind)?;
            }
        }
        Ok(())
    }

    fn last_session(&self) -> &'static str {
        let last = self.session.session_id();
        let known = SESSIONS.iter().find(|&&id| Some(id) == last);
        known.copied().unwrap_or(SESSIONS[0])
    }
}
