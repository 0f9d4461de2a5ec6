//! The virtual network: sockets, the links behind them, and what befalls both.

use std::collections::{BTreeMap, VecDeque};

use tpa_session::session::{Close, Control, Input, Malformed, Outgoing, Redactor, SocketId};

use crate::app::Mail;
use crate::clock::Agenda;
use crate::closures::{CUT, Closure, Refusal};
use crate::way::{Dial, GOOD_WAY, Readiness, Signs, Way};

/// How the cloud answers the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    Ack(u64),
    Silence,
    /// An error frame, and 1008 after it where the cloud bothers.
    Refuse(u64, Refusal, Option<Closure>),
    Close(u64, Closure, Signs),
}

/// What will become of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    pub way: Way,
    pub welcome: Welcome,
    /// The cloud answers pings.
    pub pongs: bool,
}

/// All goes well.
pub const GOOD: Fate = Fate {
    way: GOOD_WAY,
    welcome: Welcome::Ack(2),
    pongs: true,
};

/// What befalls a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The cloud closes, or the line breaks where it lies.
    Close(Closure, Signs),
    /// What is under way to the client is lost with the line.
    Cut,
    /// The socket reports an error and never a close.
    ErrorOnly,
    Refuse(Refusal),
    StopApp(Option<&'static str>),
    Malformed(Malformed),
    /// A frame of the app's.
    Data,
    /// A pong that nobody asked for.
    Pong,
    /// An ack that is not asked for.
    Ack,
    /// From now on nothing gets to the cloud.
    LoseUp,
    /// From now on nothing gets to the client.
    LoseDown,
    /// Nothing gets through for a while, then all does.
    Stall(u64),
    /// For a while the socket sends nothing, and holds what it is given beside these bytes.
    Congestion(u64, u32),
    /// The socket is closing: what is handed to it is lost, and its close comes later.
    Closing(u64),
}

/// What the network will do.
pub enum Due {
    /// Something reaches the client.
    Input(Input),
    /// A frame of the app's reaches the client, which the session hears of later.
    Data(SocketId),
    /// Something reaches the cloud.
    Arrival(SocketId, Arrival),
    /// The cloud has thought about the handshake.
    Welcome(SocketId),
}

pub enum Arrival {
    Frame(Outgoing<Mail>),
    /// The client's end closed.
    Goodbye(Close),
}

struct Socket {
    fate: Fate,
    readiness: Readiness,
    /// The dial succeeds, or has.
    reaches: bool,
    given_up: bool,
    /// Before that nothing more arrives: each link keeps its order.
    up_free: u64,
    down_free: u64,
    congested_until: u64,
    /// Bytes that it holds until then.
    held: u32,
    up_lost: bool,
    down_lost: bool,
    /// What was under way when the line was cut.
    cut: bool,
    cloud_gone: bool,
    /// Frames on their way to the cloud.
    under_way: usize,
}

pub struct Network {
    fates: VecDeque<Fate>,
    sockets: BTreeMap<SocketId, Socket>,
    pub agenda: Agenda<Due>,
    pub now: u64,
}

impl Network {
    pub const fn new() -> Self {
        Self {
            fates: VecDeque::new(),
            sockets: BTreeMap::new(),
            agenda: Agenda::new(),
            now: 0,
        }
    }

    /// The next attempt that has no fate yet will have this one.
    pub fn destine(&mut self, fate: Fate) {
        self.fates.push_back(fate);
    }

    /// All attempts to come go well.
    pub fn heal(&mut self) {
        self.fates.clear();
    }

    /// A socket will be made: what comes of it at once, if anything does.
    pub fn prepare(&mut self, id: SocketId) -> (Fate, Option<Input>) {
        let fate = self.fates.pop_front().unwrap_or(GOOD);
        let socket = Socket {
            fate,
            readiness: Readiness::New,
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
            under_way: 0,
        };
        self.sockets.insert(id, socket);
        let credentials = fate.way.credentials;
        let Some((after, input)) = credentials.input(id) else {
            return (fate, None);
        };
        if credentials.is_at_once() {
            return (fate, Some(input));
        }
        self.agenda.add(self.now + after, Due::Input(input));
        (fate, None)
    }

