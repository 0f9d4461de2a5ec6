//! Recovery from every state: when nothing fails from now on, the session connects or is over,
//! everything pending settles, and after its end the session is silent.

use testkit::ensure;
use testkit::model::Violation;
use tpa_session::session::{Input, State};

use crate::alphabet::{Alarm, Buffer, SocketEvent, Step};
use crate::driver::Stop;
use crate::walk::Walk;

/// Upper bound for the steps of a recovery.
const MAX_STEPS: usize = 60;

impl Walk<'_> {
    /// Continues from here without failures, and ends the session.
    pub fn recover(&mut self) -> Result<(), Violation> {
        self.come_to_rest()?;
        self.take_to_rest(Step::Online)?;
        for _ in 0..MAX_STEPS {
            match self.next_step() {
                Some(step) if self.is_possible(step) => self.take_to_rest(step)?,
                Some(_) => break,
                None => return self.end(),
            }
        }
        ensure!(
            false,
            "progress",
            "still {:?} after a long time without failures",
            self.checked.session.state()
        );
        Ok(())
    }

    /// The next step of a network and a cloud that do not fail; `None` when nothing is pending.
    fn next_step(&self) -> Option<Step> {
        let model = &self.checked.model;
        match self.checked.session.state() {
            State::Idle | State::Stopped => None,
            State::Connecting if model.lifecycle.is_prepared() => {
                Some(Step::Socket(SocketEvent::Opened))
            }
            State::Connecting => Some(Step::Socket(SocketEvent::Prepared)),
            State::Handshaking => Some(Step::Socket(SocketEvent::Ack)),
            State::Waiting => Some(self.alarm()),
            State::Connected => {
                if model.outbox.unanswered() > 0 {
                    Some(Step::Socket(SocketEvent::Pong))
                } else if model.outbox.has_queued() {
                    Some(Step::Socket(SocketEvent::Buffered(Buffer::Free)))
                } else if model.outbox.unfinished() > 0 || !model.flushes.is_settled() {
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

    fn end(&mut self) -> Result<(), Violation> {
        self.take_to_rest(Step::Disconnect)?;
        self.checked.model.flushes.check_end()?;
        for alarm in [Alarm::Now, Alarm::OnTime, Alarm::Asleep] {
            self.now = alarm.at(self.now, self.deadline()).unwrap_or(self.now);
            self.input(Input::Timeout)?;
            self.checked.check_silence()?;
        }
        Ok(())
    }

    fn take_to_rest(&mut self, step: Step) -> Result<(), Violation> {
        self.take(step, Stop::Rest)?;
        self.come_to_rest()
    }
}
