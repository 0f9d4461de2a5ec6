//! One session with its model, at some point of its life.

use std::hash::{DefaultHasher, Hash, Hasher};

use testkit::model::{CheckedSession, Violation};
use testkit::{Message, ensure};
use tpa_session::session::{Instant, Session, SocketId};

use crate::alphabet::{Alarm, Buffer, SOCKET_EVENTS, SocketEvent, Step};
use crate::settings::Setting;

/// Upper bound for unanswered pings of one connection: a cloud that never pongs is pinged forever.
pub const MAX_PINGS: usize = 2;

/// Place in the run loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Every output is carried out.
    Rest,
    /// An output is being carried out. So many calls were made from inside since the last rest.
    Inside(u8),
    /// The app is being asked whether to reconnect: nothing goes on before it has answered.
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
pub struct Walk<'a> {
    pub setting: &'a Setting,
    pub checked: CheckedSession,
    pub now: u64,
    /// Lead of the wall clock, ms.
    pub wall: u64,
    /// Number of messages that the app sent.
    pub written: u32,
    pub place: Place,
    /// Everything that happened, where it is wanted.
    pub trace: Option<Vec<String>>,
}

impl<'a> Walk<'a> {
    pub fn new(setting: &'a Setting) -> Self {
        let model = setting.mistaken.as_ref().unwrap_or(&setting.config);
        Self {
            setting,
            checked: CheckedSession::with_model(&setting.config, model, setting.seed),
            now: 0,
            wall: 1_000_000_000,
            written: 0,
            place: Place::Rest,
            trace: None,
        }
    }

    /// Fingerprint that differs for walks that may continue differently.
    pub fn fingerprint(&self) -> u64 {
        let model = &self.checked.model;
        let view = model.view();
        let name = |message: &Message| match view.message(*message) {
            Ok(rank) => rank as u64,
            // Nothing should refer to this message any more.
            Err(serial) => u64::MAX - u64::from(serial),
        };
        let mut hasher = DefaultHasher::new();
        self.checked.session.fingerprint(name, &mut hasher);
        if let Some(twin) = &self.checked.twin {
            twin.fingerprint(self.instant(), name, &mut hasher);
        }
        model.fingerprint(&view, &mut hasher);
        self.place.hash(&mut hasher);
        hasher.finish()
    }

    /// True if the walk has left the bounds of the search.
    pub fn is_out_of_bounds(&self) -> bool {
        self.checked.model.outbox.unanswered() > MAX_PINGS
    }

    /// True if the step can be taken here, and differs from all others.
    pub fn is_possible(&self, step: Step) -> bool {
        let is_decision = matches!(step, Step::Decide(_));
        if self.place != Place::Rest && !is_decision && !self.may_call() {
            return false;
        }
        let model = &self.checked.model;
        let lifecycle = &model.lifecycle;
        match step {
            Step::Decide(_) => matches!(self.place, Place::Asked(_)),
            Step::ConnectOther => lifecycle.is_active(),
            Step::Socket(event) => {
                let current = lifecycle.current();
                let is_live = current.is_some() && current == model.sockets.live();
                // No pong comes from inside: it could answer a ping that is yet to be sent.
                is_live && (self.place == Place::Rest || event != SocketEvent::Pong)
            }
            Step::Alarm(alarm) => {
                let in_time = self.place == Place::Rest || alarm == Alarm::Now;
                in_time && alarm.at(self.now, self.deadline()).is_some()
            }
            Step::Flush => self.setting.messages > 0,
            Step::Send(kind, buffer) => {
                let outbox = &model.outbox;
                let fits =
                    outbox.unfinished() < self.setting.messages || outbox.has_key(kind.key());
                let connected = lifecycle.connection().is_some();
                fits && (connected || buffer == Buffer::Closing)
            }
            _ => true,
        }
    }

    /// True if another call may come from inside.
    pub const fn may_call(&self) -> bool {
        self.place.calls() < self.setting.nested
    }

    /// Checks that events of sockets that were given up, or that never existed, change nothing.
    pub fn check_stale(&self) -> Result<(), Violation> {
        let newest = self.checked.session.connection().0;
        let is_stale = |id: &SocketId| self.checked.model.lifecycle.current() != Some(*id);
        let ids = [newest.wrapping_sub(1), newest, newest + 1].map(SocketId);
        let mut walk = self.clone();
        for socket in ids.into_iter().filter(is_stale) {
            for event in SOCKET_EVENTS {
                let input = event.input(socket, self.now);
                // Past the model, which would ignore it.
                walk.checked.session.handle_input(input, self.instant());
            }
        }
        ensure!(
            walk.fingerprint() == self.fingerprint(),
            "stale sockets",
            "events of sockets that were given up made {:?} of {:?}",
            walk.checked.session,
            self.checked.session
        );
        Ok(())
    }

    /// Checks that the session which sends by itself is the same once it has been told.
    pub fn check_twin(&self) -> Result<(), Violation> {
        let hash = |session: &Session<Message>| {
            let mut hasher = DefaultHasher::new();
            session.fingerprint(|message| u64::from(message.serial), &mut hasher);
            hasher.finish()
        };
        let told = self.checked.twin.as_ref().map(|twin| twin.told());
        ensure!(
            told.is_none_or(|told| hash(&told) == hash(&self.checked.session)),
            "direct",
            "a session that is told of its messages later differs"
        );
        Ok(())
    }

    pub fn deadline(&self) -> Option<u64> {
        let deadline = self.checked.session.poll_timeout();
        deadline.map(|(at, _)| at.as_millis())
    }

    pub const fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub fn log(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>7} ms {}", self.now, text()));
        }
    }
}
