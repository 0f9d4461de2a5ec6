//! The cloud as a state machine without I/O.

mod apps;
mod arrivals;
mod connect;
mod disconnect;
mod endpoints;
mod events;
mod faults;
mod frames;
#[cfg(feature = "test-util")]
mod introspect;
mod old_connection;
mod receive;
mod relay;
mod rooms;
mod scenarios;

pub use apps::{WebhookAnswer, read_answer};
pub use events::ListenerId;
#[cfg(feature = "test-util")]
pub use introspect::Component;
pub use scenarios::Playing;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::cloud::disconnect::Ending;
use crate::cloud::events::Listeners;
use crate::cloud::rooms::Rooms;
use crate::config::Config;
use crate::context::Context;
use crate::events::Fact;
use crate::faults::playback::Playback;
use crate::faults::{ArmedFaults, Target};
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::metrics::ConnectionCounts;
use crate::output::Output;
use crate::protocol::close;
use crate::protocol::handshake::Refusal;
use crate::protocol::{self, Dialect, FromTpa};
use crate::session::manager::SessionManager;
use crate::time::{Instant, WallClock};
use crate::timers::Timer;
use crate::transport::{Stage, Transport};

/// Above this number, user sessions without a connection are removed.
const MAX_IDLE_SESSIONS: usize = 10_000;

/// An event on a socket, reported by the caller.
#[derive(Debug)]
pub enum Input<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame.
    Binary(&'a [u8]),
    /// A protocol-level ping, which the caller has answered.
    Ping,
    /// A protocol-level pong.
    Pong,
    /// The peer's close frame, or its response to ours.
    Closed {
        /// 1005 if the frame has no code.
        code: u16,
        /// Empty if the frame has none.
        reason: &'a str,
    },
    /// The beginning of a frame that is too long to be read.
    TooBig,
    /// The send buffer is full, because the peer does not read.
    Congested,
    /// The receive buffer is too large, with those of other connections.
    Overrun,
    /// The socket is closed. Last input of a connection.
    Gone,
}

/// Error for a socket that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// A fault resets it.
    ResetByFault,
    /// The limit of connections is reached.
    TooManyConnections,
}

/// The cloud, without I/O and clock. The [crate's documentation](crate) describes the run loop.
#[derive(Debug)]
pub struct Cloud {
    context: Context,
    listeners: Listeners,
    sessions: BTreeMap<UserSessionId, SessionManager>,
    faults: ArmedFaults,
    playback: Playback,
    rooms: Rooms,
    /// Requests to apps whose result is not known yet.
    calls_in_progress: usize,
    last_id: u64,
    /// Number of sockets so far, with those that were refused.
    sockets_seen: u64,
    shutting_down: bool,
}

impl Cloud {
    /// Creates a cloud without connections.
    pub fn new(config: Config, clock: WallClock, now: Instant) -> Self {
        Self {
            sessions: known_sessions(&config),
            context: Context::new(config, clock, now),
            listeners: Listeners::default(),
            faults: ArmedFaults::default(),
            playback: Playback::default(),
            rooms: Rooms::default(),
            calls_in_progress: 0,
            last_id: 0,
            sockets_seen: 0,
            shutting_down: false,
        }
    }

