//! Transport between one client and the cloud: both ends of each socket, and their faults.
//!
//! Each end learns of the other only what gets through, so that a link can be dead for one of
//! them and alive for the other.

mod client_end;
mod convert;

use std::collections::{BTreeMap, VecDeque};

use testkit::Message;
use testkit::closures::CUT;
use testkit::model::Violation;
use testkit::world::clock::Agenda;
use testkit::world::dial_outcome::{CloseEvents, DialOutcome, ReadyState};
use testkit::world::peer::Peer;
use tpa_cloud::{ConnectionId, Delivery};
use tpa_session::session::{Close, Control, Input, Outgoing, Redacted, SocketId};

pub use convert::Reached;
use convert::received;

use super::frames::InvalidFrame;

/// Planned course of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPlan {
    pub outcome: DialOutcome,
    /// The runtime reports protocol-level pings to the session, as Node does.
    pub shows_pings: bool,
    /// The key is valid.
    pub has_key: bool,
}

/// An attempt that succeeds.
pub const SUCCESS: AttemptPlan = AttemptPlan {
    outcome: DialOutcome::SUCCESS,
    shows_pings: false,
    has_key: true,
};

/// Ends that learn that the link is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Both,
    Client,
    Cloud,
}

/// Fault of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// The link is reset.
    Cut(Ends, CloseEvents),
    /// From now on nothing reaches the cloud.
    LoseUp,
    /// From now on nothing reaches the client.
    LoseDown,
    /// Both of them.
    LoseAll,
    /// Nothing gets through for a while, then everything does.
    Stall(u64),
    /// For a while the client's socket sends nothing, and holds what it is given on top of these
    /// bytes.
    Congestion(u64, u32),
    /// The client's socket is closing: what is handed to it is lost, and its close event comes
    /// later.
    Closing(u64),
    /// The client's socket sends a frame that no session would.
    SendInvalid(InvalidFrame),
}

/// Something that reaches the client's end.
pub enum ToClient {
    Input(Input),
    /// A data frame.
    Data(SocketId),
    Ping(SocketId),
    /// The cloud's close frame.
    Close(SocketId, Close),
    /// The socket ends with these events.
    End(SocketId, Close, CloseEvents),
}

/// Something that reaches the cloud's end.
#[derive(Debug)]
pub enum ToCloud {
    /// The client opens a socket.
    Dial,
    Frame(Outgoing<Message>, String),
    InvalidFrame(InvalidFrame),
    Pong,
    /// The client's close frame.
    Close(Close),
    /// The answer to the cloud's close frame.
    Answer(Close),
    /// The link is reset.
    Reset,
}

/// Cloud's end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudEnd {
    /// The client has not opened the socket yet.
    Never,
    There(ConnectionId),
    Gone,
}

struct Link {
    plan: AttemptPlan,
    session: String,
    ready_state: ReadyState,
    given_up: bool,
    /// The client's socket has reported its close.
    ended: bool,
    end: CloudEnd,
    /// The cloud has ended the connection, whether the client knows or not.
    over: bool,
    /// Nothing arrives before that time: each direction keeps the order.
    up_free: u64,
    down_free: u64,
    congested_until: u64,
    /// Bytes that the client's socket holds until then.
    held: u32,
    up_lost: bool,
    down_lost: bool,
    /// The link was cut: everything in transit to the cloud is lost, and a reset comes in its place.
    up_cut: bool,
    /// Frames in transit to the cloud.
    in_transit: usize,
    /// Faults of the cloud hold frames that have arrived.
    is_held: bool,
    /// Bytes that the cloud has sent and the client has not received.
    sent: usize,
    /// The cloud neither reads nor writes.
    frozen: bool,
    frozen_in: VecDeque<ToCloud>,
    frozen_out: VecDeque<Delivery>,
}

pub struct LinkTransport {
    /// Number of the client, for the content of its messages.
    number: usize,
    plans: VecDeque<AttemptPlan>,
    links: BTreeMap<SocketId, Link>,
    pub to_client: Agenda<(usize, ToClient)>,
    pub to_cloud: Agenda<(SocketId, ToCloud)>,
    /// Record of what the cloud received while it had the connection.
    pub peer: Peer,
    pub now: u64,
    /// Upper bound for the bytes in transit to the client.
    most_bytes: usize,
}

impl LinkTransport {
    pub fn new(number: usize, most_bytes: usize) -> Self {
        Self {
            number,
            plans: VecDeque::new(),
            links: BTreeMap::new(),
            to_client: Agenda::new(),
            to_cloud: Agenda::new(),
            peer: Peer::default(),
            now: 0,
            most_bytes,
        }
    }

    /// Plans the next attempt that has no plan yet.
    pub fn plan_attempt(&mut self, plan: AttemptPlan) {
        self.plans.push_back(plan);
    }

    /// All attempts to come succeed.
    pub fn clear_plans(&mut self) {
        self.plans.clear();
    }

