//! A session with a scripted environment.

use std::collections::VecDeque;

use testkit::Message;
use tpa_session::session::{
    Close, Command, Config, Control, Delivery, Disconnected, Duration, Event, FlushError, FlushId,
    Input, Instant, Outgoing, Output, PingId, Reconnecting, Redacted, Redactor, Reply, Session,
    SocketId, State, Timer,
};

pub const SESSION: &str = "user-org.example.app";

pub struct World {
    pub session: Session<Message>,
    pub now: u64,
    /// Socket that was requested last.
    pub socket: SocketId,
    /// Outputs since the last [`World::take`].
    pub outputs: Vec<Output<Message>>,
    /// Texts of the messages, by serial number.
    texts: Vec<String>,
    /// Pongs on their way: time, and id.
    pongs: VecDeque<(u64, PingId)>,
    steps: u32,
}

/// Limit on the steps of a test, so that waiting for a session that hangs fails.
const MOST_STEPS: u32 = 100_000;

/// The defaults without jitter, so that delays are those in the documentation, and without pings,
/// so that an idle connection has no deadline.
pub fn config() -> Config {
    let mut config = Config::default();
    config.backoff.jitter = 0.0;
    config.watch.ping_interval = Duration::ZERO;
    config
}

pub fn watched() -> Config {
    Config {
        watch: Config::default().watch,
        ..config()
    }
}

/// Creates a connected session whose cloud has sent a pong.
pub fn answered() -> World {
    let mut world = World::connected(watched());
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.take();
    world
}

pub fn at_least_once() -> Config {
    Config {
        delivery: Delivery::AtLeastOnce,
        ..config()
    }
}

pub fn pong(world: &mut World) {
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
}

/// Reports a frame of the app, as the shell does before a timeout.
pub fn receive_frame(world: &mut World) {
    let at = Instant::from_millis(world.now);
    world.input(Input::Activity(world.socket, at));
}

pub fn pings(world: &World) -> usize {
    let is_ping = |output: &&Output<_>| matches!(output, Output::Transmit(_, Outgoing::Ping(_)));
    world.outputs.iter().filter(is_ping).count()
}

/// Ids of the pings, in order.
pub fn ping_ids(outputs: &[Output<Message>]) -> Vec<PingId> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Transmit(_, Outgoing::Ping(id)) => Some(*id),
            _ => None,
        })
        .collect()
}

/// Answers a ping by its id.
pub fn answer(world: &mut World, id: PingId) {
    world.input(Input::Control(world.socket, Control::Pong { id: Some(id) }));
}

pub fn flush(world: &mut World) -> FlushId {
    match world.command(Command::Flush) {
        Reply::Flush(flush) => flush,
        other => panic!("{other:?} to flush()"),
    }
}

pub fn flushed(world: &World) -> Vec<(FlushId, Result<(), FlushError>)> {
    let outputs = world.outputs.iter();
    outputs
        .filter_map(|output| match output {
            Output::Flushed(flush, result) => Some((*flush, *result)),
            _ => None,
        })
        .collect()
}

/// Text from outside, without a key to hide.
pub fn redacted(text: &str) -> Redacted {
    Redactor::default().redact(text)
}

impl World {
    pub fn new(config: Config) -> Self {
        Self {
            session: Session::new(config, 7, Instant::default()),
            now: 0,
            socket: SocketId(0),
            outputs: Vec::new(),
            texts: Vec::new(),
            pongs: VecDeque::new(),
            steps: 0,
        }
    }

    /// Creates a world with a connected session and no outputs.
    pub fn connected(config: Config) -> Self {
        let mut world = Self::new(config);
        world.connect(SESSION);
        world.acknowledge();
        world.take();
        world
    }

