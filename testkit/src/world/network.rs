//! Virtual network: sockets, the links behind them, and faults of both. The cloud at the other
//! end answers as planned.

use std::collections::{BTreeMap, VecDeque};

use tpa_session::session::{
    Close, Control, Input, Malformed, Outgoing, PingId, Redactor, SocketId,
};

use super::attempt_plan::{AttemptPlan, Greeting, SUCCESS};
use super::clock::Agenda;
use super::dial_outcome::{CloseEvents, Dial, ReadyState};
use crate::Message;
use crate::closures::{CUT, Closure, Refusal};

/// Error of a socket that is refused or cut.
const REFUSED: &str = "connect ECONNREFUSED";

/// Fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The cloud closes the connection, or the link breaks.
    Close(Closure, CloseEvents),
    /// The link breaks, and what is in transit to the client is lost.
    Cut,
    /// The socket reports an error and never a close.
    ErrorOnly,
    Refuse(Refusal),
    StopApp(Option<&'static str>),
    Malformed(Malformed),
    /// A data frame.
    Data,
    /// A protocol ping.
    ProtocolPing,
    /// A pong without a ping, or to a ping of somebody else.
    Pong(Option<PingId>),
    /// An unsolicited ack.
    Ack,
    /// From now on nothing reaches the cloud.
    LoseUp,
    /// From now on nothing reaches the client.
    LoseDown,
    /// Nothing gets through for a while, then everything does.
    Stall(u64),
    /// For a while the socket sends nothing, and holds what it is given on top of these bytes.
    Congestion(u64, u32),
    /// The socket is closing: what is handed to it is lost, and its close event comes later.
    Closing(u64),
}

/// Scheduled event of the network.
pub enum Due {
    /// An input for the session.
    Input(Input),
    /// A data frame reaches the client, which the session learns of later.
    Data(SocketId),
    /// A protocol ping reaches the client.
    ProtocolPing(SocketId),
    /// Something reaches the cloud.
    Arrival(SocketId, Arrival),
    /// The cloud answers the handshake.
    Greeting(SocketId),
    /// The cloud answers a ping.
    Pong(SocketId, Option<PingId>),
}

pub enum Arrival {
    Frame(Outgoing<Message>),
    /// The client's close frame.
    Goodbye(Close),
}

struct Socket {
    plan: AttemptPlan,
    ready_state: ReadyState,
    /// The dial succeeds, or has succeeded.
    reaches: bool,
    given_up: bool,
    /// Nothing arrives before that time: each link keeps the order.
    up_free: u64,
    down_free: u64,
    congested_until: u64,
    /// Bytes that the socket holds until then.
    held: u32,
    up_lost: bool,
    down_lost: bool,
    /// The link was cut, and what was in transit is lost.
    cut: bool,
    cloud_gone: bool,
    /// Frames in transit to the cloud.
    in_transit: usize,
    /// Pings that the cloud received.
    pings: u32,
}

