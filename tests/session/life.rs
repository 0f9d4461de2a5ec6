//! A session of which every output is held against the rules that each life must keep.
//!
//! The rules are a second, much simpler description of the session: what it may say next, what
//! must be waiting and when it must wake up. They are checked at every output and once more
//! whenever there is nothing left to carry out.

use std::collections::{BTreeSet, VecDeque};

use tpa_session::session::{
    Close, CloseKind, Command, Config, Control, Disconnected, DropReason, Duration, Event, Input,
    Instant, Malformed, Outgoing, Output, Reconnecting, Reply, RunId, Session, SocketId, State,
    StateChange, Timer, is_fatal_error,
};

use crate::world::Text;

/// How long a socket that reported an error may take to close.
const FAILURE_GRACE: u64 = 250;
const CLOSING_GRACE: u64 = 5000;

/// What the app asks.
#[derive(Clone, Debug)]
pub enum Ask {
    Connect(&'static str),
    Disconnect,
    Send {
        key: Option<&'static str>,
        ttl: Option<u64>,
        writable: bool,
        /// Bytes that the message has beyond its serial number.
        padding: usize,
    },
    Subscribe(&'static str),
    Unsubscribe(&'static str),
}

/// What a socket says.
#[derive(Clone, Debug)]
pub enum Said {
    Prepared,
    AttemptFailed,
    Unsupported,
    Opened,
    Failed,
    Closed(u16, &'static str),
    Control(Control),
    Malformed,
}

impl Said {
    fn by(&self, socket: SocketId) -> Input {
        let reason = "no socket".into();
        match self {
            Self::Prepared => Input::Prepared(socket),
            Self::AttemptFailed => Input::AttemptFailed { socket, reason },
            Self::Unsupported => Input::Unsupported { socket, reason },
            Self::Opened => Input::Opened(socket),
            Self::Failed => Input::Failed(socket),
            Self::Closed(code, reason) => Input::Closed(socket, Close::new(*code, *reason)),
            Self::Control(control) => Input::Control(socket, control.clone()),
            Self::Malformed => Input::Malformed(socket, Malformed::NotJson),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Step {
    Ask(Ask),
    /// The newest socket speaks.
    Hear(Said),
    /// The newest socket speaks, and the app asks before anything that follows is carried out.
    Interrupt(Said, Ask),
    /// A socket that was given up speaks; the number says how long ago.
    HearStale(u32, Said),
    /// The newest socket goes the whole way to its ack.
    Succeed,
    /// Time passes, and timers fire when they should.
    Wait(u64),
    /// Time passes, and timers are late.
    Sleep(u64),
    /// A timer fires, whether anything is due or not.
    Timeout,
}

pub struct Life {
    session: Session<Text>,
    now: u64,
    sends: usize,
    /// What the app does in its handler at each coming event.
    reactions: VecDeque<Option<Ask>>,
    rules: Rules,
    /// All that came out.
    pub outputs: Vec<Output<Text>>,
}

impl Life {
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            session: Session::new(config.clone(), seed, Instant::default()),
            now: 0,
            sends: 0,
            reactions: VecDeque::new(),
            rules: Rules::new(config),
            outputs: Vec::new(),
        }
    }

    pub fn reacting(mut self, reactions: Vec<Option<Ask>>) -> Self {
        self.reactions = reactions.into();
        self
    }

    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Ask(ask) => self.ask(ask),
            Step::Hear(said) => self.hear(said),
            Step::Interrupt(said, ask) => {
                self.hear(said);
                self.ask(ask);
            }
            Step::HearStale(back, said) => self.hear_stale(*back, said),
            Step::Succeed => {
                for said in [Said::Prepared, Said::Opened, Said::Control(Control::Ack)] {
                    self.hear(&said);
                    self.carry_out();
                }
            }
            Step::Wait(millis) => self.wait(*millis),
            Step::Sleep(millis) => self.now += millis,
            Step::Timeout => self.timeout(),
        }
        self.carry_out();
    }

    fn command(&mut self, command: Command<Text>) -> Reply {
        let reply = self
            .session
            .command(command, Instant::from_millis(self.now));
        reply.expect("a command that is right")
    }

    fn ask(&mut self, ask: &Ask) {
        match ask {
            Ask::Connect(session_id) => self.connect(session_id),
            Ask::Disconnect => {
                self.command(Command::Disconnect { reason: None });
                self.rules.asked_to_end = self.rules.runs.len();
            }
            Ask::Send {
                key,
                ttl,
                writable,
                padding,
            } => self.send(*key, *ttl, *writable, *padding),
            Ask::Subscribe(stream) => {
                self.command(Command::Subscribe(vec![(*stream).into()]));
            }
            Ask::Unsubscribe(stream) => {
                self.command(Command::Unsubscribe(vec![(*stream).into()]));
            }
        }
    }

    fn connect(&mut self, session_id: &str) {
        let same =
            self.session.state().is_active() && self.session.session_id() == Some(session_id);
        let session_id = session_id.into();
        let reply = self.command(Command::Connect { session_id });
        let Reply::Run(run) = reply else {
            panic!("{reply:?} to connect()");
        };
        if same {
            assert_eq!(self.rules.runs.last(), Some(&run), "the run is the same");
        } else {
            assert!(!self.rules.runs.contains(&run), "the run is another");
            self.rules.asked_to_end = self.rules.runs.len();
            self.rules.runs.push(run);
        }
    }

    fn send(
        &mut self,
        key: Option<&'static str>,
        ttl: Option<u64>,
        writable: bool,
        padding: usize,
    ) {
        let state = self.session.state();
        let serial = self.sends;
        self.sends += 1;
        let text = format!("{serial}{}", ".".repeat(padding));
        let size = text.len();
        let limits = self.rules.config.outbox;
        let reply = self.command(Command::Send {
            payload: Text(text),
            key: key.map(Into::into),
            ttl: ttl.map(Duration::from_millis),
            buffered: writable.then_some(0),
        });
        let mut message = Waiting {
            serial,
            size,
            key,
            expires: ttl.map(|ttl| self.now + ttl),
        };
        if state == State::Stopped {
            assert_eq!(reply, Reply::Dropped, "the session is over");
        } else if state == State::Connected && writable {
            assert_eq!(reply, Reply::Sent);
            (message.key, message.expires) = (None, None);
            self.rules.waiting.push_back(message);
        } else if limits.messages == 0 || size > limits.bytes {
            assert_eq!(reply, Reply::Dropped, "there is no place for it");
            self.rules.refused.insert(serial);
            self.rules.closing(state, self.now);
        } else {
            assert_eq!(reply, Reply::Queued);
            self.rules.closing(state, self.now);
            self.rules.queue(message);
        }
    }

    fn hear(&mut self, said: &Said) {
        let socket = self.rules.prepared;
        let heard = socket == self.session.connection() && self.rules.has_socket();
        if heard && matches!(said, Said::Failed) {
            self.rules.failure = Some(self.now + FAILURE_GRACE);
        }
        let now = Instant::from_millis(self.now);
        let before = self.session.state();
        self.session.handle_input(said.by(socket), now);
        if heard && let Said::Control(Control::Error { code, .. }) = said {
            let survives = before == State::Connected && !is_fatal_error(code.as_deref());
            let after = self.session.state();
            assert_eq!(after == before, survives, "{code:?} in {before:?}");
        }
    }

    fn hear_stale(&mut self, back: u32, said: &Said) {
        let back = back + u32::from(self.rules.has_socket());
        let socket = SocketId(self.rules.prepared.0.wrapping_sub(back));
        let due = self.session.poll_timeout();
        let now = Instant::from_millis(self.now);
        self.session.handle_input(said.by(socket), now);
        let output = self.session.poll_output();
        assert_eq!(output, None, "{said:?} of a dead socket was heard");
        assert_eq!(self.session.poll_timeout(), due);
    }

    fn timeout(&mut self) {
        if self.rules.stable.is_some_and(|at| at <= self.now) {
            self.rules.stable = None;
            self.rules.attempts = 0;
        }
        let now = Instant::from_millis(self.now);
        self.session.handle_input(Input::Timeout, now);
    }

    fn wait(&mut self, millis: u64) {
        /// More deadlines no wait has; a session that sets more never rests.
        const MOST: u32 = 100_000;
        let end = self.now + millis;
        let mut deadlines = 0;
        while let Some((at, _)) = self.session.poll_timeout()
            && at.as_millis() <= end
        {
            deadlines += 1;
            assert!(deadlines < MOST, "the session never rests");
            self.now = self.now.max(at.as_millis());
            self.timeout();
            self.carry_out();
        }
        self.now = end;
    }

    /// Carries out all outputs as the shell does, and then looks at the session at rest.
    fn carry_out(&mut self) {
        while let Some(output) = self.session.poll_output() {
            self.rules.follow(&output, self.now);
            let is_event = matches!(output, Output::Emit(_));
            self.outputs.push(output);
            if is_event && let Some(Some(ask)) = self.reactions.pop_front() {
                self.ask(&ask);
            }
        }
        self.rules.rest(&self.session);
    }
}

/// A message that was accepted, and whose fate is open.
#[derive(Debug)]
struct Waiting {
    serial: usize,
    size: usize,
    key: Option<&'static str>,
    expires: Option<u64>,
}

struct Rules {
    config: Config,
    state: State,
    /// The newest socket that was asked for.
    prepared: SocketId,
    live: Option<SocketId>,
    /// The live socket has sent its init.
    init: bool,
    /// The list of streams that the live socket has told last.
    told: Option<Vec<String>>,
    /// `connected` was told, and its end was not.
    connected: bool,
    /// Every run that was started.
    runs: Vec<RunId>,
    /// The runs whose promise is settled.
    settled: BTreeSet<RunId>,
    /// How many runs have ended.
    ends: usize,
    /// How many of them are over as far as the app knows: it has asked for that.
    asked_to_end: usize,
    attempts: u32,
    fresh_key_tried: bool,
    waiting: VecDeque<Waiting>,
    /// Messages that were refused, of which the event is still to come.
    refused: BTreeSet<usize>,
    connect: Option<u64>,
    failure: Option<u64>,
    stable: Option<u64>,
    retry: Option<u64>,
}

impl Rules {
    fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Idle,
            prepared: SocketId(0),
            live: None,
            init: false,
            told: None,
            connected: false,
            runs: Vec::new(),
            settled: BTreeSet::new(),
            ends: 0,
            asked_to_end: 0,
            attempts: 0,
            fresh_key_tried: false,
            waiting: VecDeque::new(),
            refused: BTreeSet::new(),
            connect: None,
            failure: None,
            stable: None,
            retry: None,
        }
    }

    /// Whether an attempt or a connection is under way.
    fn has_socket(&self) -> bool {
        self.state.is_active() && self.state != State::Waiting
    }

    fn is_exhausted(&self) -> bool {
        let max = self.config.max_reconnect_attempts;
        max.is_some_and(|max| self.attempts >= max)
    }

    /// A message was given to a socket that was closing.
    fn closing(&mut self, state: State, now: u64) {
        if state == State::Connected {
            self.failure.get_or_insert(now + CLOSING_GRACE);
        }
    }

    fn queue(&mut self, message: Waiting) {
        let same = |old: &&mut Waiting| message.key.is_some() && old.key == message.key;
        match self.waiting.iter_mut().find(same) {
            Some(old) => *old = message,
            None => self.waiting.push_back(message),
        }
    }

    fn bytes(&self) -> usize {
        self.waiting.iter().map(|message| message.size).sum()
    }

    fn follow(&mut self, output: &Output<Text>, now: u64) {
        if self.runs.is_empty() {
            let is_drop = matches!(output, Output::Emit(Event::Dropped(..)));
            assert!(is_drop, "{output:?} before the first connect()");
        } else {
            assert!(self.ends < self.runs.len(), "{output:?} after the end");
        }
        if self.ends < self.asked_to_end {
            assert!(!goes_on(output), "{output:?} after the app had enough");
        }
        match output {
            Output::Prepare(socket) => {
                assert!(*socket > self.prepared, "a socket of old");
                assert_eq!(self.live, None, "two attempts at once");
                self.prepared = *socket;
            }
            Output::Open(socket) => {
                assert_eq!(self.live, None, "two sockets at once");
                assert_eq!(*socket, self.prepared);
                self.live = Some(*socket);
                self.init = false;
                self.told = None;
            }
            Output::Close(socket, _) => {
                assert!(self.live.is_none_or(|live| live == *socket));
                self.live = None;
            }
            Output::Transmit(socket, frame) => {
                assert_eq!(self.live, Some(*socket), "a frame for a dead socket");
                self.transmit(frame, now);
            }
            Output::Settle(run, result) => {
                assert_eq!(Some(run), self.runs.get(self.ends), "the run of old");
                assert!(self.settled.insert(*run), "settled twice");
                match result {
                    Ok(()) => assert_eq!(self.state, State::Handshaking),
                    Err(error) => {
                        assert_eq!(self.state, State::Stopped);
                        assert_eq!(error.attempts, self.attempts);
                    }
                }
            }
            Output::Emit(event) => self.emit(event, now),
            Output::AskShouldReconnect(_) | Output::Flushed(..) => {
                panic!("this app does not ask for it")
            }
        }
    }

    fn transmit(&mut self, frame: &Outgoing<Text>, now: u64) {
        match frame {
            Outgoing::Ping => assert_eq!(self.state, State::Connected),
            Outgoing::Init => {
                assert!(!self.init, "init twice");
                self.init = true;
            }
            Outgoing::Subscriptions(streams) => {
                assert!(self.init, "subscriptions before init");
                self.told = Some(streams.clone());
            }
            Outgoing::Message(text) => {
                assert!(self.told.is_some(), "a message before the subscriptions");
                let next = self.waiting.pop_front().expect("a message that waits");
                assert_eq!(serial(text), next.serial, "out of order, or lost");
                assert!(next.expires.is_none_or(|at| at > now), "sent too late");
            }
        }
    }

    fn emit(&mut self, event: &Event<Text>, now: u64) {
        match event {
            Event::Connecting(event) => {
                assert_eq!(self.state, State::Connecting);
                assert_eq!(event.attempt, self.attempts);
            }
            Event::Connected => {
                assert_eq!(self.state, State::Connected);
                assert!(!self.connected, "connected twice");
                self.connected = true;
            }
            Event::Disconnected(end) => self.disconnected(end),
            Event::Reconnecting(next) => self.reconnecting(next, now),
            Event::StateChange(change) => self.change(*change, now),
            Event::Error(_) => assert!(self.has_socket()),
            Event::Dropped(text, why) => self.dropped(serial(text), *why, now),
            event => panic!("an unknown event: {event:?}"),
        }
    }

    fn change(&mut self, change: StateChange, now: u64) {
        use State::{Connected, Connecting, Handshaking, Idle, Stopped, Waiting};
        assert_eq!(change.from, self.state, "a gap in the chain of states");
        self.state = change.to;
        match (change.from, change.to) {
            (Idle | Stopped | Waiting, Connecting) => {
                let again = change.from == Waiting;
                self.attempts = if again { self.attempts + 1 } else { 0 };
                self.fresh_key_tried &= again;
                self.retry = None;
                self.connect = Some(now + self.config.connect_timeout.as_millis());
            }
            (Connecting, Handshaking) => assert!(self.init),
            (Handshaking, Connected) => {
                assert!(self.told.is_some());
                self.fresh_key_tried = false;
                self.connect = None;
                self.stable = Some(now + self.config.stable_after.as_millis());
            }
            (Connecting | Handshaking | Connected, Waiting)
            | (Connecting | Handshaking | Connected | Waiting, Stopped) => {
                if self.stable.is_some_and(|at| at <= now) {
                    self.attempts = 0;
                }
                (self.connect, self.failure) = (None, None);
                (self.stable, self.retry) = (None, None);
            }
            _ => panic!("no way from {:?} to {:?}", change.from, change.to),
        }
    }

    fn disconnected(&mut self, end: &Disconnected) {
        assert_ne!(end.permanent, end.will_reconnect);
        assert_eq!(end.was_clean, end.code == 1000 || end.code == 1001);
        if end.permanent {
            assert_eq!(self.state, State::Stopped);
            self.may_end(end.kind);
            assert!(self.settled.contains(&self.runs[self.ends]), "unsettled");
            self.ends += 1;
        } else {
            assert_eq!(self.state, State::Waiting);
            assert!(self.connected, "the end of what never was");
        }
        self.connected = false;
    }

    /// What another attempt could mend is not the end while another attempt is allowed.
    fn may_end(&self, kind: CloseKind) {
        let forbidden = !self.config.auto_reconnect;
        match kind {
            CloseKind::Abnormal => {
                assert!(forbidden || self.config.max_reconnect_attempts == Some(0));
            }
            CloseKind::Exhausted => {
                assert!(!forbidden && self.attempts > 0 && self.is_exhausted());
            }
            CloseKind::Rejected => {
                let no_fresh_key = !self.config.key_from_provider || self.fresh_key_tried;
                assert!(forbidden || self.is_exhausted() || no_fresh_key);
            }
            CloseKind::ClientDisconnect
            | CloseKind::SessionEnded
            | CloseKind::AppStopped
            | CloseKind::Superseded
            | CloseKind::Normal
            | CloseKind::Unsupported => {}
            kind => panic!("an unknown kind of closure: {kind:?}"),
        }
    }

    fn reconnecting(&mut self, next: &Reconnecting, now: u64) {
        assert_eq!(self.state, State::Waiting);
        assert!(self.config.auto_reconnect);
        assert!(!self.is_exhausted(), "more attempts than are allowed");
        assert_eq!(next.attempt, self.attempts + 1);
        let max = self.config.max_reconnect_attempts;
        assert_eq!(next.max_attempts, max.map_or(f64::INFINITY, f64::from));
        let interval = self.config.backoff.interval(self.attempts);
        assert!(interval.contains(&next.delay), "{:?}", next.delay);
        if next.cause.kind == CloseKind::Rejected {
            assert!(self.config.key_from_provider && !self.fresh_key_tried);
            self.fresh_key_tried = true;
        } else {
            assert_eq!(next.cause.kind, CloseKind::Abnormal);
        }
        self.retry = Some(now + next.delay.as_millis());
    }

    fn dropped(&mut self, serial: usize, why: DropReason, now: u64) {
        let limits = self.config.outbox;
        if self.refused.remove(&serial) {
            assert_eq!(why, DropReason::Overflow);
            return;
        }
        let too_much = self.waiting.len() > limits.messages || self.bytes() > limits.bytes;
        let index = self.waiting.iter().position(|w| w.serial == serial);
        let index = index.expect("a message that waits");
        let message = self.waiting.remove(index).expect("it was just found");
        match why {
            DropReason::Overflow => assert!(too_much, "dropped without need"),
            DropReason::Expired => assert!(message.expires.is_some_and(|at| at <= now)),
            DropReason::Ended => assert!(self.state.is_active()),
            DropReason::Unconfirmed => panic!("nothing is confirmed here"),
            reason => panic!("an unknown reason: {reason:?}"),
        }
    }

    /// What holds when there is nothing left to carry out.
    fn rest(&self, session: &Session<Text>) {
        let limits = self.config.outbox;
        let (messages, bytes) = session.queued();
        assert_eq!(messages, self.waiting.len(), "a message vanished");
        assert_eq!(bytes, self.bytes());
        assert!(messages <= limits.messages && bytes <= limits.bytes);
        assert!(self.refused.is_empty(), "dropped without an event");
        assert_eq!(self.state, session.state());
        let expiry = self.waiting.iter().filter_map(|w| w.expires).min();
        let deadlines = [self.connect, self.failure, self.stable, self.retry, expiry];
        let due = session.poll_timeout();
        let looks_again = matches!(due, Some((_, Timer::Drain)));
        assert!(!looks_again || self.state == State::Connected && messages > 0);
        let due = due.map(|(at, _)| at.as_millis());
        let named = deadlines.into_iter().flatten().min();
        assert!(due == named || looks_again && named.is_none_or(|named| due <= Some(named)));
        let open_runs = self.runs.len() - self.ends;
        assert_eq!(open_runs, usize::from(self.state.is_active()));
        let unsettled = self.runs.len() - self.settled.len();
        assert!(unsettled <= open_runs, "a run ended without a word");
        match self.state {
            State::Idle => {
                assert_eq!(session.session_id(), None);
                assert!(messages > 0 || due.is_none(), "a timer for nothing");
            }
            State::Stopped => {
                assert_eq!((messages, due), (0, None), "a timer after the end");
                assert_eq!(self.live, None, "a socket outlived its session");
            }
            State::Waiting => assert_eq!(self.live, None),
            State::Connecting => assert!(self.live.is_none_or(|live| live == self.prepared)),
            State::Handshaking => assert_eq!(self.live, Some(self.prepared)),
            State::Connected => {
                assert_eq!(self.live, Some(self.prepared));
                assert!(self.connected);
                assert_eq!(unsettled, 0, "connected without a word");
                assert_eq!(self.told.as_deref(), Some(session.subscriptions()));
            }
        }
    }
}

/// Whether this makes sense only in a session that goes on.
fn goes_on(output: &Output<Text>) -> bool {
    matches!(
        output,
        Output::Prepare(_)
            | Output::Open(_)
            | Output::Emit(Event::Connecting(_) | Event::Connected | Event::Reconnecting(_))
    )
}

fn serial(text: &Text) -> usize {
    let digits = text.0.trim_end_matches('.');
    digits.parse().expect("a serial number")
}