    /// Accepts a socket and returns its id. The caller must report [`Input::Gone`] once the socket
    /// is closed.
    ///
    /// # Errors
    ///
    /// Fails if a fault refuses the socket, during a shutdown, and at the limit of connections.
    pub fn open(
        &mut self,
        peer: &str,
        dialect: Dialect,
        now: Instant,
    ) -> Result<ConnectionId, OpenError> {
        self.context.set_time(now);
        self.sockets_seen += 1;
        if self.shutting_down
            || self
                .faults
                .refuses_socket(self.sockets_seen, self.context.now())
        {
            let reason = "reset before the handshake".to_owned();
            self.broadcast_refusal(None, "FAULT", None, reason);
            return Err(OpenError::ResetByFault);
        }
        if self.context.transports.len() >= self.context.config.max_connections {
            let reason = "too many connections".to_owned();
            self.broadcast_refusal(None, "TOO_MANY_CONNECTIONS", None, reason);
            return Err(OpenError::TooManyConnections);
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
        let transport = Transport::new(Arc::clone(&identity), dialect);
        self.context.transports.insert(id, transport);
        let deadline = self.context.now() + self.context.config.handshake_timeout;
        self.context.timers.set(Timer::Handshake(id), deadline);
        self.broadcast(Some(Arc::clone(&identity)), Fact::Opened);
        self.apply_open_faults(&identity);
        Ok(id)
    }

    /// Handles an event on a socket. Frames of a connection that is closed are ignored.
    pub fn handle_input(&mut self, from: ConnectionId, input: Input<'_>, now: Instant) {
        self.context.set_time(now);
        if !self.is_held(from, &input) {
            self.handle_arrived(from, input);
        }
    }

    fn handle_arrived(&mut self, from: ConnectionId, input: Input<'_>) {
        match input {
            Input::Gone => {
                self.end(from, Ending::by_peer(close::ABNORMAL, ""));
                self.discard_held(from);
                self.context.timers.stop(&Timer::Cut(from));
                self.context.transports.remove(from);
            }
            Input::Closed { code, reason } => {
                if self.end(from, Ending::by_peer(code, reason)) {
                    self.finish_closing(from);
                }
            }
            Input::Congested => self.overflow(from, "send buffer full"),
            Input::Overrun => self.overflow(from, "receive buffer full"),
            Input::TooBig => {
                self.end(from, Ending::close(close::TOO_BIG, close::FRAME_TOO_BIG));
            }
            Input::Ping => self.record_activity(from),
            Input::Pong => {
                self.context.metrics.pong_received();
                self.record_activity(from);
            }
            Input::Text(text) => self.handle_text(from, text),
            Input::Binary(bytes) => self.handle_binary(from, bytes),
        }
    }

    /// Handles the expired timers. Spurious calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.context.set_time(now);
        while let Some(timer) = self.context.timers.pop_expired(self.context.now()) {
            self.handle_timer(timer);
        }
    }

