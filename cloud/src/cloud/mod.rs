//! The cloud as a state machine: what comes in, what goes out, and what time it is.

mod apps;
mod connect;
mod disconnect;
mod events;
mod faults;
mod frames;
mod introspect;
mod relay;
mod rooms;
mod scenarios;

pub use apps::WebhookAnswer;
pub use events::FollowerId;
pub use introspect::Part;
pub use scenarios::Playing;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::cloud::disconnect::Ending;
use crate::cloud::events::Callbacks;
use crate::cloud::rooms::Rooms;
use crate::config::Config;
use crate::context::Context;
use crate::events::Fact;
use crate::faults::playback::Players;
use crate::faults::{FaultPlan, Target};
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::metrics::Census;
use crate::output::Output;
use crate::protocol::close;
use crate::protocol::handshake::Refusal;
use crate::protocol::{self, Dialect, FromTpa};
use crate::session::glasses;
use crate::session::manager::SessionManager;
use crate::time::{Instant, WallClock};
use crate::timers::Timer;
use crate::transport::{Link, Stage};

/// More user sessions than this are kept only while somebody is connected to them.
const MOST_IDLE_SESSIONS: usize = 10_000;

/// What the caller reports.
#[derive(Debug)]
pub enum Input<'a> {
    /// A text frame came.
    Text(&'a str),
    /// A binary frame came.
    Binary(&'a [u8]),
    /// A protocol-level ping came. The caller has answered it.
    Ping,
    /// A protocol-level pong came.
    Pong,
    /// The peer's close frame came, or the answer to ours.
    Closed {
        /// Its code, 1005 when it had none.
        code: u16,
        /// Its reason.
        reason: &'a str,
    },
    /// A frame began that is so long that the caller does not even read it.
    TooBig,
    /// So much waits to be sent that the peer cannot be reading.
    Congested,
    /// The socket is gone; nothing more comes from it. The last input about a connection.
    Gone,
}

/// A socket is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A fault wants it reset.
    ByFault,
    /// There are too many.
    TooMany,
}

/// The cloud's decisions. Does no I/O and knows no clock; see the [crate's documentation](crate)
/// for how it is run.
#[derive(Debug)]
pub struct Cloud {
    context: Context,
    callbacks: Callbacks,
    sessions: BTreeMap<UserSessionId, SessionManager>,
    faults: FaultPlan,
    players: Players,
    rooms: Rooms,
    last_id: u64,
    shutting_down: bool,
}

impl Cloud {
    /// A cloud without connections.
    pub fn new(config: Config, clock: WallClock, now: Instant) -> Self {
        Self {
            sessions: known_sessions(&config),
            context: Context::new(config, clock, now),
            callbacks: Callbacks::default(),
            faults: FaultPlan::default(),
            players: Players::default(),
            rooms: Rooms::default(),
            last_id: 0,
            shutting_down: false,
        }
    }

    /// A socket wants in. When it may, it has a name from now on, and an [`Input::Gone`] must
    /// come sooner or later.
    pub fn open(
        &mut self,
        peer: &str,
        dialect: Dialect,
        now: Instant,
    ) -> Result<ConnectionId, Refused> {
        self.context.set_time(now);
        if self.shutting_down || self.faults.refuses_arrival(self.context.now()) {
            let reason = "reset on arrival".to_owned();
            self.announce_refusal(None, "FAULT", None, reason);
            return Err(Refused::ByFault);
        }
        if self.context.links.len() >= self.context.config.max_connections {
            let reason = "too many connections".to_owned();
            self.announce_refusal(None, "TOO_MANY_CONNECTIONS", None, reason);
            return Err(Refused::TooMany);
        }
        self.last_id += 1;
        let id = ConnectionId(self.last_id);
        let identity = Arc::new(Identity {
            connection_id: id,
            package_name: None,
            session_id: None,
            user_session_id: None,
            peer: peer.to_owned(),
            since: self.context.date(),
        });
        let link = Link::new(Arc::clone(&identity), dialect);
        self.context.links.insert(id, link);
        let deadline = self.context.now() + self.context.config.handshake_timeout;
        self.context.timers.set(Timer::Handshake(id), deadline);
        self.announce(Some(Arc::clone(&identity)), Fact::Opened);
        self.apply_line_faults(&identity);
        Ok(id)
    }

