//! Target `inputs`: arbitrary commands and inputs, one per line, in any order and at any time.
//!
//! ```text
//! jitter 0.5                 an option, as in the target `options`; before all else
//! connect user-org.example   a call of the app
//! disconnect bye
//! send 12 card 700 5 once    its size, key, ttl, and the bytes that the socket holds, or `closing`;
//!                            `once` if it is not to be sent again
//! flush
//! retry
//! subscribe a,b
//! unsubscribe a
//! prepared, failed, gone, unsupported, opened
//! closed 1006 some reason
//! frame {"type":"pong"}      a text frame from the socket
//! heard 500
//! protocol 500               a protocol ping at that time
//! buffered 70000             bytes that the socket holds
//! socket 3                   the next line is about this socket, not about the current one
//! verdict yes                the app's answer to `shouldReconnect` from now on: yes, no, or a delay
//! offline, online, leaving, resume, shown, address, slept, jumped, timeout
//! wall 1000000
//! at 500                     it is now 500 ms, even if it was later before
//! wait 500                   time passes, and timers fire
//! sleep 500                  time passes, and they do not
//! hold, release              outputs wait: calls in between are calls from inside a handler
//! ```
//!
//! Other lines are ignored.

use testkit::Message;
use testkit::model::CheckedSession;
use tpa_session::session::{
    Close, Command, Config, Control, Duration, Input, Instant, Output, Reconnect, Redacted,
    SocketId, Timer, Value, WakeHint,
};

use crate::frame_class::{self, FrameClass};
use crate::{expect, options, redactor};

/// URL of the cloud, unless a line sets another one.
const URL: (&str, &str) = ("augmentOSWebsocketUrl", "wss://cloud.example");

/// Upper bound for the timeouts of one `wait`.
const MAX_ALARMS: usize = 20;

/// Runs the lines.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut given = options::enough();
    // On loopback the session ignores whether there is a network.
    given.insert(URL.0, Value::Text(URL.1.into()));
    let mut lines = text.lines().peekable();
    while let Some((name, value)) = lines.peek().and_then(|line| options::parse(line)) {
        given.insert(name, value);
        lines.next();
    }
    let config = options::read(&given)
        .map_or_else(|_| Config::default(), |read| Config::clone(&read.config));
    let lines: Vec<_> = lines.collect();
    let run = |is_monotonic: bool| {
        let mut run = Run::new(&config, is_monotonic);
        for line in &lines {
            run.step(line);
        }
        run.carry_out();
        run.chapters
    };
    assert_eq!(run(false), run(true), "a clock that goes back stands still");
}

/// Effect of a line: the outputs, and the next deadline.
type Chapter = (Vec<Output<Message>>, Option<(Instant, Timer)>);

struct Run {
    checked: CheckedSession,
    now: u64,
    /// The latest time so far, where the session is told no earlier one.
    latest: Option<u64>,
    /// Number of messages so far.
    written: u32,
    is_held: bool,
    /// The socket that the next line is about.
    socket: Option<SocketId>,
    decision: Option<Reconnect>,
    chapters: Vec<Chapter>,
}

impl Run {
    fn new(config: &Config, is_monotonic: bool) -> Self {
        Self {
            checked: CheckedSession::new(config, 1),
            now: 0,
            latest: is_monotonic.then_some(0),
            written: 0,
            is_held: false,
            socket: None,
            decision: None,
            chapters: Vec::new(),
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
            ("verdict", _) => self.decision = decision(rest),
            ("hold", _) => self.is_held = true,
            ("release", _) => self.is_held = false,
            ("at", Ok(millis)) => self.now = millis,
            ("sleep", Ok(millis)) => self.now = self.now.saturating_add(millis),
            ("wait", Ok(millis)) => self.wait(millis),
            _ => {
                if let Some(command) = self.parse_command(word, rest) {
                    self.command(command);
                } else if let Some(input) = self.parse_input(word, rest) {
                    self.input(input);
                }
            }
        }
        self.socket = None;
        if !self.is_held {
            self.carry_out();
        }
    }

