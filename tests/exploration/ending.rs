//! From everywhere there is a way on: when all goes well from now on, the session connects or
//! is over, all that waits is settled, and after its end it is silent.

use tpa_session::session::{Input, State};

use crate::alphabet::{Alarm, Room, Step, Word};
use crate::driver::Stop;
use crate::invariants::{Broken, ensure};
use crate::life::Life;

/// More steps than that ever takes.
const ENOUGH: usize = 60;

impl Life<'_> {
    /// Lives on from here to a good end.
    pub fn end_well(&mut self) -> Result<(), Broken> {
        self.come_to_rest()?;
        self.go(Step::Online)?;
        for _ in 0..ENOUGH {
            match self.next_good_step() {
                Some(step) if self.may(step) => self.go(step)?,
                Some(_) => break,
                None => return self.end(),
            }
        }
        ensure!(
            false,
            "progress",
            "still {:?} after all went well for long",
            self.session.state()
        );
        Ok(())
    }

    /// What a network and a cloud do that are well; nothing when there is nothing left to do.
    fn next_good_step(&self) -> Option<Step> {
        match self.session.state() {
            State::Idle | State::Stopped => None,
            State::Connecting if self.rules.decisions.is_prepared() => {
                Some(Step::Say(Word::Opened))
            }
            State::Connecting => Some(Step::Say(Word::Prepared)),
            State::Handshaking => Some(Step::Say(Word::Ack)),
            State::Waiting => Some(self.alarm()),
            State::Connected => {
                let mailbox = &self.rules.mailbox;
                if mailbox.unanswered() > 0 {
                    Some(Step::Say(Word::Pong))
                } else if mailbox.is_waiting() {
                    Some(Step::Say(Word::Buffered(Room::Free)))
                } else if mailbox.alive() > 0 || !self.rules.flushes.is_settled() {
                    Some(self.alarm())
                } else {
                    None
                }
            }
        }
    }

    fn alarm(&self) -> Step {
        let is_due = self.deadline().is_some_and(|at| at <= self.now);
        Step::Alarm(if is_due { Alarm::Now } else { Alarm::OnTime })
    }

    /// The end, and what follows.
    fn end(&mut self) -> Result<(), Broken> {
        self.go(Step::Disconnect)?;
        self.rules.flushes.check_end()?;
        for alarm in [Alarm::Now, Alarm::OnTime, Alarm::Asleep] {
            self.now = alarm.at(self.now, self.deadline()).unwrap_or(self.now);
            self.input(Input::Timeout)?;
            let output = self.session.poll_output();
            ensure!(
                output.is_none() || self.session.state() == State::Idle,
                "silence",
                "{output:?} after the end"
            );
        }
        Ok(())
    }

    fn go(&mut self, step: Step) -> Result<(), Broken> {
        self.take(step, Stop::Rest)?;
        self.come_to_rest()
    }
}
