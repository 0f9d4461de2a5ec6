//! Target `inputs`: any commands and any inputs, one a line, in any order and at any time.
//!
//! ```text
//! jitter 0.5                 an option, as in the target `options`; before all else
//! connect user-org.example   the app asks
//! disconnect bye
//! send 12 card 700 5         its size, key, ttl, and the bytes that the socket holds, or `closing`
//! flush
//! retry
//! subscribe a,b
//! unsubscribe a
//! prepared, failed, gone, unsupported, opened
//! closed 1006 some reason
//! frame {"type":"pong"}      a text that comes from the socket
//! heard 500
//! buffered 70000             bytes that the socket holds
//! socket 3                   the next line is about this socket, not about the current one
//! verdict yes                the app's answer from now on
//! offline, online, resume, slept, timeout
//! wall 1000000
//! at 500                     it is now 500 ms, even if it was later before
//! wait 500                   time passes, and timers fire
//! sleep 500                  time passes, and they do not
//! hold, release              outputs wait: what is called meanwhile is called by a handler
//! ```
//!
//! Other lines mean nothing.

use tpa_session::session::{
    Close, Command, Config, Control, Duration, Input, Instant, Output, Payload, Redactor, Reply,
    Session, SocketId, Timer, Value, WakeHint,
};

use crate::arriving::{self, Arrived};
use crate::grammar::Grammar;
use crate::options;

/// Where the cloud listens, unless a line says otherwise.
const URL: (&str, &str) = ("augmentOSWebsocketUrl", "wss://cloud.example");

/// How often timers fire in one `wait`.
const MOST_ALARMS: usize = 20;

/// Lives through the lines.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut given = options::enough();
    // On this very machine it would not matter what is said of the network.
    given.insert(URL.0, Value::Text(URL.1.into()));
    let mut lines = text.lines().peekable();
    while let Some((name, value)) = lines.peek().and_then(|line| options::parse(line)) {
        given.insert(name, value);
        lines.next();
    }
    let config = options::read(&given).map_or_else(|_| Config::default(), |read| read.config);
    let lines: Vec<_> = lines.collect();
    let live = |is_monotonic: bool| {
        let mut life = Life::new(config.clone(), is_monotonic);
        for line in &lines {
            life.step(line);
        }
        life.carry_out();
        life.story
    };
    assert_eq!(
        live(false),
        live(true),
        "a clock that goes back stands still"
    );
}

/// A message of the app's, as heavy as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Weight(usize);

impl Payload for Weight {
    fn size(&self) -> usize {
        self.0
    }
}

/// What came of a line: the outputs, and when the next timer is due.
type Chapter = (Vec<Output<Weight>>, Option<(Instant, Timer)>);

struct Life {
    session: Session<Weight>,
    grammar: Grammar,
    now: u64,
    /// The latest time so far, where the session is told no earlier one.
    latest: Option<u64>,
    is_offline: bool,
    is_held: bool,
    /// What the next line is about.
    socket: Option<SocketId>,
    verdict: Option<bool>,
    story: Vec<Chapter>,
}

impl Life {
    fn new(config: Config, is_monotonic: bool) -> Self {
        Self {
            session: Session::new(config.clone(), 1, Instant::default()),
            grammar: Grammar::new(config),
            now: 0,
            latest: is_monotonic.then_some(0),
            is_offline: false,
            is_held: false,
            socket: None,
            verdict: None,
            story: Vec::new(),
        }
    }

    fn now(&mut self) -> Instant {
        let now = self.latest.map_or(self.now, |latest| latest.max(self.now));
        self.latest = self.latest.and(Some(now));
        Instant::from_millis(now)
    }

    fn step(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let millis = rest.parse::<u64>();
        match (word, millis) {
            ("socket", _) => {
                self.socket = rest.parse().ok().map(SocketId);
                return;
            }
            ("verdict", _) => self.verdict = yes_or_no(rest),
            ("hold", _) => self.is_held = true,
            ("release", _) => self.is_held = false,
            ("at", Ok(millis)) => self.now = millis,
            ("sleep", Ok(millis)) => self.now = self.now.saturating_add(millis),
            ("wait", Ok(millis)) => self.wait(millis),
            _ => {
                if let Some(command) = command(word, rest) {
                    self.command(command);
                } else if let Some(input) = self.parse_input(word, rest) {
                    self.input(input);
                }
            }
        }
        self.socket = None;
        if self.is_held {
            self.grammar.was_interrupted = true;
        } else {
            self.carry_out();
        }
    }