    fn parse_input(&self, word: &str, rest: &str) -> Option<Input> {
        let socket = self.socket.unwrap_or(self.checked.session.connection());
        let reason = || redactor().redact(rest);
        Some(match word {
            "prepared" => Input::Prepared(socket),
            "failed" => Input::Failed(socket, Redacted::default()),
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
                let reason = redactor().redact(reason);
                Input::Closed(socket, Close::new(code.parse().ok()?, reason))
            }
            "frame" => match frame_class::classify(rest) {
                FrameClass::Control(control) => Input::Control(socket, control),
                FrameClass::Malformed(fault) => Input::Malformed(socket, fault),
                FrameClass::Data => return None,
            },
            "ack" => Input::Control(socket, Control::Ack),
            "heard" => Input::Activity(socket, Instant::from_millis(rest.parse().ok()?)),
            "protocol" => Input::ProtocolPing(socket, Instant::from_millis(rest.parse().ok()?)),
            "buffered" => Input::Buffered(socket, rest.parse().ok()?),
            "offline" => Input::Offline,
            "online" => Input::Online,
            "leaving" => Input::Leaving,
            "shown" => Input::Wake(WakeHint::Shown),
            "address" => Input::Wake(WakeHint::AddressChanged),
            "resume" => Input::Wake(WakeHint::Resumed),
            "slept" => Input::Wake(WakeHint::Slept),
            "jumped" => Input::ClockJumped,
            "wall" => Input::WallClock(rest.parse().ok()?),
            "timeout" => Input::Timeout,
            _ => return None,
        })
    }

    fn command(&mut self, command: Command<Message>) {
        let now = self.now();
        // The model checks the reply.
        let _ = expect(self.checked.command(command, now));
    }

    fn parse_command(&mut self, word: &str, rest: &str) -> Option<Command<Message>> {
        let streams = || rest.split(',').map(Into::into).collect();
        Some(match word {
            "connect" => Command::Connect {
                session_id: rest.into(),
            },
            "disconnect" => Command::Disconnect {
                reason: (!rest.is_empty()).then(|| rest.into()),
            },
            "send" => {
                let once = rest.strip_suffix(" once");
                let mut words = once.unwrap_or(rest).split(' ');
                let size = words.next()?.parse().ok()?;
                Command::Send {
                    payload: self.message(size),
                    key: words.next().filter(|key| *key != "-").map(Into::into),
                    ttl: words
                        .next()
                        .and_then(|ttl| ttl.parse().ok())
                        .map(Duration::from_millis),
                    replay: once.is_none(),
                    buffered: match words.next() {
                        Some("closing") => None,
                        Some(bytes) => bytes.parse().ok(),
                        None => Some(0),
                    },
                }
            }
            "dispose" => Command::Dispose,
            "flush" => Command::Flush,
            "retry" => Command::ReconnectNow,
            "reopen" => Command::Reopen,
            "hand_over" => Command::HandOver,
            "subscribe" => Command::Subscribe(streams()),
            "unsubscribe" => Command::Unsubscribe(streams()),
            "follow" => Command::Follow(streams()),
            _ => return None,
        })
    }

    fn message(&mut self, size: usize) -> Message {
        self.written += 1;
        let serial = self.written;
        Message { serial, size }
    }

    /// True if the input can occur already. A socket that is yet to be opened reports nothing; the
    /// others were given up, or can report anything.
    fn is_possible(&self, input: &Input) -> bool {
        let Some(socket) = input.socket() else {
            return true;
        };
        let is_promised = matches!(
            input,
            Input::Prepared(_) | Input::AttemptFailed { .. } | Input::Unsupported { .. }
        );
        let sockets = &self.checked.model.sockets;
        !self.is_held
            || socket != self.checked.session.connection()
            || sockets.open() == Some(socket)
            || (is_promised && sockets.live() == Some(socket))
    }

    fn input(&mut self, input: Input) {
        if !self.is_possible(&input) {
            return;
        }
        let now = self.now();
        expect(self.checked.input(input, now));
    }

    fn wait(&mut self, millis: u64) {
        let end = self.now.saturating_add(millis);
        for _ in 0..MAX_ALARMS {
            match self.checked.session.poll_timeout() {
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
        while let Some(output) = self.checked.poll_output() {
            expect(self.checked.check_output(&output, &|_, _| true));
            if let Output::AskShouldReconnect(_) = output {
                self.input(Input::ShouldReconnect(self.decision));
            }
            outputs.push(output);
        }
        let deadline = self.checked.session.poll_timeout();
        self.chapters.push((outputs, deadline));
        expect(self.checked.check_rest());
    }
}

fn decision(text: &str) -> Option<Reconnect> {
    match text {
        "yes" => Some(Reconnect::Yes),
        "no" => Some(Reconnect::No),
        delay => Reconnect::after_millis(delay.parse().ok()?),
    }
}
