//! One session with the account of its rules, somewhere in its life.

use std::hash::{DefaultHasher, Hash, Hasher};

use tpa_session::session::{Instant, Session, SocketId};

use crate::alphabet::{Alarm, Room, Step, WORDS, Word};
use crate::app::Mail;
use crate::invariants::{Broken, Rules, ensure};
use crate::settings::Setting;

/// Most pings without a pong on one connection: a cloud that never pongs is pinged for ever.
pub const PINGS: u64 = 2;

/// Where the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// All is carried out.
    Rest,
    /// An output is being carried out. So many calls were made from inside since the last rest.
    Inside(u8),
    /// The app is being asked about a closure: nothing goes on before it has answered.
    Asked(u8),
}

impl Place {
    pub const fn calls(self) -> u8 {
        match self {
            Self::Rest => 0,
            Self::Inside(calls) | Self::Asked(calls) => calls,
        }
    }
}

#[derive(Clone)]
pub struct Life<'a> {
    pub setting: &'a Setting,
    pub session: Session<Mail>,
    pub rules: Rules,
    pub now: u64,
    /// How far the wall clock is ahead.
    pub wall: u64,
    /// Messages that the app wrote.
    pub written: u32,
    pub place: Place,
    /// What happened, where somebody wants to know.
    pub story: Option<Vec<String>>,
}

impl<'a> Life<'a> {
    pub fn new(setting: &'a Setting) -> Self {
        Self {
            setting,
            session: Session::new(setting.config.clone(), setting.seed, Instant::default()),
            rules: Rules::new(setting.mistaken.as_ref().unwrap_or(&setting.config)),
            now: 0,
            wall: 1_000_000_000,
            written: 0,
            place: Place::Rest,
            story: None,
        }
    }

    /// Tells this life from those that may go on otherwise.
    pub fn fingerprint(&self) -> u64 {
        let view = self.rules.view();
        let name = |mail: &Mail| match view.mail(*mail) {
            Ok(rank) => rank as u64,
            // Nobody should know of this one any more.
            Err(serial) => u64::MAX - u64::from(serial),
        };
        let mut hasher = DefaultHasher::new();
        self.session.fingerprint(name, &mut hasher);
        self.rules.fingerprint(&view, &mut hasher);
        self.place.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether there is too much of something to go on from here.
    pub const fn is_beyond(&self) -> bool {
        self.rules.mailbox.unanswered() > PINGS
    }

    /// Whether the step can be taken here, and differs from all others.
    pub fn may(&self, step: Step) -> bool {
        let is_verdict = matches!(step, Step::Verdict(_));
        if self.place != Place::Rest && !is_verdict && !self.may_call() {
            return false;
        }
        let decisions = &self.rules.decisions;
        match step {
            Step::Verdict(_) => matches!(self.place, Place::Asked(_)),
            Step::ConnectOther => decisions.is_active(),
            Step::Say(word) => {
                let current = decisions.current();
                let alive = current.is_some() && current == self.rules.generations.alive();
                // No pong comes from inside: it could be one to a ping that is yet to be sent.
                alive && (self.place == Place::Rest || word != Word::Pong)
            }
            Step::Alarm(alarm) => {
                let in_time = self.place == Place::Rest || alarm == Alarm::Now;
                in_time && alarm.at(self.now, self.deadline()).is_some()
            }
            Step::Flush => self.setting.messages > 0,
            Step::Send(kind, room) => {
                let mailbox = &self.rules.mailbox;
                let fits = mailbox.alive() < self.setting.messages || mailbox.has(kind.key());
                let connected = decisions.connection().is_some();
                fits && (connected || room == Room::None)
            }
            _ => true,
        }
    }

    /// Whether another call may come from inside.
    pub const fn may_call(&self) -> bool {
        self.place.calls() < self.setting.nested
    }

    /// What is said by sockets that were given up, or never were, changes nothing.
    pub fn check_stale(&self) -> Result<(), Broken> {
        let newest = self.session.connection().0;
        let is_dead = |id: &SocketId| self.rules.decisions.current() != Some(*id);
        let dead = [newest.wrapping_sub(1), newest, newest + 1].map(SocketId);
        let mut life = self.clone();
        for socket in dead.into_iter().filter(is_dead) {
            for word in WORDS {
                let input = word.input(socket, self.now);
                life.session.handle_input(input, self.instant());
            }
        }
        ensure!(
            life.fingerprint() == self.fingerprint(),
            "stale sockets",
            "what sockets said that were given up made {:?} of {:?}",
            life.session,
            self.session
        );
        Ok(())
    }

    pub fn deadline(&self) -> Option<u64> {
        self.session.poll_timeout().map(|(at, _)| at.as_millis())
    }

    pub const fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>7} ms {}", self.now, what()));
        }
    }
}
