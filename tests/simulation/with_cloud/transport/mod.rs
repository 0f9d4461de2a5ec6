//! Transport between one client and the cloud: both ends of each socket, and their faults.
//!
//! Each end learns of the other only what gets through, so that a link can be dead for one of
//! them and alive for the other.

mod client_end;

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use testkit::Message;
use testkit::closures::CUT;
use testkit::model::Violation;
use testkit::world::clock::Agenda;
use testkit::world::dial_outcome::{CloseEvents, DialOutcome, ReadyState};
use testkit::world::peer::Peer;
use tpa_cloud::{ConnectionId, Delivery};
use tpa_session::session::{Close, Control, Input, Malformed, Outgoing, Redactor, SocketId};

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

struct Line {
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
    /// What was in transit to the cloud is lost; a reset comes in its place.
    up_cut: bool,
    /// Frames in transit to the cloud.
    under_way: usize,
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
    transport: BTreeMap<SocketId, Line>,
    pub to_client: Agenda<(usize, ToClient)>,
    pub to_cloud: Agenda<(SocketId, ToCloud)>,
    /// What the cloud received while it had the connection.
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
            transport: BTreeMap::new(),
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
        self.transport
            .get(&id)
            .map_or(CloudEnd::Never, |line| line.end)
    }

    /// Applies a fault to the link of this socket. Returns whether there is one.
    pub fn apply_fault(&mut self, id: SocketId, fault: LinkFault) -> bool {
        let now = self.now;
        let Some(line) = self.transport.get_mut(&id) else {
            return false;
        };
        let is_made = matches!(line.ready_state, ReadyState::Connecting | ReadyState::Open);
        if line.ended || !is_made || line.end == CloudEnd::Gone {
            return false;
        }
        match fault {
            LinkFault::Cut(ends, close_events) => {
                if ends != Ends::Cloud {
                    self.end_now(id, close_events);
                } else {
                    line.down_lost = true;
                }
                self.reset(id, ends != Ends::Client);
            }
            LinkFault::LoseUp => line.up_lost = true,
            LinkFault::LoseDown => line.down_lost = true,
            LinkFault::LoseAll => {
                line.up_lost = true;
                line.down_lost = true;
            }
            LinkFault::Stall(time) => {
                line.up_free = line.up_free.max(now + time);
                line.down_free = line.down_free.max(now + time);
            }
            LinkFault::Congestion(time, held) => {
                line.congested_until = now + time;
                line.up_free = line.up_free.max(line.congested_until);
                line.held = held;
            }
            LinkFault::Closing(after) => {
                line.ready_state = ReadyState::Closed;
                let end = ToClient::End(id, CUT.close(), CloseEvents::Close);
                self.to_client.add(now + after, (0, end));
                self.reset(id, true);
            }
            LinkFault::SendInvalid(invalid) => {
                if line.ready_state != ReadyState::Open || line.given_up {
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
        let line = self.transport.get_mut(&id).expect("a line");
        line.sent -= cost;
        let answers = !line.given_up && !line.ended;
        match what {
            ToClient::Close(_, close) if answers => {
                line.ended = true;
                line.ready_state = ReadyState::Closed;
                self.up(id, ToCloud::Answer(close.clone()));
                return Reached::Inputs(vec![Input::Closed(id, close)]);
            }
            ToClient::Close(..) => {}
            ToClient::End(_, close, close_events) => {
                if std::mem::replace(&mut line.ended, true) {
                    return Reached::Inputs(Vec::new());
                }
                line.ready_state = ReadyState::Closed;
                let input = |&closes: &bool| match closes {
                    true => Input::Closed(id, close.clone()),
                    false => Input::Failed(id),
                };
                return Reached::Inputs(close_events.closes().iter().map(input).collect());
            }
            // Nothing comes through once the socket is closed.
            _ if line.ended && line.ready_state == ReadyState::Closed => {}
            ToClient::Input(input) => {
                if matches!(input, Input::Opened(_)) && line.ready_state == ReadyState::Connecting {
                    line.ready_state = ReadyState::Open;
                }
                if matches!(input, Input::Control(_, Control::Ack)) {
                    self.peer.acknowledge(id);
                }
                return Reached::Inputs(vec![input]);
            }
            ToClient::Data(_) => return Reached::Data(id),
            ToClient::Ping(_) => {
                let shows_pings = line.plan.shows_pings;
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
        let line = self.transport.get_mut(&id)?;
        line.under_way -= 1;
        let is_late = line.up_cut && !matches!(what, ToCloud::Reset);
        if is_late {
            return None;
        }
        match line.end {
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
            CloudEnd::There(_) if line.frozen => {
                line.under_way += 1;
                line.frozen_in.push_back(what);
                None
            }
            CloudEnd::There(_) => Some(what),
        }
    }

    /// Next item that the cloud reads after a freeze.
    pub fn thawed(&mut self, id: SocketId) -> Option<ToCloud> {
        let line = self.transport.get_mut(&id)?;
        if line.frozen || !matches!(line.end, CloudEnd::There(_)) {
            return None;
        }
        let what = line.frozen_in.pop_front()?;
        line.under_way -= 1;
        Some(what)
    }

    /// The cloud accepts the socket.
    pub fn accept(&mut self, id: SocketId, connection: ConnectionId) {
        self.transport.get_mut(&id).expect("a line").end = CloudEnd::There(connection);
        self.down(id, 0, ToClient::Input(Input::Opened(id)));
    }

    /// The cloud refuses the socket.
    pub fn refuse(&mut self, id: SocketId) {
        self.transport.get_mut(&id).expect("a line").end = CloudEnd::Gone;
        let end = ToClient::End(id, CUT.close(), CloseEvents::ErrorThenClose);
        self.down(id, 0, end);
    }

    /// The cloud sends something. Returns false when too much is in transit already.
    pub fn deliver(&mut self, id: SocketId, what: Delivery) -> bool {
        let line = self.transport.get_mut(&id).expect("a line");
        let cost = what.cost();
        let waits = line.frozen_out.iter().map(Delivery::cost).sum::<usize>();
        if line.sent + waits + cost > self.most_bytes {
            return false;
        }
        if line.frozen {
            line.frozen_out.push_back(what);
        } else {
            let what = received(id, what);
            self.down(id, cost, what);
        }
        true
    }

    /// The cloud has ended the connection, however long its close takes to get out.
    pub fn over(&mut self, id: SocketId) {
        self.transport.get_mut(&id).expect("a line").over = true;
    }

    pub fn freeze(&mut self, id: SocketId, frozen: bool) {
        let line = self.transport.get_mut(&id).expect("a line");
        line.frozen = frozen;
        if !frozen {
            for what in std::mem::take(&mut line.frozen_out) {
                let cost = what.cost();
                self.down(id, cost, received(id, what));
            }
        }
    }

    /// The cloud's end is gone; the client learns of it if `tells`.
    pub fn leave(&mut self, id: SocketId, tells: bool) {
        let line = self.transport.get_mut(&id).expect("a line");
        line.end = CloudEnd::Gone;
        line.over = true;
        line.under_way -= line.frozen_in.len();
        line.frozen_in.clear();
        line.frozen_out.clear();
        if tells {
            let end = ToClient::End(id, CUT.close(), CloseEvents::Close);
            self.down(id, 0, end);
        }
    }

    /// The cloud's half of a close handshake that the client began.
    pub fn answer_goodbye(&mut self, id: SocketId, close: Close) {
        let line = self.transport.get_mut(&id).expect("a line");
        line.over = true;
        self.down(id, 0, ToClient::End(id, close, CloseEvents::Close));
    }

    fn end_now(&mut self, id: SocketId, close_events: CloseEvents) {
        let end = ToClient::End(id, CUT.close(), close_events);
        self.to_client.add(self.now, (0, end));
    }

    /// The client's end is gone; the cloud learns of it if `tells`.
    fn reset(&mut self, id: SocketId, tells: bool) {
        let now = self.now;
        let line = self.transport.get_mut(&id).expect("a line");
        if tells && !line.up_lost {
            line.up_cut = true;
            line.under_way += 1;
            self.to_cloud.add(now, (id, ToCloud::Reset));
        }
        let line = self.transport.get_mut(&id).expect("a line");
        line.up_lost = true;
    }

    fn up(&mut self, id: SocketId, what: ToCloud) {
        let line = self.transport.get_mut(&id).expect("a line");
        if !line.up_lost {
            let at = line.up_free.max(self.now + line.plan.outcome.up);
            line.up_free = at;
            line.under_way += 1;
            self.to_cloud.add(at, (id, what));
        }
    }

    /// Sends something to the client. What is lost stays in transit: nothing acknowledges it.
    fn down(&mut self, id: SocketId, cost: usize, what: ToClient) {
        let line = self.transport.get_mut(&id).expect("a line");
        line.sent += cost;
        if !line.down_lost {
            let at = line.down_free.max(self.now + line.plan.outcome.down);
            line.down_free = at;
            self.to_client.add(at, (cost, what));
        }
    }

    fn is_open(&self, id: SocketId) -> bool {
        let line = self.transport.get(&id);
        line.is_some_and(|line| line.ready_state == ReadyState::Open && !line.given_up)
    }

    /// A frame of the session reached a connection that the cloud has.
    pub fn note(&mut self, id: SocketId, frame: Outgoing<Message>) -> Result<(), Violation> {
        self.peer.receive(id, frame)
    }
}

/// What a session is told when something reaches its client.
pub enum Reached {
    Inputs(Vec<Input>),
    /// A sign of life, which is reported before the next timeout.
    Data(SocketId),
}

/// Converts a delivery to what the client's runtime makes of it.
fn received(id: SocketId, what: Delivery) -> ToClient {
    let text = match what {
        Delivery::Text(text) => text,
        Delivery::Binary(_) => return ToClient::Data(id),
        Delivery::Ping => return ToClient::Ping(id),
        Delivery::Close { code, reason } => {
            return ToClient::Close(id, Close::new(code, Redactor::default().redact(&reason)));
        }
    };
    let malformed = |reason| ToClient::Input(Input::Malformed(id, reason));
    let Ok(frame) = serde_json::from_str::<Value>(&text) else {
        return malformed(Malformed::NotJson);
    };
    if !frame.is_object() {
        return malformed(Malformed::NotObject);
    }
    let field = |name: &str| frame[name].as_str().map(str::to_owned);
    let Some(kind) = field("type").filter(|kind| !kind.is_empty()) else {
        return malformed(Malformed::NoType);
    };
    match Control::parse(&kind, field, &Redactor::default()) {
        Some(control) => ToClient::Input(Input::Control(id, control)),
        None => ToClient::Data(id),
    }
}