    /// The socket is made: what comes of it at once, if anything does.
    pub fn open(&mut self, id: SocketId) -> Option<Input> {
        let socket = self.sockets.get_mut(&id).expect("a prepared socket");
        socket.readiness = Readiness::Connecting;
        match socket.fate.way.dial {
            Dial::Throws => {
                socket.readiness = Readiness::Gone;
                let reason = "no such host".into();
                return Some(Input::AttemptFailed { socket: id, reason });
            }
            Dial::Hangs => {}
            Dial::Opens(after) => {
                socket.reaches = true;
                socket.up_free = self.now + after;
                self.down(id, after, Due::Input(Input::Opened(id)));
            }
            Dial::Refused(after, signs) => self.end(id, after, CUT, signs),
        }
        None
    }

    pub fn transmit(&mut self, id: SocketId, frame: Outgoing<Mail>) {
        if self.is_open(id) {
            let now = self.now;
            if let Some(socket) = self.sockets.get_mut(&id)
                && let Outgoing::Message(mail) = &frame
                && socket.congested_until > now
            {
                socket.held += u32::try_from(mail.size).expect("a size");
            }
            self.up(id, Arrival::Frame(frame));
        }
    }

    /// The client gives the socket up. Its events come all the same: a core that hears them
    /// is one that would hear a close that came late.
    pub fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return Vec::new();
        };
        socket.given_up = true;
        let readiness = socket.readiness;
        let at_once = socket.fate.way.closes_at_once;
        let cut = CUT.close();
        match readiness {
            Readiness::New | Readiness::Gone => Vec::new(),
            Readiness::Connecting | Readiness::Open if at_once => {
                vec![Input::Failed(id), Input::Closed(id, cut)]
            }
            Readiness::Connecting => {
                self.end(id, 0, CUT, Signs::ErrorThenClose);
                Vec::new()
            }
            Readiness::Open => {
                let (code, reason) = close.to_send();
                self.up(
                    id,
                    Arrival::Goodbye(Close::new(code, Redactor::default().redact(reason))),
                );
                Vec::new()
            }
        }
    }

    /// Something happens to the connection of this socket, if there is one.
    pub fn befall(&mut self, id: SocketId, fault: Fault) -> bool {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return false;
        };
        let is_made = matches!(socket.readiness, Readiness::Connecting | Readiness::Open);
        if socket.cloud_gone || !is_made {
            return false;
        }
        match fault {
            Fault::Close(closure, signs) => self.end(id, 0, closure, signs),
            Fault::Cut => {
                socket.cut = true;
                socket.cloud_gone = true;
                self.agenda
                    .add(self.now, Due::Input(Input::Closed(id, CUT.close())));
            }
            Fault::ErrorOnly => self.end(id, 0, CUT, Signs::ErrorOnly),
            Fault::Closing(after) => {
                socket.readiness = Readiness::Gone;
                self.end(id, after, CUT, Signs::Close);
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
            Fault::Refuse(refusal) => self.say(id, refusal.control()),
            Fault::StopApp(reason) => {
                let reason = reason.map(Into::into);
                self.say(id, Control::Stopped { reason });
            }
            Fault::Ack => self.say(id, Control::Ack),
            Fault::Pong => self.say(id, Control::Pong),
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

    /// The cloud sends a frame, if there is a connection to send it on.
    pub fn say(&mut self, id: SocketId, control: Control) {
        let socket = self.sockets.get(&id).expect("a socket");
        if socket.reaches && !socket.cloud_gone {
            self.down(id, 0, Due::Input(Input::Control(id, control)));
        }
    }

    /// Something arrives at the cloud; `None` when nobody is there any more.
    pub fn arrive(&mut self, id: SocketId, arrival: Arrival) -> Option<Outgoing<Mail>> {
        let socket = self.sockets.get_mut(&id)?;
        socket.under_way -= 1;
        if socket.cloud_gone {
            return None;
        }
        match arrival {
            Arrival::Frame(frame) => {
                if let (Outgoing::Init, Some(after)) = (&frame, thinks(socket.fate.welcome)) {
                    self.agenda.add(self.now + after, Due::Welcome(id));
                }
                if frame == Outgoing::Ping && socket.fate.pongs {
                    self.say(id, Control::Pong);
                }
                Some(frame)
            }
            Arrival::Goodbye(close) => {
                // The echo of a close handshake.
                self.down(id, 0, Due::Input(Input::Closed(id, close)));
                self.sockets.get_mut(&id)?.cloud_gone = true;
                None
            }
        }
    }

    /// How the cloud answers the handshake, unless the connection is gone meanwhile.
    pub fn welcome(&mut self, id: SocketId) {
        let socket = self.sockets.get(&id).expect("a socket");
        if socket.cloud_gone {
            return;
        }
        match socket.fate.welcome {
            Welcome::Silence => {}
            Welcome::Ack(_) => self.say(id, Control::Ack),
            Welcome::Refuse(_, refusal, close) => {
                self.say(id, refusal.control());
                if let Some(closure) = close {
                    self.end(id, 0, closure, Signs::Close);
                }
            }
            Welcome::Close(_, closure, signs) => self.end(id, 0, closure, signs),
        }
    }

    /// Something reaches the client: whether it still does.
    pub fn reach(&mut self, input: &Input) -> bool {
        let Some(socket) = input.socket().and_then(|id| self.sockets.get_mut(&id)) else {
            return true;
        };
        match input {
            Input::Opened(_) if socket.readiness == Readiness::Connecting => {
                socket.readiness = Readiness::Open;
            }
            Input::Closed(..) | Input::Failed(_) => socket.readiness = Readiness::Gone,
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
            .is_some_and(|socket| socket.readiness == Readiness::Open && !socket.given_up)
    }

    /// Whether all that the client sent has reached the cloud.
    pub fn is_quiet(&self, id: SocketId) -> bool {
        self.sockets.get(&id).is_some_and(|socket| {
            socket.under_way == 0
                && !socket.up_lost
                && !socket.cloud_gone
                && socket.readiness == Readiness::Open
        })
    }

    /// Whether the connection is dead without having said so.
    pub fn is_half_open(&self, id: SocketId) -> bool {
        let socket = self.sockets.get(&id);
        socket.is_some_and(|socket| socket.up_lost || socket.down_lost)
    }

    fn up(&mut self, id: SocketId, arrival: Arrival) {
        let socket = self.sockets.get_mut(&id).expect("a socket");
        if !socket.up_lost {
            let at = socket.up_free.max(self.now + socket.fate.way.up);
            socket.up_free = at;
            socket.under_way += 1;
            self.agenda.add(at, Due::Arrival(id, arrival));
        }
    }

    fn down(&mut self, id: SocketId, after: u64, due: Due) {
        let socket = self.sockets.get_mut(&id).expect("a socket");
        if !socket.down_lost {
            let at = socket
                .down_free
                .max(self.now + after + socket.fate.way.down);
            socket.down_free = at;
            self.agenda.add(at, due);
        }
    }

    /// The socket ends, and says so in one way or another.
    fn end(&mut self, id: SocketId, after: u64, closure: Closure, signs: Signs) {
        for &closes in signs.closes() {
            let input = if closes {
                Input::Closed(id, closure.close())
            } else {
                Input::Failed(id)
            };
            self.down(id, after, Due::Input(input));
        }
        self.sockets.get_mut(&id).expect("a socket").cloud_gone = true;
    }
}

/// How long the cloud thinks about the handshake.
const fn thinks(welcome: Welcome) -> Option<u64> {
    match welcome {
        Welcome::Silence => None,
        Welcome::Ack(after) | Welcome::Refuse(after, ..) | Welcome::Close(after, ..) => Some(after),
    }
}
