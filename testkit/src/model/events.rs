//! Order and content of the events, as an automaton.
//!
//! ```text
//! life       = { dropped } run { run }
//! run        = to-connecting connecting
//! handshake  = to-handshaking
//! connection = to-connected connected
//! loss       = to-waiting [disconnected, after a connection] reconnecting
//! end        = { dropped } to-stopped disconnected, permanent
//! ```
//!
//! The events of a group follow each other directly, unless the session ends in between, as by a
//! handler: then `connecting`, `connected` and `reconnecting` are withdrawn. After the end comes
//! nothing but another run. `error`, `sent` and `dropped` may come between the groups of a run, and
//! another `reconnecting` while the session waits.

use tpa_session::session::{
    Cause, Config, ConnectionError, Disconnected, Event, Reconnecting, State,
};

use super::lifecycle::{Announcement, Decision, Delay, Lifecycle};
use super::{Violation, ensure};
use crate::Message;

/// The event that must come next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    Anything,
    Connecting(u32),
    Connected,
    /// The end of a connection, and then `reconnecting`.
    Lost(Cause, Announcement),
    Reconnecting(Announcement),
    Stopped(Cause, u32),
}

#[derive(Clone, Debug)]
pub struct Events {
    config: Config,
    pub state: State,
    pub(super) next: Next,
    /// The last attempt that was announced, and when it is due.
    pub(super) announced: Option<(u32, u64)>,
    /// Number of groups that were cut short by the end of the session.
    pub withdrawn: u64,
}