pub struct Network {
    plans: VecDeque<AttemptPlan>,
    sockets: BTreeMap<SocketId, Socket>,
    pub agenda: Agenda<Due>,
    pub now: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Network {
    pub const fn new() -> Self {
        Self {
            plans: VecDeque::new(),
            sockets: BTreeMap::new(),
            agenda: Agenda::new(),
            now: 0,
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

    /// A socket will be opened. Returns its plan, and the input that follows at once, if any.
    pub fn prepare(&mut self, id: SocketId) -> (AttemptPlan, Option<Input>) {
        let plan = self.plans.pop_front().unwrap_or(SUCCESS);
        let socket = Socket {
            plan,
            ready_state: ReadyState::New,
            reaches: false,
            given_up: false,
            up_free: self.now,
            down_free: self.now,
            congested_until: self.now,
            held: 0,
            up_lost: false,
            down_lost: false,
            cut: false,
            cloud_gone: false,
            in_transit: 0,
            pings: 0,
        };
        self.sockets.insert(id, socket);
        let credentials = plan.outcome.credentials;
        let Some((after, input)) = credentials.input(id) else {
            return (plan, None);
        };
        if credentials.is_at_once() {
            return (plan, Some(input));
        }
        self.agenda.add(self.now + after, Due::Input(input));
        (plan, None)
    }

    /// Opens the socket. Returns the input that follows at once, if any.
    pub fn open(&mut self, id: SocketId) -> Option<Input> {
        let socket = self.sockets.get_mut(&id).expect("a prepared socket");
        socket.ready_state = ReadyState::Connecting;
        match socket.plan.outcome.dial {
            Dial::Throws => {
                socket.ready_state = ReadyState::Closed;
                let reason = "no such host".into();
                return Some(Input::AttemptFailed { socket: id, reason });
            }
            Dial::Hangs => {}
            Dial::Opens(after) => {
                socket.reaches = true;
                socket.up_free = self.now + after;
                self.down(id, after, Due::Input(Input::Opened(id)));
            }
            Dial::Refused(after, events) => self.end(id, after, CUT, events),
        }
        None
    }

    pub fn transmit(&mut self, id: SocketId, frame: Outgoing<Message>) {
        if self.is_open(id) {
            let now = self.now;
            if let Some(socket) = self.sockets.get_mut(&id)
                && let Outgoing::Message(message) = &frame
                && socket.congested_until > now
            {
                socket.held += u32::try_from(message.size).expect("a size");
            }
            self.up(id, Arrival::Frame(frame));
        }
    }

    /// The client gives the socket up. Its events still come, as a late close event would: the
    /// session must ignore them. Returns the inputs that follow at once.
    pub fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return Vec::new();
        };
        socket.given_up = true;
        let ready_state = socket.ready_state;
        let at_once = socket.plan.outcome.closes_at_once;
        let cut = CUT.close();
        match ready_state {
            ReadyState::New | ReadyState::Closed => Vec::new(),
            ReadyState::Connecting | ReadyState::Open if at_once => {
                vec![Input::Failed(id, REFUSED.into()), Input::Closed(id, cut)]
            }
            ReadyState::Connecting => {
                self.end(id, 0, CUT, CloseEvents::ErrorThenClose);
                Vec::new()
            }
            ReadyState::Open => {
                let (code, reason) = close.to_send();
                self.up(
                    id,
                    Arrival::Goodbye(Close::new(code, Redactor::default().redact(reason))),
                );
                Vec::new()
            }
        }
    }

    /// Applies a fault to the connection of this socket. Returns whether there is one.
    pub fn apply_fault(&mut self, id: SocketId, fault: Fault) -> bool {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return false;
        };
        let has_socket = matches!(
            socket.ready_state,
            ReadyState::Connecting | ReadyState::Open
        );
        if socket.cloud_gone || !has_socket {
            return false;
        }
        match fault {
            Fault::Close(closure, events) => self.end(id, 0, closure, events),
            Fault::Cut => {
                socket.cut = true;
                socket.cloud_gone = true;
                self.agenda
                    .add(self.now, Due::Input(Input::Closed(id, CUT.close())));
            }
            Fault::ErrorOnly => self.end(id, 0, CUT, CloseEvents::ErrorOnly),
            Fault::Closing(after) => {
                socket.ready_state = ReadyState::Closed;
                self.end(id, after, CUT, CloseEvents::Close);
            }
            Fault::Congestion(time, held) => {
                socket.congested_until = self.now + time;
                socket.up_free = socket.up_free.max(socket.congested_until);
                socket.held = held;
            }
            Fault::LoseUp => socket.up_lost = true,
            Fault::LoseDown => socket.down_lost = true,
            Fault::Stall(time) => {
                socket.up_free = socket.up_free.max(self.now + time);
                socket.down_free = socket.down_free.max(self.now + time);
            }
            Fault::Refuse(refusal) => self.send_frame(id, refusal.control()),
            Fault::StopApp(reason) => {
                let reason = reason.map(Into::into);
                self.send_frame(id, Control::Stopped { reason });
            }
            Fault::Ack => self.send_frame(id, Control::Ack),
            Fault::Pong(ping) => self.send_frame(id, Control::Pong { id: ping }),
            Fault::ProtocolPing => {
                if socket.reaches {
                    self.down(id, 0, Due::ProtocolPing(id));
                }
            }
            Fault::Data => {
                if socket.reaches {
                    self.down(id, 0, Due::Data(id));
                }
            }
            Fault::Malformed(malformed) => {
                if socket.reaches {
                    self.down(id, 0, Due::Input(Input::Malformed(id, malformed)));
                }
            }
        }
        true
    }

    /// Sends a frame of the cloud, if there is a connection.
    pub fn send_frame(&mut self, id: SocketId, control: Control) {
        let socket = self.sockets.get(&id).expect("a socket");
        if socket.reaches && !socket.cloud_gone {
            self.down(id, 0, Due::Input(Input::Control(id, control)));
        }
    }

