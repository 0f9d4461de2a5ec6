//! The order of the events, as an automaton over the words that the app may hear.
//!
//! ```text
//! life       = { dropped } run { run }
//! run        = to-connecting connecting, or to-waiting without a network
//! handshake  = to-handshaking
//! connection = to-connected connected
//! loss       = to-waiting [disconnected, after a connection] [reconnecting]
//! end        = { dropped } to-stopped disconnected, permanent
//! ```
//!
//! What belongs together comes together, unless the session ends in between, as by a handler:
//! then `connecting`, `connected` and `reconnecting` are taken back. After the end comes nothing
//! but another run. `error` and `dropped` may come between the groups of a run.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use tpa_session::session::{CloseKind, Config, Event, Reconnecting, State};

use super::decisions::Decision;
use super::{Broken, Decisions, View, ensure};
use crate::app::Mail;

/// The shortest notice on which an attempt may be announced that has a fresh reason.
const HASTE: u64 = 250;

/// What must come next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Anything,
    Connecting(u32),
    Connected,
    /// The end of a connection, and then, unless there is no network, `reconnecting`.
    Lost(CloseKind, Option<Announcement>),
    Reconnecting(Announcement),
    Over(CloseKind),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Announcement {
    attempt: u32,
    kind: CloseKind,
    hasty: bool,
    /// When that was decided; a handler may have been told of a later time since.
    at: u64,
}

#[derive(Clone, Debug)]
pub struct Grammar {
    config: Config,
    pub state: State,
    next: Next,
    /// The last attempt that was announced, and when it is due.
    announced: Option<(u32, u64)>,
    pub taken_back: u64,
}