    /// Something came from a connection. What comes from one that is over changes nothing.
    pub fn handle_input(&mut self, from: ConnectionId, input: Input<'_>, now: Instant) {
        self.context.set_time(now);
        match input {
            Input::Gone => {
                self.end(from, Ending::by_peer(close::ABNORMAL, ""));
                self.forget_held(from);
                self.context.timers.stop(&Timer::Cut(from));
                self.context.links.remove(from);
            }
            Input::Closed { code, reason } => {
                let deadline = self.context.now() + self.context.config.close_timeout;
                if self.end(from, Ending::by_peer(code, reason)) {
                    self.context.timers.set(Timer::Cut(from), deadline);
                }
            }
            Input::Congested => self.overflow(from),
            Input::TooBig => {
                self.end(from, Ending::close(close::TOO_BIG, close::FRAME_TOO_BIG));
            }
            Input::Ping => self.heard(from),
            Input::Pong => {
                self.context.metrics.ponged();
                self.heard(from);
            }
            Input::Text(text) => self.handle_text(from, text),
            Input::Binary(bytes) => self.handle_binary(from, bytes),
        }
    }

    /// Does what is due. Calling it too early or too often does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.context.set_time(now);
        while let Some(timer) = self.context.timers.pop_expired(self.context.now()) {
            self.handle_timer(timer);
        }
    }

    /// The next output, if there is one. To be called until there is none after every other call.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.context.pop()
    }

    /// When [`Cloud::handle_timeout`] is to be called next, and what for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &Timer)> {
        self.context.timers.next()
    }

    /// Closes every connection with 1001 and lets nobody in any more. All sockets are gone within
    /// the close timeout.
    pub fn shut_down(&mut self, now: Instant) {
        self.context.set_time(now);
        self.shutting_down = true;
        // Nothing that a fault holds back is to hold back the end.
        self.stop_playing(&Target::All, now);
        let deadline = self.context.now() + self.context.config.close_timeout;
        for id in self.context.links.all() {
            self.end(id, Ending::close(close::GOING_AWAY, close::SHUTTING_DOWN));
            self.context.timers.hasten(Timer::Cut(id), deadline);
        }
    }

    /// The user sessions as JSON, for people and tests.
    pub fn sessions(&self) -> Value {
        let sessions = self.sessions.values();
        sessions
            .map(|session| session.snapshot(&self.context))
            .collect()
    }

    /// Figures about what has happened so far, in Prometheus' text format.
    pub fn metrics(&self) -> String {
        let (handshaking, connected, closing) = self.context.links.census();
        self.context.metrics.text(&Census {
            handshaking,
            connected,
            closing,
            user_sessions: self.sessions.len(),
        })
    }

    /// How many sockets are not gone yet.
    pub fn socket_count(&self) -> usize {
        self.context.links.len()
    }

    fn heard(&mut self, from: ConnectionId) {
        let link = self.context.links.get(from);
        if let Some(Stage::Member(_, user)) = link.map(|link| &link.stage)
            && let Some(manager) = self.sessions.get_mut(user)
        {
            manager.heard(from, self.context.now());
        }
    }

    fn handle_text(&mut self, from: ConnectionId, text: &str) {
        self.context.metrics.received("text", text.len());
        if !self.receive(from, text.len()) {
            return;
        }
        match protocol::read_frame(text) {
            Ok((kind, frame)) => {
                self.count_message(from, kind);
                self.handle_frame(from, frame);
            }
            Err(malformed) => self.refuse(from, Refusal::malformed(malformed.to_string())),
        }
    }

    fn handle_binary(&mut self, from: ConnectionId, bytes: &[u8]) {
        self.context.metrics.received("binary", bytes.len());
        if !self.receive(from, bytes.len()) {
            return;
        }
        self.count_message(from, "binary".to_owned());
        let link = self.context.links.get(from);
        if matches!(link.map(|link| &link.stage), Some(Stage::Handshaking(_))) {
            self.refuse(from, Refusal::malformed(FIRST_FRAME.to_owned()));
        }
    }

    /// Notes that a frame came. False when it is not to be looked at.
    fn receive(&mut self, from: ConnectionId, length: usize) -> bool {
        self.heard(from);
        let Some(link) = self.context.links.get_mut(from) else {
            return false;
        };
        if link.is_over() {
            return false;
        }
        link.received += 1;
        if length > self.context.config.max_frame_bytes {
            self.end(from, Ending::close(close::TOO_BIG, close::FRAME_TOO_BIG));
            return false;
        }
        true
    }

    fn count_message(&mut self, from: ConnectionId, frame: String) {
        if let Some(link) = self.context.links.get(from) {
            let who = link.identity().map(Arc::clone);
            let count = link.received;
            self.announce(who, Fact::Message { frame, count });
        }
    }

    fn handle_frame(&mut self, from: ConnectionId, frame: FromTpa) {
        let Some(link) = self.context.links.get(from) else {
            return;
        };
        match (&link.stage, frame) {
            (Stage::Handshaking(_), FromTpa::Init(init)) => self.introduce(from, &init),
            (Stage::Handshaking(_), _) => {
                self.refuse(from, Refusal::malformed(FIRST_FRAME.to_owned()));
            }
            (Stage::Member(..), FromTpa::Init(_)) => {
                let message = "tpa_connection_init came a second time".to_owned();
                self.refuse(from, Refusal::malformed(message));
            }
            (Stage::Member(..), FromTpa::Ping) => self.answer_ping(from),
            (Stage::Member(who, _), FromTpa::Ask(request)) => {
                let (date, nth) = (self.context.date(), link.received);
                for frame in glasses::answer(&request, who, nth, &date) {
                    self.context.deliver_text(from, frame);
                }
            }
            (Stage::Member(who, _), FromTpa::Tell(message)) => {
                let who = Arc::clone(who);
                self.relay(who, message);
            }
            (Stage::Member(who, user), frame) => {
                let who = Arc::clone(who);
                let manager = self.sessions.get(user);
                if let Some(fact) = manager.and_then(|manager| manager.read(&who, frame)) {
                    self.announce(Some(who), fact);
                }
            }
            (Stage::Closing, _) => {}
        }
    }

    /// Older clouds ignore a ping.
    fn answer_ping(&mut self, from: ConnectionId) {
        if self.context.config.pong {
            let pong = protocol::pong(&self.context.date());
            self.context.deliver_text(from, pong);
        }
    }

    /// Sees to it that the sessions do not become too many.
    fn make_room_for_sessions(&mut self) {
        if self.sessions.len() >= MOST_IDLE_SESSIONS && !self.context.config.strict_sessions {
            self.forget_sessions(|manager| manager.is_empty());
        }
    }

    fn forget_sessions(&mut self, which: impl Fn(&SessionManager) -> bool) {
        let context = &mut self.context;
        self.sessions.retain(|_, manager| {
            let forgotten = which(manager);
            if forgotten {
                manager.retire(context);
            }
            !forgotten
        });
    }

    fn handle_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Handshake(id) => {
                let ending = Ending::close(close::POLICY, close::HANDSHAKE_TIMEOUT);
                self.end(id, ending);
            }
            Timer::Ping(id) => {
                let user = self.user_session_of(id);
                if let Some(manager) = user.and_then(|user| self.sessions.get(&user)) {
                    manager.ping(id, &mut self.context);
                }
            }
            Timer::Stale(id) => self.judge_silence(id),
            Timer::Cut(id) => self.cut(id),
            Timer::Release(id) => self.release(id),
            Timer::Overflow(id) => self.overflow(id),
            Timer::Thaw(id) => self.thaw(id),
            Timer::Flap(id) => {
                self.end(id, Ending::cut());
            }
            Timer::AppRestart(user, package) => self.restart_app(&user, &package),
            Timer::Plan(id) => self.play_on(id),
            Timer::Streams(user) => {
                if let Some(manager) = self.sessions.get_mut(&user) {
                    manager.speak(&mut self.context);
                }
            }
            Timer::Audio(user) => {
                if let Some(manager) = self.sessions.get_mut(&user) {
                    manager.send_audio(&mut self.context);
                }
            }
            Timer::DisplayEnd(user, view) => {
                let manager = self.sessions.get(&user);
                if let Some(fact) = manager.and_then(|manager| manager.display_end(view)) {
                    self.announce(None, fact);
                }
            }
        }
    }

    /// Lets out what a delay has held long enough.
    fn release(&mut self, id: ConnectionId) {
        let now = self.context.now();
        while let Some(link) = self.context.links.get_mut(id) {
            let Some(what) = link.release(now) else {
                if let Some(due) = link.next_release() {
                    self.context.timers.set(Timer::Release(id), due);
                }
                return;
            };
            self.context.push(Output::Deliver { to: id, what });
        }
    }

    fn user_session_of(&self, id: ConnectionId) -> Option<UserSessionId> {
        match &self.context.links.get(id)?.stage {
            Stage::Member(_, user) => Some(user.clone()),
            Stage::Handshaking(_) | Stage::Closing => None,
        }
    }

    /// The connected TPAs that are meant.
    fn members(&self, target: &Target) -> Vec<Arc<Identity>> {
        let meant = self.context.links.matching(target);
        let links = meant.iter().filter_map(|id| self.context.links.get(*id));
        links
            .filter_map(|link| match &link.stage {
                Stage::Member(who, _) => Some(Arc::clone(who)),
                Stage::Handshaking(_) | Stage::Closing => None,
            })
            .collect()
    }
}

fn known_sessions(config: &Config) -> BTreeMap<UserSessionId, SessionManager> {
    let ids = config.user_sessions.iter().map(|id| UserSessionId::new(id));
    ids.map(|id| (id.clone(), SessionManager::new(id)))
        .collect()
}

const FIRST_FRAME: &str = "the first frame must be tpa_connection_init";
