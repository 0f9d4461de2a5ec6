//! The cloud as a state machine: what comes in, what goes out, and what time it is.

mod faulting;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::close;
use crate::config::Config;
use crate::effects::{Delivery, Effects, Output};
use crate::events::{Fact, Side};
use crate::faults::{FaultPlan, Target};
use crate::handshake::{self, Refusal};
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::links::{Link, Stage};
use crate::protocol::{self, ConnectionInit, Dialect, FromTpa};
use crate::session_manager::SessionManager;
use crate::time::{Instant, WallClock};
use crate::timers::Timer;

/// More user sessions than this are kept only while somebody is connected to them.
const MOST_IDLE_SESSIONS: usize = 10_000;

/// What the caller reports.
#[derive(Debug)]
pub enum Input<'a> {
    /// A text frame came.
    Text(&'a str),
    /// A binary frame came.
    Binary(&'a [u8]),
    /// A protocol-level ping or pong came.
    SignOfLife,
    /// The peer's close frame came, or the answer to ours.
    Closed {
        /// Its code, 1005 when it had none.
        code: u16,
        /// Its reason.
        reason: &'a str,
    },
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
    effects: Effects,
    clock: WallClock,
    sessions: BTreeMap<UserSessionId, SessionManager>,
    faults: FaultPlan,
    last_id: u64,
    shutting_down: bool,
}

/// How a connection ends.
struct Ending {
    how: How,
    by: Side,
    code: u16,
    reason: String,
}

enum How {
    /// With a close frame.
    CloseFrame,
    /// With a reset.
    Cut,
    /// By itself; it is over already.
    Itself,
}

impl Ending {
    fn close(code: u16, reason: impl Into<String>) -> Self {
        Self {
            how: How::CloseFrame,
            by: Side::Cloud,
            code,
            reason: reason.into(),
        }
    }

    fn cut() -> Self {
        Self {
            how: How::Cut,
            by: Side::Cloud,
            code: close::ABNORMAL,
            reason: String::new(),
        }
    }

    fn by_peer(code: u16, reason: &str) -> Self {
        Self {
            how: How::Itself,
            by: Side::Peer,
            code,
            reason: reason.to_owned(),
        }
    }
}

impl Cloud {
    /// A cloud without connections.
    pub fn new(config: Config, clock: WallClock, now: Instant) -> Self {
        Self {
            sessions: known_sessions(&config),
            effects: Effects::new(config, clock, now),
            clock,
            faults: FaultPlan::default(),
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
        self.set_time(now);
        if self.shutting_down || self.faults.refuses_arrival(self.effects.now) {
            let reason = "reset on arrival".to_owned();
            self.announce_refusal(None, "FAULT", None, reason);
            return Err(Refused::ByFault);
        }
        if self.effects.links.len() >= self.effects.config.max_connections {
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
            since: self.effects.date(),
        });
        let link = Link::new(Arc::clone(&identity), dialect);
        self.effects.links.insert(id, link);
        let deadline = self.effects.now + self.effects.config.handshake_timeout;
        self.effects.timers.set(Timer::Handshake(id), deadline);
        self.effects
            .announce(Some(Arc::clone(&identity)), Fact::Opened);
        self.apply_line_faults(&identity);
        Ok(id)
    }

    /// Something came from a connection. What comes from one that is over changes nothing.
    pub fn handle_input(&mut self, from: ConnectionId, input: Input<'_>, now: Instant) {
        self.set_time(now);
        match input {
            Input::Gone => {
                self.end(from, Ending::by_peer(close::ABNORMAL, ""));
                self.effects.timers.stop(&Timer::Cut(from));
                self.effects.links.remove(from);
            }
            Input::Closed { code, reason } => {
                let deadline = self.effects.now + self.effects.config.close_timeout;
                if self.end(from, Ending::by_peer(code, reason)) {
                    self.effects.timers.set(Timer::Cut(from), deadline);
                }
            }
            Input::Congested => {
                self.end(
                    from,
                    Ending {
                        reason: "send buffer full".to_owned(),
                        ..Ending::cut()
                    },
                );
            }
            Input::SignOfLife => self.heard(from),
            Input::Text(text) => self.handle_text(from, text),
            Input::Binary(bytes) => self.handle_binary(from, bytes),
        }
    }

    /// Does what is due. Calling it too early or too often does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.set_time(now);
        while let Some(timer) = self.effects.timers.pop_expired(self.effects.now) {
            self.handle_timer(timer);
        }
    }

    /// The next output, if there is one. To be called until there is none after every other call.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.effects.pop()
    }

    /// When [`Cloud::handle_timeout`] is to be called next, and what for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &Timer)> {
        self.effects.timers.next()
    }

    /// Sends a frame to the connected TPAs that are meant. Returns who they are.
    pub fn send_frame(&mut self, target: &Target, text: &str, now: Instant) -> Vec<ConnectionId> {
        self.set_time(now);
        let members = self.members(target);
        for who in &members {
            self.effects
                .deliver_text(who.connection_id, text.to_owned());
        }
        members.iter().map(|who| who.connection_id).collect()
    }

    /// Stops apps as the user would: tells them and closes. Returns whose connections those were.
    pub fn stop_apps(&mut self, target: &Target, reason: &str, now: Instant) -> Vec<ConnectionId> {
        self.set_time(now);
        let members = self.members(target);
        for who in &members {
            let session_id = who.session_id.as_deref().unwrap_or_default();
            let frame = protocol::app_stopped(session_id, reason, &self.effects.date());
            self.effects.deliver_text(who.connection_id, frame);
            let user = who.user_session_id.as_ref();
            if let Some(manager) = user.and_then(|user| self.sessions.get_mut(user)) {
                let package = who.package_name.as_deref().unwrap_or_default();
                manager.forget_app(package, &mut self.effects);
            }
            let ending = Ending::close(close::NORMAL, close::APP_STOPPED);
            self.end(who.connection_id, ending);
        }
        members.iter().map(|who| who.connection_id).collect()
    }

    /// Closes every connection with 1001 and lets nobody in any more.
    pub fn shut_down(&mut self, now: Instant) {
        self.set_time(now);
        self.shutting_down = true;
        for id in self.effects.links.matching(&Target::All) {
            self.end(id, Ending::close(close::GOING_AWAY, close::SHUTTING_DOWN));
        }
    }

    /// The user sessions as JSON, for people and tests.
    pub fn sessions(&self) -> Value {
        let sessions = self.sessions.values();
        sessions
            .map(|session| session.snapshot(&self.effects, self.clock))
            .collect()
    }

    /// How many sockets are not gone yet.
    pub fn socket_count(&self) -> usize {
        self.effects.links.len()
    }

    /// Time that goes back is taken for no time.
    fn set_time(&mut self, now: Instant) {
        self.effects.now = self.effects.now.max(now);
    }

    fn heard(&mut self, from: ConnectionId) {
        let user = self.user_session_of(from);
        if let Some(manager) = user.and_then(|user| self.sessions.get_mut(&user)) {
            manager.heard(from, self.effects.now);
        }
    }

    fn handle_text(&mut self, from: ConnectionId, text: &str) {
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
        if !self.receive(from, bytes.len()) {
            return;
        }
        self.count_message(from, "binary".to_owned());
        let link = self.effects.links.get(from);
        if matches!(link.map(|link| &link.stage), Some(Stage::Handshaking(_))) {
            self.refuse(from, Refusal::malformed(FIRST_FRAME.to_owned()));
        }
    }

    /// Notes that a frame came. False when it is not to be looked at.
    fn receive(&mut self, from: ConnectionId, length: usize) -> bool {
        self.heard(from);
        let Some(link) = self.effects.links.get_mut(from) else {
            return false;
        };
        if link.identity().is_none() {
            return false;
        }
        link.received += 1;
        if length > self.effects.config.max_frame_bytes {
            self.end(from, Ending::close(close::TOO_BIG, close::FRAME_TOO_BIG));
            return false;
        }
        true
    }

    fn count_message(&mut self, from: ConnectionId, frame: String) {
        if let Some(link) = self.effects.links.get(from) {
            let who = link.identity().map(Arc::clone);
            let count = link.received;
            self.effects.announce(who, Fact::Message { frame, count });
        }
    }

    fn handle_frame(&mut self, from: ConnectionId, frame: FromTpa) {
        let Some(link) = self.effects.links.get(from) else {
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
            (Stage::Member(_, user), frame) => {
                if let Some(manager) = self.sessions.get_mut(user) {
                    manager.handle_frame(from, frame, &mut self.effects);
                }
            }
            (Stage::Closing, _) => {}
        }
    }

    /// A TPA says who it is.
    fn introduce(&mut self, id: ConnectionId, init: &ConnectionInit) {
        let judged = handshake::judge(init, &self.effects.config, |user| {
            self.sessions.contains_key(user)
        });
        let Some(link) = self.effects.links.get_mut(id) else {
            return;
        };
        let Some(stranger) = link.identity() else {
            return;
        };
        let who = Arc::new(Identity {
            package_name: Some(init.package_name.clone()),
            session_id: Some(init.session_id.clone()),
            user_session_id: judged.as_ref().ok().map(|id| id.user_session.clone()),
            ..Identity::clone(stranger)
        });
        link.stage = Stage::Handshaking(Arc::clone(&who));
        let user = match judged {
            Ok(session) => session.user_session,
            Err(refusal) => return self.refuse(id, refusal),
        };
        if self.faults.refuses(&who, self.effects.now) {
            let reason = "reset on introduction".to_owned();
            self.announce_refusal(Some(who), "FAULT", None, reason);
            self.end(id, Ending::cut());
            return;
        }
        self.apply_line_faults(&who);
        // The ack got lost: the connection stays without one, until its handshake times out.
        if self.faults.drops_ack(&who, self.effects.now) {
            return;
        }
        self.admit(who, user);
    }

    fn admit(&mut self, who: Arc<Identity>, user: UserSessionId) {
        let id = who.connection_id;
        let package = who.package_name.as_deref().unwrap_or_default();
        let session_id = who.session_id.as_deref().unwrap_or_default();
        if self.sessions.len() >= MOST_IDLE_SESSIONS && !self.effects.config.strict_sessions {
            self.forget_sessions(|manager| manager.is_empty());
        }
        let manager = self
            .sessions
            .entry(user.clone())
            .or_insert_with(|| SessionManager::new(user.clone()));
        if let Some(old) = manager.connection_of(package) {
            self.supersede(old, id);
        }
        let Some(link) = self.effects.links.get_mut(id) else {
            return;
        };
        link.stage = Stage::Member(Arc::clone(&who), user.clone());
        let dialect = link.dialect;
        self.effects.timers.stop(&Timer::Handshake(id));
        let ack = protocol::ack(dialect, session_id, package, &self.effects.date());
        self.effects.deliver_text(id, ack);
        if let Some(manager) = self.sessions.get_mut(&user) {
            manager.announce(Arc::clone(&who), Fact::Acked, &mut self.effects);
        }
        self.apply_member_faults(&who);
    }

    fn forget_sessions(&mut self, which: impl Fn(&SessionManager) -> bool) {
        let effects = &mut self.effects;
        self.sessions.retain(|_, manager| {
            let forgotten = which(manager);
            if forgotten {
                manager.retire(effects);
            }
            !forgotten
        });
    }

    fn supersede(&mut self, old: ConnectionId, by: ConnectionId) {
        let link = self.effects.links.get(old);
        let who = link.and_then(Link::identity).map(Arc::clone);
        self.effects.announce(who, Fact::Superseded { by });
        let ending = Ending::close(close::SUPERSEDED, close::SUPERSEDED_REASON);
        self.end(old, ending);
    }

    /// Tells a connection why it is not wanted, and closes it.
    fn refuse(&mut self, id: ConnectionId, refusal: Refusal) {
        let link = self.effects.links.get(id);
        let who = link.and_then(Link::identity).map(Arc::clone);
        let date = self.effects.date();
        let frame = protocol::connection_error(refusal.code, &refusal.message, &date);
        self.effects.deliver_text(id, frame);
        let reason = refusal.message;
        self.announce_refusal(who, refusal.code, Some(close::POLICY), reason);
        self.end(id, Ending::close(close::POLICY, refusal.reason));
    }

    fn announce_refusal(
        &mut self,
        who: Option<Arc<Identity>>,
        error: &'static str,
        code: Option<u16>,
        reason: String,
    ) {
        let fact = Fact::Refused {
            error,
            code,
            reason,
        };
        self.effects.announce(who, fact);
    }

    /// Ends a connection: from here on only its link knows it, and only that it is closing.
    /// False when it was over already.
    fn end(&mut self, id: ConnectionId, ending: Ending) -> bool {
        let Some(link) = self.effects.links.get_mut(id) else {
            return false;
        };
        let (who, user) = match std::mem::replace(&mut link.stage, Stage::Closing) {
            Stage::Handshaking(who) => (who, None),
            Stage::Member(who, user) => (who, Some(user)),
            Stage::Closing => return false,
        };
        let frozen = link.frozen;
        for timer in Timer::of_connection(id) {
            self.effects.timers.stop(&timer);
        }
        let Ending {
            how,
            by,
            code,
            reason,
        } = ending;
        let fact = Fact::Closed {
            code,
            reason: reason.clone(),
            by,
        };
        match user.and_then(|user| self.sessions.get_mut(&user)) {
            Some(manager) => manager.announce(who, fact, &mut self.effects),
            None => {
                self.effects.announce(Some(who), fact);
            }
        }
        match how {
            How::CloseFrame if !frozen => self.send_close(id, code, reason),
            // No close frame gets through ice.
            How::CloseFrame | How::Cut => self.cut(id),
            How::Itself => self.forget_held(id),
        }
        true
    }

    /// Sends a close frame, after whatever is held back, and sees to it that the socket goes.
    fn send_close(&mut self, id: ConnectionId, code: u16, reason: String) {
        self.effects.deliver(id, Delivery::Close { code, reason });
        let now = self.effects.now;
        let Some(link) = self.effects.links.get(id) else {
            return;
        };
        // Ending the connection has stopped this timer; what is held must still go out.
        if let Some(due) = link.next_release() {
            self.effects.timers.set(Timer::Release(id), due);
        }
        let sent = link.last_release().unwrap_or(now);
        let deadline = sent + self.effects.config.close_timeout;
        self.effects.timers.set(Timer::Cut(id), deadline);
    }

    fn cut(&mut self, id: ConnectionId) {
        self.forget_held(id);
        self.effects.push(Output::Cut { to: id });
    }

    fn forget_held(&mut self, id: ConnectionId) {
        if let Some(link) = self.effects.links.get_mut(id) {
            link.forget_held();
        }
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
                    manager.ping(id, &mut self.effects);
                }
            }
            Timer::Stale(id) => self.judge_silence(id),
            Timer::Cut(id) => self.cut(id),
            Timer::Release(id) => self.release(id),
            Timer::Thaw(id) => self.thaw(id),
            Timer::Flap(id) => {
                self.end(id, Ending::cut());
            }
            Timer::Streams(user) => {
                if let Some(manager) = self.sessions.get_mut(&user) {
                    manager.speak(&mut self.effects);
                }
            }
            Timer::Audio(user) => {
                if let Some(manager) = self.sessions.get_mut(&user) {
                    manager.send_audio(&mut self.effects);
                }
            }
            Timer::DisplayEnd(user, view) => {
                if let Some(manager) = self.sessions.get_mut(&user) {
                    manager.end_display(view, &mut self.effects);
                }
            }
        }
    }

    /// Closes a connection that has been silent for too long.
    fn judge_silence(&mut self, id: ConnectionId) {
        let user = self.user_session_of(id);
        let Some(manager) = user.and_then(|user| self.sessions.get(&user)) else {
            return;
        };
        let Some(silent) = manager.silence(id, &mut self.effects) else {
            return;
        };
        let link = self.effects.links.get(id);
        let Some(who) = link.and_then(Link::identity).map(Arc::clone) else {
            return;
        };
        let reason = close::stale_reason(who.package_name.as_deref().unwrap_or_default());
        let silent_ms = silent.as_millis() as u64;
        self.effects.announce(Some(who), Fact::Stale { silent_ms });
        self.end(id, Ending::close(close::STALE, reason));
    }

    /// Lets out what a delay has held long enough.
    fn release(&mut self, id: ConnectionId) {
        let now = self.effects.now;
        while let Some(link) = self.effects.links.get_mut(id) {
            let Some(what) = link.release(now) else {
                if let Some(due) = link.next_release() {
                    self.effects.timers.set(Timer::Release(id), due);
                }
                return;
            };
            self.effects.push(Output::Deliver { to: id, what });
        }
    }

    fn user_session_of(&self, id: ConnectionId) -> Option<UserSessionId> {
        match &self.effects.links.get(id)?.stage {
            Stage::Member(_, user) => Some(user.clone()),
            Stage::Handshaking(_) | Stage::Closing => None,
        }
    }

    /// The connected TPAs that are meant.
    fn members(&self, target: &Target) -> Vec<Arc<Identity>> {
        let meant = self.effects.links.matching(target);
        let links = meant.iter().filter_map(|id| self.effects.links.get(*id));
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