    pub fn now(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub fn command(&mut self, command: Command<Message>) -> Reply {
        let reply = self.session.command(command, self.now());
        self.drain();
        reply.expect("a command that is right")
    }

    /// Message with this text.
    pub fn message(&mut self, text: &str) -> Message {
        let known = self.texts.iter().position(|known| known == text);
        let index = known.unwrap_or_else(|| {
            self.texts.push(text.into());
            self.texts.len() - 1
        });
        Message {
            serial: u32::try_from(index).expect("few messages"),
            size: text.len(),
        }
    }

    pub fn text(&self, message: Message) -> &str {
        &self.texts[message.serial as usize]
    }

    pub fn input(&mut self, input: Input) {
        self.count();
        self.session.handle_input(input, self.now());
        self.drain();
    }

    fn count(&mut self) {
        self.steps += 1;
        assert!(self.steps < MOST_STEPS, "the session hangs");
    }

    pub fn connect(&mut self, session_id: &str) -> Reply {
        let session_id = session_id.into();
        self.command(Command::Connect { session_id })
    }

    pub fn disconnect(&mut self) {
        self.command(Command::Disconnect { reason: None });
    }

    pub fn send(&mut self, text: &str) -> Reply {
        self.send_with(text, None, None)
    }

    pub fn send_with(&mut self, text: &str, key: Option<&str>, ttl: Option<u64>) -> Reply {
        let payload = self.message(text);
        self.command(Command::Send {
            payload,
            key: key.map(Into::into),
            ttl: ttl.map(Duration::from_millis),
            replay: true,
            buffered: (self.session.state() == State::Connected).then_some(0),
        })
    }

    /// Opens and acknowledges the current socket.
    pub fn acknowledge(&mut self) {
        self.input(Input::Opened(self.socket));
        self.input(Input::Control(self.socket, Control::Ack));
    }

    /// Closes the current socket from outside.
    pub fn close(&mut self, code: u16, reason: &str) {
        self.input(Input::Closed(
            self.socket,
            Close::new(code, redacted(reason)),
        ));
    }

    /// Advances the time by `millis`, serving each deadline on the way.
    pub fn advance(&mut self, millis: u64) {
        self.count();
        let end = self.now + millis;
        while let Some((at, _)) = self.session.poll_timeout()
            && at.as_millis() <= end
        {
            self.now = self.now.max(at.as_millis());
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    /// Advances the time to the next deadline and serves it.
    pub fn next_deadline(&mut self) -> Option<Timer> {
        self.count();
        let (at, timer) = self.session.poll_timeout()?;
        self.now = self.now.max(at.as_millis());
        self.input(Input::Timeout);
        Some(timer)
    }

    /// Fails all attempts as a refused dial does, until the session gives up.
    pub fn refuse_all(&mut self) {
        for _ in 0..1000 {
            match self.session.state() {
                State::Connecting | State::Handshaking => self.close(1006, ""),
                State::Waiting => {
                    self.next_deadline();
                }
                State::Idle | State::Connected | State::Stopped => return,
            }
        }
        panic!("the session dials for ever");
    }

    /// Fails attempts until the last one is awaited.
    pub fn refuse_all_but_one(&mut self) {
        for _ in 0..2 {
            self.next_deadline();
            self.close(1006, "");
        }
    }

    /// Advances the time as [`advance`](Self::advance) does; each ping from now on is answered so
    /// many milliseconds later.
    pub fn advance_answering(&mut self, millis: u64, round_trip: u64) {
        let end = self.now + millis;
        let mut seen = self.outputs.len();
        loop {
            let pings = ping_ids(&self.outputs[seen..]);
            seen = self.outputs.len();
            self.pongs
                .extend(pings.iter().map(|id| (self.now + round_trip, *id)));
            let pong = self.pongs.front().map(|(at, _)| *at);
            let deadline = self.session.poll_timeout().map(|(at, _)| at.as_millis());
            let next = pong.into_iter().chain(deadline).min().unwrap_or(end);
            if next > end {
                break;
            }
            self.advance(next.saturating_sub(self.now));
            while let Some(&(_, id)) = self.pongs.front().filter(|(at, _)| *at <= self.now) {
                self.pongs.pop_front();
                answer(self, id);
            }
        }
        self.now = end;
    }

    pub fn take(&mut self) -> Vec<Output<Message>> {
        std::mem::take(&mut self.outputs)
    }

    pub fn events(&self) -> Vec<&Event<Message>> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|output| match output {
                Output::Emit(event) => Some(event),
                _ => None,
            })
            .collect()
    }

    pub fn disconnected(&self) -> Vec<&Disconnected> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                Event::Disconnected(end) => Some(end),
                _ => None,
            })
            .collect()
    }

    pub fn reconnecting(&self) -> Vec<&Reconnecting> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                Event::Reconnecting(next) => Some(next),
                _ => None,
            })
            .collect()
    }

    /// Messages that were passed to a socket.
    pub fn sent(&self) -> Vec<&str> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|output| match output {
                Output::Transmit(_, Outgoing::Message(text)) => Some(self.text(*text)),
                _ => None,
            })
            .collect()
    }

    /// Dropped messages with their reasons.
    pub fn dropped(&self) -> Vec<(&str, &str)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                Event::Dropped(text, why) => Some((self.text(*text), why.name())),
                _ => None,
            })
            .collect()
    }

    /// Number of sockets that were created.
    pub fn dials(&self) -> usize {
        let opens = |output: &&Output<Message>| matches!(output, Output::Open(_));
        self.outputs.iter().filter(opens).count()
    }

    /// Names of the events, in order.
    pub fn story(&self) -> Vec<String> {
        self.events().into_iter().map(name).collect()
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let prepare = match output {
                Output::Prepare(socket) => Some(socket),
                _ => None,
            };
            self.outputs.push(output);
            if let Some(socket) = prepare {
                self.socket = socket;
                self.session
                    .handle_input(Input::Prepared(socket), self.now());
            }
        }
    }
}

fn name(event: &Event<Message>) -> String {
    match event {
        Event::Connecting(event) => format!("connecting {}", event.attempt),
        Event::Connected => "connected".into(),
        Event::Disconnected(event) => {
            let permanent = if event.permanent { " permanent" } else { "" };
            format!("disconnected {}{permanent}", event.code)
        }
        Event::Reconnecting(event) => format!("reconnecting {}", event.attempt),
        Event::StateChange(event) => format!("-> {}", event.to.name()),
        Event::Error(_) => "error".into(),
        Event::Sent(_) => "sent".into(),
        Event::Dropped(_, why) => format!("dropped {}", why.name()),
        event => panic!("an unknown event: {event:?}"),
    }
}