impl Grammar {
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Idle,
            next: Next::Anything,
            announced: None,
            taken_back: 0,
        }
    }

    pub fn check(&mut self, event: &Event<Mail>, decisions: &mut Decisions) -> Result<(), Broken> {
        ensure!(
            self.state != State::Stopped
                || self.next != Next::Anything
                || matches!(event, Event::StateChange(_)),
            "grammar",
            "{event:?} after the end"
        );
        let is_news = matches!(
            event,
            Event::Connecting(_) | Event::Connected | Event::Reconnecting(_)
        );
        ensure!(
            !is_news || !decisions.is_ended(),
            "grammar",
            "{event:?} although the session is over"
        );
        let next = std::mem::replace(&mut self.next, Next::Anything);
        match (next, event) {
            (_, Event::StateChange(change)) => {
                ensure!(
                    change.from == self.state,
                    "grammar",
                    "{change:?}, but the last was {:?}",
                    self.state
                );
                self.state = change.to;
                self.turn(next, change.from, decisions)
            }
            (next, Event::Error(_)) => {
                ensure!(
                    matches!(
                        self.state,
                        State::Connecting | State::Handshaking | State::Connected
                    ),
                    "grammar",
                    "{event:?} in {:?}",
                    self.state
                );
                self.interject(next, event, decisions)
            }
            (next, Event::Dropped(..)) => self.interject(next, event, decisions),
            (Next::Connecting(attempt), Event::Connecting(connecting)) => {
                ensure!(
                    connecting.attempt == attempt,
                    "attempts",
                    "{connecting:?} instead of {attempt}"
                );
                Ok(())
            }
            (Next::Connected, Event::Connected) => Ok(()),
            (Next::Lost(kind, announcement), Event::Disconnected(end)) => {
                ensure!(
                    !end.permanent && end.will_reconnect && end.kind == kind,
                    "grammar",
                    "{end:?} instead of a loss by {kind:?}"
                );
                self.next = announcement.map_or(Next::Anything, Next::Reconnecting);
                Ok(())
            }
            (Next::Over(kind), Event::Disconnected(end)) => {
                let clean = matches!(end.code, 1000 | 1001);
                ensure!(
                    end.permanent
                        && !end.will_reconnect
                        && end.kind == kind
                        && end.was_clean == clean,
                    "grammar",
                    "{end:?} instead of an end by {kind:?}"
                );
                Ok(())
            }
            (Next::Reconnecting(announcement), Event::Reconnecting(event)) => {
                ensure!(
                    event.attempt == announcement.attempt && event.cause.kind == announcement.kind,
                    "attempts",
                    "{event:?} instead of {announcement:?}"
                );
                self.announce(event, announcement.hasty, announcement.at)
            }
            (Next::Anything, Event::Reconnecting(event)) => {
                // The network is back: the attempt comes sooner than it was announced, or is
                // announced only now.
                ensure!(
                    self.state == State::Waiting,
                    "grammar",
                    "{event:?} in {:?}",
                    self.state
                );
                self.announce(event, true, decisions.now)
            }
            (next, event) => {
                ensure!(false, "grammar", "{event:?} instead of {next:?}");
                Ok(())
            }
        }
    }

    /// What comes between the groups of a run may come within one only when the session has
    /// ended meanwhile, so that the rest of the group is taken back.
    fn interject(
        &mut self,
        next: Next,
        event: &Event<Mail>,
        decisions: &Decisions,
    ) -> Result<(), Broken> {
        ensure!(
            next == Next::Anything || decisions.is_ended(),
            "grammar",
            "{event:?} instead of {next:?}"
        );
        self.next = next;
        Ok(())
    }

    /// When all is carried out: no group of events is left unfinished.
    pub fn check_rest(&self) -> Result<(), Broken> {
        ensure!(
            self.next == Next::Anything,
            "grammar",
            "{:?} never came",
            self.next
        );
        Ok(())
    }

    /// The state is another one: what must follow, and whether something was cut short.
    fn turn(&mut self, cut: Next, from: State, decisions: &mut Decisions) -> Result<(), Broken> {
        let Some(decision) = decisions.next_told() else {
            ensure!(
                false,
                "grammar",
                "{from:?} to {:?} for no reason",
                self.state
            );
            return Ok(());
        };
        let is_over = decision.is_over() || decisions.is_ended();
        let may_be_cut = matches!(
            cut,
            Next::Connecting(_) | Next::Connected | Next::Reconnecting(_)
        );
        ensure!(
            cut == Next::Anything || (is_over && may_be_cut),
            "grammar",
            "{decision:?} instead of {cut:?}"
        );
        self.taken_back += u64::from(cut != Next::Anything);
        let right = match decision {
            Decision::Start { attempt, at_once } => {
                self.start(attempt, at_once, decisions.now)?;
                self.next = Next::Connecting(attempt);
                State::Connecting
            }
            Decision::Open => State::Handshaking,
            Decision::Ack => {
                self.next = Next::Connected;
                State::Connected
            }
            Decision::Wait {
                kind,
                attempt,
                announced,
                hasty,
                at,
            } => {
                if let Some(kind) = kind {
                    let announcement = Announcement {
                        attempt,
                        kind,
                        hasty,
                        at,
                    };
                    let announcement = announced.then_some(announcement);
                    self.next = match announcement {
                        _ if from == State::Connected => Next::Lost(kind, announcement),
                        Some(announcement) => Next::Reconnecting(announcement),
                        None => Next::Anything,
                    };
                }
                State::Waiting
            }
            Decision::Over { kind } => {
                self.next = Next::Over(kind);
                self.announced = None;
                State::Stopped
            }
        };
        ensure!(
            self.state == right,
            "grammar",
            "{from:?} to {:?} instead of {right:?}",
            self.state
        );
        Ok(())
    }

    fn start(&mut self, attempt: u32, at_once: bool, now: u64) -> Result<(), Broken> {
        if let Some((announced, due)) = self.announced.take() {
            ensure!(
                announced == attempt,
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

    fn announce(&mut self, event: &Reconnecting, hasty: bool, at: u64) -> Result<(), Broken> {
        let delay = event.delay.as_millis();
        let max = self.config.max_reconnect_attempts;
        ensure!(
            max.is_none_or(|max| event.attempt <= max)
                && event.max_attempts == max.map_or(f64::INFINITY, f64::from),
            "attempts",
            "{event:?}"
        );
        let (shortest, longest) = if hasty {
            (0, HASTE)
        } else {
            self.interval(event.attempt)
        };
        ensure!(
            (shortest..=longest).contains(&delay),
            "attempts",
            "{event:?} is not within {shortest} to {longest}"
        );
        self.announced = Some((event.attempt, at + delay));
        Ok(())
    }

    /// The waits that are possible before this attempt, counted from 1.
    fn interval(&self, attempt: u32) -> (u64, u64) {
        let backoff = &self.config.backoff;
        let max = backoff.max.as_millis();
        let doubled =
            (1..attempt).fold(backoff.initial.as_millis(), |delay, _| (delay * 2).min(max));
        let longest = doubled.min(max);
        ((longest as f64 * (1.0 - backoff.jitter)) as u64, longest)
    }

    pub fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        self.state.hash(hasher);
        discriminant(&self.next).hash(hasher);
        let mut announcement = None;
        match self.next {
            Next::Anything | Next::Connected => {}
            Next::Connecting(attempt) => attempt.hash(hasher),
            Next::Lost(kind, next) => {
                kind.hash(hasher);
                announcement = next;
            }
            Next::Reconnecting(next) => announcement = Some(next),
            Next::Over(kind) => kind.hash(hasher),
        }
        let announcement = announcement.map(|next| {
            let age = view.age(next.at, u64::MAX);
            (next.attempt, next.kind, next.hasty, age)
        });
        // What is overdue is so by however much.
        let announced = self
            .announced
            .map(|(attempt, due)| (attempt, due.checked_sub(view.now)));
        (announcement, announced).hash(hasher);
    }

    /// When the next attempt is due, where it was announced.
    pub fn due(&self) -> Option<u64> {
        self.announced.map(|(_, due)| due)
    }
}