    fn parse_input(&self, word: &str, rest: &str) -> Option<Input> {
        let socket = self.socket.unwrap_or(self.session.connection());
        let reason = || Redactor::default().redact(rest);
        Some(match word {
            "prepared" => Input::Prepared(socket),
            "failed" => Input::Failed(socket),
            "gone" => Input::AttemptFailed {
                socket,
                reason: reason(),
            },
            "unsupported" => Input::Unsupported {
                socket,
                reason: reason(),
            },
            "opened" => Input::Opened(socket),
            "closed" => {
                let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                Input::Closed(
                    socket,
                    Close::new(code.parse().ok()?, Redactor::default().redact(reason)),
                )
            }
            "frame" => match arriving::read(rest) {
                Arrived::Control(control) => Input::Control(socket, control),
                Arrived::Malformed(fault) => Input::Malformed(socket, fault),
                Arrived::Data => return None,
            },
            "ack" => Input::Control(socket, Control::Ack),
            "heard" => Input::Activity(socket, Instant::from_millis(rest.parse().ok()?)),
            "buffered" => Input::Buffered(socket, rest.parse().ok()?),
            "offline" => Input::Offline,
            "online" => Input::Online,
            "resume" => Input::Wake(WakeHint::Resumed),
            "slept" => Input::Wake(WakeHint::Slept),
            "wall" => Input::WallClock(rest.parse().ok()?),
            "timeout" => Input::Timeout,
            _ => return None,
        })
    }

    fn command(&mut self, command: Command<Weight>) {
        let now = self.now();
        match self.session.command(command, now) {
            Ok(Reply::Run(run)) => self.grammar.started(run),
            Ok(Reply::Flush(flush)) => self.grammar.flushing(flush),
            _ => {}
        }
    }

    /// Whether the world can speak of this already: of a socket that is still to be made, it
    /// can't. The others are either left, or can do anything.
    fn is_possible(&self, input: &Input) -> bool {
        let Some(socket) = input.socket() else {
            return true;
        };
        let is_promised = matches!(
            input,
            Input::Prepared(_) | Input::AttemptFailed { .. } | Input::Unsupported { .. }
        );
        !self.is_held
            || socket != self.session.connection()
            || self.grammar.has_made(socket)
            || (is_promised && self.grammar.has_promised(socket))
    }

    fn input(&mut self, input: Input) {
        if !self.is_possible(&input) {
            return;
        }
        match input {
            Input::Offline => self.is_offline = true,
            Input::Online => self.is_offline = false,
            _ => {}
        }
        let now = self.now();
        self.session.handle_input(input, now);
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now.saturating_add(millis);
        for _ in 0..MOST_ALARMS {
            match self.session.poll_timeout() {
                Some((at, _)) if at.as_millis() <= end => self.now = self.now.max(at.as_millis()),
                _ => break,
            }
            self.input(Input::Timeout);
            self.carry_out();
        }
        self.now = end;
    }

    fn carry_out(&mut self) {
        let mut outputs = Vec::new();
        while let Some(output) = self.grammar.take(&mut self.session) {
            if let Output::AskShouldReconnect(_) = output {
                self.input(Input::ShouldReconnect(self.verdict.map(Into::into)));
            }
            outputs.push(output);
        }
        self.story.push((outputs, self.session.poll_timeout()));
        self.grammar.was_interrupted = false;
        self.grammar.rest(&self.session, self.is_offline);
    }
}

/// What the app asks by this line.
fn command(word: &str, rest: &str) -> Option<Command<Weight>> {
    let streams = || rest.split(',').map(Into::into).collect();
    Some(match word {
        "connect" => Command::Connect {
            session_id: rest.into(),
        },
        "disconnect" => Command::Disconnect {
            reason: (!rest.is_empty()).then(|| rest.into()),
        },
        "send" => {
            let mut words = rest.split(' ');
            let size = words.next()?.parse().ok()?;
            Command::Send {
                payload: Weight(size),
                key: words.next().filter(|key| *key != "-").map(Into::into),
                ttl: words
                    .next()
                    .and_then(|ttl| ttl.parse().ok())
                    .map(Duration::from_millis),
                buffered: match words.next() {
                    Some("closing") => None,
                    Some(bytes) => bytes.parse().ok(),
                    None => Some(0),
                },
            }
        }
        "flush" => Command::Flush,
        "retry" => Command::ReconnectNow,
        "subscribe" => Command::Subscribe(streams()),
        "unsubscribe" => Command::Unsubscribe(streams()),
        "follow" => Command::Follow(streams()),
        _ => return None,
    })
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