    pub fn end_of(&self, id: SocketId) -> CloudEnd {
        self.links.get(&id).map_or(CloudEnd::Never, |link| link.end)
    }

    /// Applies a fault to the link of this socket. Returns whether there is one.
    pub fn apply_fault(&mut self, id: SocketId, fault: LinkFault) -> bool {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return false;
        };
        let is_made = matches!(link.ready_state, ReadyState::Connecting | ReadyState::Open);
        if link.ended || !is_made || link.end == CloudEnd::Gone {
            return false;
        }
        match fault {
            LinkFault::Cut(ends, close_events) => {
                if ends != Ends::Cloud {
                    self.end_now(id, close_events);
                } else {
                    link.down_lost = true;
                }
                self.reset(id, ends != Ends::Client);
            }
            LinkFault::LoseUp => link.up_lost = true,
            LinkFault::LoseDown => link.down_lost = true,
            LinkFault::LoseAll => {
                link.up_lost = true;
                link.down_lost = true;
            }
            LinkFault::Stall(time) => {
                link.up_free = link.up_free.max(now + time);
                link.down_free = link.down_free.max(now + time);
            }
            LinkFault::Congestion(time, held) => {
                link.congested_until = now + time;
                link.up_free = link.up_free.max(link.congested_until);
                link.held = held;
            }
            LinkFault::Closing(after) => {
                link.ready_state = ReadyState::Closed;
                let end = ToClient::End(id, CUT.close(), CloseEvents::Close);
                self.to_client.add(now + after, (0, end));
                self.reset(id, true);
            }
            LinkFault::SendInvalid(invalid) => {
                if link.ready_state != ReadyState::Open || link.given_up {
                    return false;
                }
                self.up(id, ToCloud::InvalidFrame(invalid));
            }
        }
        true
    }

    /// Something reaches the client. Returns what the session is told.
    pub fn reach(&mut self, (cost, what): (usize, ToClient)) -> Reached {
        let id = match &what {
            ToClient::Input(input) => match input.socket() {
                Some(id) => id,
                None => return Reached::Inputs(Vec::new()),
            },
            ToClient::Data(id)
            | ToClient::Ping(id)
            | ToClient::Close(id, _)
            | ToClient::End(id, ..) => *id,
        };
        let link = self.links.get_mut(&id).expect("a link");
        link.sent -= cost;
        let answers = !link.given_up && !link.ended;
        match what {
            ToClient::Close(_, close) if answers => {
                link.ended = true;
                link.ready_state = ReadyState::Closed;
                self.up(id, ToCloud::Answer(close.clone()));
                return Reached::Inputs(vec![Input::Closed(id, close)]);
            }
            ToClient::Close(..) => {}
            ToClient::End(_, close, close_events) => {
                if std::mem::replace(&mut link.ended, true) {
                    return Reached::Inputs(Vec::new());
                }
                link.ready_state = ReadyState::Closed;
                let input = |&closes: &bool| match closes {
                    true => Input::Closed(id, close.clone()),
                    false => Input::Failed(id, Redacted::default()),
                };
                return Reached::Inputs(close_events.closes().iter().map(input).collect());
            }
            // Nothing comes through once the socket is closed.
            _ if link.ended && link.ready_state == ReadyState::Closed => {}
            ToClient::Input(input) => {
                if matches!(input, Input::Opened(_)) && link.ready_state == ReadyState::Connecting {
                    link.ready_state = ReadyState::Open;
                }
                if matches!(input, Input::Control(_, Control::Ack)) {
                    self.peer.acknowledge(id);
                }
                return Reached::Inputs(vec![input]);
            }
            ToClient::Data(_) => return Reached::Data(id),
            ToClient::Ping(_) => {
                let shows_pings = link.plan.shows_pings;
                self.up(id, ToCloud::Pong);
                if shows_pings {
                    return Reached::Data(id);
                }
            }
        }
        Reached::Inputs(Vec::new())
    }

    /// Something reaches the cloud's end. Returns what the cloud is told now.
    pub fn arrive(&mut self, id: SocketId, what: ToCloud) -> Option<ToCloud> {
        let link = self.links.get_mut(&id)?;
        link.in_transit -= 1;
        let is_late = link.up_cut && !matches!(what, ToCloud::Reset);
        if is_late {
            return None;
        }
        match link.end {
            CloudEnd::Never if matches!(what, ToCloud::Dial) => Some(what),
            // The link was reset before the client got through.
            CloudEnd::Never => None,
            CloudEnd::Gone => {
                // A peer without a socket answers with a reset.
                if !matches!(what, ToCloud::Reset) {
                    self.down(id, 0, ToClient::End(id, CUT.close(), CloseEvents::Close));
                }
                None
            }
            CloudEnd::There(_) if link.frozen => {
                link.in_transit += 1;
                link.frozen_in.push_back(what);
                None
            }
            CloudEnd::There(_) => Some(what),
        }
    }

    /// Next item that the cloud reads after a freeze.
    pub fn thawed(&mut self, id: SocketId) -> Option<ToCloud> {
        let link = self.links.get_mut(&id)?;
        if link.frozen || !matches!(link.end, CloudEnd::There(_)) {
            return None;
        }
        let what = link.frozen_in.pop_front()?;
        link.in_transit -= 1;
        Some(what)
    }

    /// The cloud accepts the socket.
    pub fn accept(&mut self, id: SocketId, connection: ConnectionId) {
        self.links.get_mut(&id).expect("a link").end = CloudEnd::There(connection);
        self.down(id, 0, ToClient::Input(Input::Opened(id)));
    }

    /// The cloud refuses the socket.
    pub fn refuse(&mut self, id: SocketId) {
        self.links.get_mut(&id).expect("a link").end = CloudEnd::Gone;
        let end = ToClient::End(id, CUT.close(), CloseEvents::ErrorThenClose);
        self.down(id, 0, end);
    }

    /// The cloud sends something. Returns false when too much is in transit already.
    pub fn deliver(&mut self, id: SocketId, what: Delivery) -> bool {
        let link = self.links.get_mut(&id).expect("a link");
        let cost = what.cost();
        let waits = link.frozen_out.iter().map(Delivery::cost).sum::<usize>();
        if link.sent + waits + cost > self.most_bytes {
            return false;
        }
        if link.frozen {
            link.frozen_out.push_back(what);
        } else {
            let what = received(id, what);
            self.down(id, cost, what);
        }
        true
    }

    /// The cloud has ended the connection, however long its close takes to get out.
    pub fn over(&mut self, id: SocketId) {
        self.links.get_mut(&id).expect("a link").over = true;
    }

    /// Records whether faults of the cloud hold frames that have arrived.
    pub fn hold(&mut self, id: SocketId, is_held: bool) {
        self.links.get_mut(&id).expect("a link").is_held = is_held;
    }

    pub fn freeze(&mut self, id: SocketId, frozen: bool) {
        let link = self.links.get_mut(&id).expect("a link");
        link.frozen = frozen;
        if !frozen {
            for what in std::mem::take(&mut link.frozen_out) {
                let cost = what.cost();
                self.down(id, cost, received(id, what));
            }
        }
    }

    /// The cloud's end is gone; the client learns of it if `tells`.
    pub fn leave(&mut self, id: SocketId, tells: bool) {
        let link = self.links.get_mut(&id).expect("a link");
        link.end = CloudEnd::Gone;
        link.over = true;
        link.in_transit -= link.frozen_in.len();
        link.frozen_in.clear();
        link.frozen_out.clear();
        if tells {
            let end = ToClient::End(id, CUT.close(), CloseEvents::Close);
            self.down(id, 0, end);
        }
    }

    /// The cloud's half of a close handshake that the client began.
    pub fn answer_goodbye(&mut self, id: SocketId, close: Close) {
        let link = self.links.get_mut(&id).expect("a link");
        link.over = true;
        self.down(id, 0, ToClient::End(id, close, CloseEvents::Close));
    }

    fn end_now(&mut self, id: SocketId, close_events: CloseEvents) {
        let end = ToClient::End(id, CUT.close(), close_events);
        self.to_client.add(self.now, (0, end));
    }

    /// The client's end is gone; the cloud learns of it if `tells`.
    fn reset(&mut self, id: SocketId, tells: bool) {
        let now = self.now;
        let link = self.links.get_mut(&id).expect("a link");
        if tells && !link.up_lost {
            link.up_cut = true;
            link.in_transit += 1;
            self.to_cloud.add(now, (id, ToCloud::Reset));
        }
        let link = self.links.get_mut(&id).expect("a link");
        link.up_lost = true;
    }

    fn up(&mut self, id: SocketId, what: ToCloud) {
        let link = self.links.get_mut(&id).expect("a link");
        if !link.up_lost {
            let at = link.up_free.max(self.now + link.plan.outcome.up);
            link.up_free = at;
            link.in_transit += 1;
            self.to_cloud.add(at, (id, what));
        }
    }

    /// Sends something to the client. What is lost stays in transit: nothing acknowledges it.
    fn down(&mut self, id: SocketId, cost: usize, what: ToClient) {
        let link = self.links.get_mut(&id).expect("a link");
        link.sent += cost;
        if !link.down_lost {
            let at = link.down_free.max(self.now + link.plan.outcome.down);
            link.down_free = at;
            self.to_client.add(at, (cost, what));
        }
    }

    fn is_open(&self, id: SocketId) -> bool {
        let link = self.links.get(&id);
        link.is_some_and(|link| link.ready_state == ReadyState::Open && !link.given_up)
    }

    /// A frame of the session reached a connection that the cloud has.
    pub fn note(&mut self, id: SocketId, frame: Outgoing<Message>) -> Result<(), Violation> {
        self.peer.receive(id, frame)
    }
}