impl Events {
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Idle,
            next: Next::Anything,
            announced: None,
            withdrawn: 0,
        }
    }

    pub fn check(
        &mut self,
        event: &Event<Message>,
        lifecycle: &mut Lifecycle,
    ) -> Result<(), Violation> {
        self.check_end(event, lifecycle)?;
        let next = std::mem::replace(&mut self.next, Next::Anything);
        match (next, event) {
            (next, Event::StateChange(change)) => {
                ensure!(
                    change.from == self.state,
                    "events",
                    "{change:?}, but the last state was {:?}",
                    self.state
                );
                self.state = change.to;
                self.enter(next, change.from, lifecycle)
            }
            (next, Event::Error(_)) => {
                ensure!(
                    matches!(
                        self.state,
                        State::Connecting | State::Handshaking | State::Connected
                    ),
                    "events",
                    "{event:?} in {:?}",
                    self.state
                );
                self.interject(next, event, lifecycle)
            }
            (next, Event::Sent(_) | Event::Dropped(..)) => self.interject(next, event, lifecycle),
            (Next::Connecting(attempt), Event::Connecting(connecting)) => {
                ensure!(
                    connecting.attempt == attempt,
                    "attempts",
                    "{connecting:?} instead of {attempt}"
                );
                Ok(())
            }
            (Next::Connected, Event::Connected) => Ok(()),
            (Next::Lost(cause, announcement), Event::Disconnected(end)) => {
                self.next = Next::Reconnecting(announcement);
                check_disconnected(end, &cause, false)
            }
            (Next::Stopped(cause, _), Event::Disconnected(end)) => {
                check_disconnected(end, &cause, true)
            }
            (Next::Reconnecting(announcement), Event::Reconnecting(event)) => {
                self.announce(event, &announcement)
            }
            (Next::Anything, Event::Reconnecting(event)) => {
                // The environment gave a sign: the attempt comes sooner, or later.
                ensure!(
                    self.state == State::Waiting,
                    "events",
                    "{event:?} in {:?}",
                    self.state
                );
                let Some(announcement) = lifecycle.next_announcement() else {
                    ensure!(false, "events", "{event:?} for no reason");
                    return Ok(());
                };
                self.announce(event, &announcement)
            }
            (next, event) => {
                ensure!(false, "events", "{event:?} instead of {next:?}");
                Ok(())
            }
        }
    }

    /// Checks that nothing comes after the end, and nothing that the end withdraws.
    fn check_end(&self, event: &Event<Message>, lifecycle: &Lifecycle) -> Result<(), Violation> {
        ensure!(
            self.state != State::Stopped
                || self.next != Next::Anything
                || matches!(event, Event::StateChange(_)),
            "events",
            "{event:?} after the end"
        );
        let goes_on = matches!(
            event,
            Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)
        );
        ensure!(
            !goes_on || !lifecycle.is_ended(),
            "events",
            "{event:?} although the session is over"
        );
        Ok(())
    }

    /// Checks the rejection of the promise of `connect()`, which comes with the end.
    pub fn check_rejection(&self, error: &ConnectionError) -> Result<(), Violation> {
        ensure!(
            matches!(&self.next, Next::Stopped(cause, attempts)
                if *cause == error.cause && *attempts == error.attempts),
            "promises",
            "{error:?} instead of {:?}",
            self.next
        );
        Ok(())
    }

    /// Checks a session at rest: no group of events is left unfinished.
    pub fn check_rest(&self) -> Result<(), Violation> {
        ensure!(
            self.next == Next::Anything,
            "events",
            "{:?} never came",
            self.next
        );
        Ok(())
    }

    /// Time at which the next attempt is due, if it was announced.
    pub fn due(&self) -> Option<u64> {
        self.announced.map(|(_, due)| due)
    }

    /// Events between the groups may come within one only when the session has ended meanwhile,
    /// so that the rest of the group is withdrawn.
    fn interject(
        &mut self,
        next: Next,
        event: &Event<Message>,
        lifecycle: &Lifecycle,
    ) -> Result<(), Violation> {
        ensure!(
            next == Next::Anything || lifecycle.is_ended(),
            "events",
            "{event:?} instead of {next:?}"
        );
        self.next = next;
        Ok(())
    }

    /// The state is another one: determines what must follow, and whether a group was cut short.
    fn enter(
        &mut self,
        cut: Next,
        from: State,
        lifecycle: &mut Lifecycle,
    ) -> Result<(), Violation> {
        let Some(decision) = lifecycle.next_untold() else {
            ensure!(
                false,
                "events",
                "{from:?} to {:?} for no reason",
                self.state
            );
            return Ok(());
        };
        let is_over = decision.is_stop() || lifecycle.is_ended();
        let may_be_cut = matches!(
            cut,
            Next::Connecting(_) | Next::Connected | Next::Reconnecting(_)
        );
        ensure!(
            cut == Next::Anything || (is_over && may_be_cut),
            "events",
            "{decision:?} instead of {cut:?}"
        );
        self.withdrawn += u64::from(cut != Next::Anything);
        let expected = match decision {
            Decision::Start { attempt, at_once } => {
                self.start(attempt, at_once, lifecycle.now)?;
                self.next = Next::Connecting(attempt);
                State::Connecting
            }
            Decision::Open => State::Handshaking,
            Decision::Acknowledge => {
                self.next = Next::Connected;
                State::Connected
            }
            Decision::Wait {
                cause,
                was_connected,
                announcement,
            } => {
                self.next = if was_connected {
                    Next::Lost(cause, announcement)
                } else {
                    Next::Reconnecting(announcement)
                };
                State::Waiting
            }
            Decision::Stop {
                cause, attempts, ..
            } => {
                self.next = Next::Stopped(cause, attempts);
                self.announced = None;
                State::Stopped
            }
        };
        ensure!(
            self.state == expected,
            "events",
            "{from:?} to {:?} instead of {expected:?}",
            self.state
        );
        Ok(())
    }

    fn start(&mut self, attempt: u32, at_once: bool, now: u64) -> Result<(), Violation> {
        if let Some((announced, due)) = self.announced.take() {
            ensure!(
                at_once || announced == attempt,
                "attempts",
                "attempt {attempt} was announced as {announced}"
            );
            ensure!(
                at_once || due <= now,
                "attempts",
                "attempt {attempt} starts {} ms before its time",
                due - now
            );
        }
        Ok(())
    }

    /// The next attempt is announced.
    fn announce(&mut self, event: &Reconnecting, expected: &Announcement) -> Result<(), Violation> {
        ensure!(
            event.attempt == expected.attempt
                && event.counted == expected.counted
                && event.cause == expected.cause,
            "attempts",
            "{event:?} instead of {expected:?}"
        );
        let delay = event.delay.as_millis();
        let max = self.config.max_reconnect_attempts;
        let is_bounded = self.config.give_up_after.as_millis() == 0;
        ensure!(
            max.is_none_or(|max| event.attempt <= max || !is_bounded)
                && event.max_attempts == max.map_or(f64::INFINITY, f64::from),
            "attempts",
            "{event:?}"
        );
        let (shortest, longest) = match expected.delay {
            Delay::Within(shortest, longest) => (shortest, longest),
            Delay::Exactly(delay) => (delay, delay),
            Delay::AsAnnounced(floor) => {
                let due = self.due().unwrap_or_default().max(floor);
                let delay = due.saturating_sub(expected.at);
                (delay, delay)
            }
        };
        ensure!(
            (shortest..=longest).contains(&delay),
            "attempts",
            "{event:?} is not within {shortest} to {longest}"
        );
        self.announced = Some((event.attempt, expected.at.saturating_add(delay)));
        Ok(())
    }
}

fn check_disconnected(end: &Disconnected, cause: &Cause, permanent: bool) -> Result<(), Violation> {
    let is_clean = matches!(end.code, 1000 | 1001);
    ensure!(
        end.permanent == permanent
            && end.will_reconnect != permanent
            && end.was_clean == is_clean
            && (end.code, &end.reason, end.kind) == (cause.code, &cause.reason, cause.kind),
        "events",
        "{end:?} instead of {cause:?}, permanent: {permanent}"
    );
    Ok(())
}

/// Shortest and longest delay of an attempt, in milliseconds; attempts are counted from 1.
pub fn backoff_interval(config: &Config, attempt: u32) -> (u64, u64) {
    let backoff = &config.backoff;
    let doublings = attempt.saturating_sub(1).min(64);
    let doubled = u128::from(backoff.initial.as_millis()) << doublings;
    let longest = doubled.min(u128::from(backoff.max.as_millis())) as u64;
    ((longest as f64 * (1.0 - backoff.jitter)) as u64, longest)
}