    /// Something arrives at the cloud. Returns the frame, unless the cloud's end is closed.
    pub fn arrive(&mut self, id: SocketId, arrival: Arrival) -> Option<Outgoing<Message>> {
        let socket = self.sockets.get_mut(&id)?;
        socket.in_transit -= 1;
        if socket.cloud_gone {
            return None;
        }
        match arrival {
            Arrival::Frame(frame) => {
                if let (Outgoing::Init, Some(after)) = (&frame, socket.plan.greeting.delay()) {
                    self.agenda.add(self.now + after, Due::Greeting(id));
                }
                if let Outgoing::Ping(ping) = &frame {
                    let before = socket.pings;
                    socket.pings += 1;
                    if let Some(after) = socket.plan.pongs.answer(before) {
                        let ping = socket.plan.repeats_ids.then_some(*ping);
                        self.agenda.add(self.now + after, Due::Pong(id, ping));
                    }
                }
                Some(frame)
            }
            Arrival::Goodbye(close) => {
                // The cloud's half of the close handshake.
                self.down(id, 0, Due::Input(Input::Closed(id, close)));
                self.sockets.get_mut(&id)?.cloud_gone = true;
                None
            }
        }
    }

    /// Answers the handshake, unless the connection is gone meanwhile.
    pub fn greet(&mut self, id: SocketId) {
        let socket = self.sockets.get(&id).expect("a socket");
        if socket.cloud_gone {
            return;
        }
        match socket.plan.greeting {
            Greeting::Silence => {}
            Greeting::Ack(_) => self.send_frame(id, Control::Ack),
            Greeting::Refuse(_, refusal, close) => {
                self.send_frame(id, refusal.control());
                if let Some(closure) = close {
                    self.end(id, 0, closure, CloseEvents::Close);
                }
            }
            Greeting::Close(_, closure, events) => self.end(id, 0, closure, events),
        }
    }

    /// An input reaches the client. Returns whether the session gets it.
    pub fn reach(&mut self, input: &Input) -> bool {
        let Some(socket) = input.socket().and_then(|id| self.sockets.get_mut(&id)) else {
            return true;
        };
        match input {
            Input::Opened(_) if socket.ready_state == ReadyState::Connecting => {
                socket.ready_state = ReadyState::Open;
            }
            Input::Closed(..) | Input::Failed(..) => socket.ready_state = ReadyState::Closed,
            _ => {}
        }
        !socket.cut || matches!(input, Input::Closed(..))
    }

    /// Bytes that the socket itself holds; `None` when it is not open.
    pub fn buffered(&self, id: SocketId) -> Option<u32> {
        let socket = self.sockets.get(&id).filter(|_| self.is_open(id))?;
        let is_congested = socket.congested_until > self.now;
        Some(if is_congested { socket.held } else { 0 })
    }

    fn is_open(&self, id: SocketId) -> bool {
        self.sockets
            .get(&id)
            .is_some_and(|socket| socket.ready_state == ReadyState::Open && !socket.given_up)
    }

    /// True if everything that the client sent has reached the cloud.
    pub fn is_drained(&self, id: SocketId) -> bool {
        self.sockets.get(&id).is_some_and(|socket| {
            socket.in_transit == 0
                && !socket.up_lost
                && !socket.cloud_gone
                && socket.ready_state == ReadyState::Open
        })
    }

    /// True if the connection is dead without a close event.
    pub fn is_half_open(&self, id: SocketId) -> bool {
        let socket = self.sockets.get(&id);
        socket.is_some_and(|socket| socket.up_lost || socket.down_lost)
    }

    fn up(&mut self, id: SocketId, arrival: Arrival) {
        let socket = self.sockets.get_mut(&id).expect("a socket");
        if !socket.up_lost {
            let at = socket.up_free.max(self.now + socket.plan.outcome.up);
            socket.up_free = at;
            socket.in_transit += 1;
            self.agenda.add(at, Due::Arrival(id, arrival));
        }
    }

    fn down(&mut self, id: SocketId, after: u64, due: Due) {
        let socket = self.sockets.get_mut(&id).expect("a socket");
        if !socket.down_lost {
            let at = socket
                .down_free
                .max(self.now + after + socket.plan.outcome.down);
            socket.down_free = at;
            self.agenda.add(at, due);
        }
    }

    /// Ends the socket with these events.
    fn end(&mut self, id: SocketId, after: u64, closure: Closure, events: CloseEvents) {
        for &closes in events.closes() {
            let input = if closes {
                Input::Closed(id, closure.close())
            } else {
                Input::Failed(id, REFUSED.into())
            };
            self.down(id, after, Due::Input(input));
        }
        self.sockets.get_mut(&id).expect("a socket").cloud_gone = true;
    }
}