    /// Returns the next output. Call it until it returns `None`, after every other method.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.context.pop()
    }

    /// Returns the time of the next call to [`Cloud::handle_timeout`], and the timer that expires.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, &Timer)> {
        self.context.timers.next()
    }

    /// Closes every connection with [`Config::shutdown_code`] and accepts no new ones. All sockets are closed within the
    /// close timeout.
    pub fn shut_down(&mut self, now: Instant) {
        self.context.set_time(now);
        self.shutting_down = true;
        // Frames that a fault holds back must not delay the shutdown.
        self.stop_playing(&Target::All, now);
        let deadline = self.context.now() + self.context.config.close_timeout;
        let code = close::of_shutdown(self.context.config.shutdown_code);
        for id in self.context.transports.all() {
            self.end(id, Ending::close(code, close::SHUTTING_DOWN));
            self.context.timers.set_no_later(Timer::Cut(id), deadline);
        }
    }

    /// Returns the user sessions as JSON.
    pub fn sessions(&self) -> Value {
        let sessions = self.sessions.values();
        sessions
            .map(|session| session.snapshot(&self.context))
            .collect()
    }

    /// Returns the metrics in Prometheus' text format.
    pub fn metrics(&self) -> String {
        let (handshaking, connected, closing) = self.context.transports.counts();
        self.context.metrics.text(&ConnectionCounts {
            handshaking,
            connected,
            closing,
            user_sessions: self.sessions.len(),
        })
    }

    /// Returns the number of sockets, including those that are closing.
    pub fn socket_count(&self) -> usize {
        self.context.transports.len()
    }

    fn record_activity(&mut self, from: ConnectionId) {
        let transport = self.context.transports.get(from);
        if let Some(user) = transport.and_then(Transport::user_session)
            && let Some(manager) = self.sessions.get_mut(user)
        {
            manager.record_activity(from, self.context.now());
        }
    }

    fn handle_frame(&mut self, from: ConnectionId, frame: FromTpa) {
        let Some(transport) = self.context.transports.get(from) else {
            return;
        };
        match (&transport.stage, frame) {
            (Stage::Handshaking(_), FromTpa::Init(init)) => self.handle_init(from, &init),
            (Stage::Handshaking(_), _) => {
                self.refuse(from, Refusal::malformed(FIRST_FRAME.to_owned()));
            }
            (Stage::Member(..), FromTpa::Init(_)) => {
                let message = "tpa_connection_init is allowed once".to_owned();
                self.refuse(from, Refusal::malformed(message));
            }
            (Stage::Member(..), FromTpa::Ping { id }) => self.answer_ping(from, id),
            (Stage::Member(who, _), FromTpa::Request(request)) => {
                let (who, nth) = (Arc::clone(who), transport.received);
                self.answer_request(&who, &request, nth);
            }
            (Stage::Member(who, _), FromTpa::ToApps(message)) => {
                let who = Arc::clone(who);
                self.relay(who, message);
            }
            (Stage::Member(who, _), frame) => {
                let who = Arc::clone(who);
                self.handle_member_frame(who, frame);
            }
            (Stage::Detached(who, _), frame) => {
                let who = Arc::clone(who);
                self.handle_detached_frame(&who, frame);
            }
            (Stage::Closing, _) => {}
        }
    }

    /// Answers a ping, unless the cloud is configured like older releases.
    fn answer_ping(&mut self, from: ConnectionId, id: Option<u64>) {
        if self.context.config.pong {
            let pong = protocol::pong(id, &self.context.date());
            self.context.deliver_text(from, pong);
        }
    }

    /// Bounds the number of user sessions.
    fn drop_idle_sessions(&mut self) {
        if self.sessions.len() >= MAX_IDLE_SESSIONS && !self.context.config.strict_sessions {
            self.remove_sessions(|manager| manager.is_empty());
        }
    }

    fn remove_sessions(&mut self, which: impl Fn(&SessionManager) -> bool) {
        let context = &mut self.context;
        self.sessions.retain(|_, manager| {
            let forgotten = which(manager);
            if forgotten {
                manager.release(context);
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
            Timer::Stale(id) => self.check_stale(id),
            Timer::ArmedFaultEnd => self.end_armed_faults(),
            Timer::Cut(id) => self.cut(id),
            Timer::Release(id) => self.release(id),
            Timer::Arrive(id) => self.handle_arrivals(id),
            Timer::Overflow(id) => self.overflow(id, "send buffer full"),
            Timer::Thaw(id) => self.thaw(id),
            Timer::Flap(id) => {
                self.end(id, Ending::cut());
            }
            Timer::AppNextStep(user, package) => self.take_app_step(&user, &package),
            Timer::AppStartTimeout(user, package) => self.give_up_app(&user, &package),
            Timer::Plan(id) => self.run_due_steps(id),
            Timer::Streams(user) => {
                if let Some(manager) = self.sessions.get_mut(&user) {
                    manager.send_streams(&mut self.context);
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
                    self.broadcast(None, fact);
                }
            }
        }
    }

    fn user_session_of(&self, id: ConnectionId) -> Option<UserSessionId> {
        let transport = self.context.transports.get(id)?;
        transport.user_session().cloned()
    }

    /// Returns the connected TPAs of a target.
    fn members(&self, target: &Target) -> Vec<Arc<Identity>> {
        let members = self.context.transports.members();
        let meant = members.filter(|who| target.includes(who));
        meant.cloned().collect()
    }
}

fn known_sessions(config: &Config) -> BTreeMap<UserSessionId, SessionManager> {
    let ids = config.user_sessions.iter().map(|id| UserSessionId::new(id));
    ids.map(|id| (id.clone(), SessionManager::new(id)))
        .collect()
}

const FIRST_FRAME: &str = "the first frame must be tpa_connection_init";
