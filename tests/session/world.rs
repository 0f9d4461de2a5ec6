//! A session with a hand on everything that it needs of the world.

use tpa_session::session::{
    Close, Command, Config, Control, Disconnected, Duration, Event, Input, Instant, Outgoing,
    Output, Payload, Reconnecting, Redacted, Redactor, Reply, Session, SocketId, State, Timer,
};

pub const SESSION: &str = "user-org.example.app";

/// A message of the app; the core never looks inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl Payload for Text {
    fn size(&self) -> usize {
        self.0.len()
    }
}

pub struct World {
    pub session: Session<Text>,
    pub now: u64,
    /// The newest socket that was asked for.
    pub socket: SocketId,
    /// All that came out and was not taken yet.
    pub outputs: Vec<Output<Text>>,
    steps: u32,
}

/// More steps no test has: a session that is waited for longer does not do what it should.
const MOST_STEPS: u32 = 100_000;

/// The defaults without jitter, so that delays are what the documents say, and without pings,
/// so that a quiet connection has no deadline.
pub fn config() -> Config {
    let mut config = Config::default();
    config.backoff.jitter = 0.0;
    config.watch.ping_interval = Duration::ZERO;
    config
}

/// A text from outside, as a session without a key to hide takes it.
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
            steps: 0,
        }
    }

    /// A world whose session is connected, with the outputs up to there thrown away.
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

    pub fn command(&mut self, command: Command<Text>) -> Reply {
        let reply = self.session.command(command, self.now());
        self.drain();
        reply.expect("a command that is right")
    }

    pub fn input(&mut self, input: Input) {
        self.count();
        self.session.handle_input(input, self.now());
        self.drain();
    }

    fn count(&mut self) {
        self.steps += 1;
        assert!(self.steps < MOST_STEPS, "waited for in vain");
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
        self.command(Command::Send {
            payload: Text(text.into()),
            key: key.map(Into::into),
            ttl: ttl.map(Duration::from_millis),
            buffered: (self.session.state() == State::Connected).then_some(0),
        })
    }

    /// Opens the current socket and lets the cloud accept it.
    pub fn acknowledge(&mut self) {
        self.input(Input::Opened(self.socket));
        self.input(Input::Control(self.socket, Control::Ack));
    }

    /// The current socket closes.
    pub fn close(&mut self, code: u16, reason: &str) {
        self.input(Input::Closed(
            self.socket,
            Close::new(code, redacted(reason)),
        ));
    }

    /// Lets `millis` pass, reporting each deadline when it comes.
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

    /// Goes to the next deadline, whatever it is, and reports it.
    pub fn next_deadline(&mut self) -> Option<Timer> {
        self.count();
        let (at, timer) = self.session.poll_timeout()?;
        self.now = self.now.max(at.as_millis());
        self.input(Input::Timeout);
        Some(timer)
    }

    /// Lets all attempts fail as a refused dial does, until the session no longer dials.
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

    /// Lets attempts fail until the last one is waited for.
    pub fn refuse_all_but_one(&mut self) {
        for _ in 0..2 {
            self.next_deadline();
            self.close(1006, "");
        }
    }

    pub fn take(&mut self) -> Vec<Output<Text>> {
        std::mem::take(&mut self.outputs)
    }

    pub fn events(&self) -> Vec<&Event<Text>> {
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

    /// The app's messages that went to a socket.
    pub fn sent(&self) -> Vec<&str> {
        let outputs = self.outputs.iter();
        outputs
            .filter_map(|output| match output {
                Output::Transmit(_, Outgoing::Message(text)) => Some(text.0.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The app's messages that will not be sent, each with its reason.
    pub fn dropped(&self) -> Vec<(&str, &str)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                Event::Dropped(text, why) => Some((text.0.as_str(), why.name())),
                _ => None,
            })
            .collect()
    }

    /// How many sockets were made.
    pub fn dials(&self) -> usize {
        let opens = |output: &&Output<Text>| matches!(output, Output::Open(_));
        self.outputs.iter().filter(opens).count()
    }

    /// Names of the events, for tests of their order.
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

fn name(event: &Event<Text>) -> String {
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
        Event::Dropped(_, why) => format!("dropped {}", why.name()),
        event => panic!("an unknown event: {event:?}"),
    }
}
