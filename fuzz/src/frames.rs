//! Target `frames`: whatever text frames come, one a line.
//!
//! The session is driven as the shell drives it, and a model says what each frame may bring
//! about, to the last output: most of them nothing at all.

use serde_json::Value;
use tpa_session::session::{
    Command, Config, Control, Duration, Event, Input, Instant, Malformed, Outgoing, Output,
    Payload, Reply, Session, SessionError, SocketId, State,
};

use crate::arriving::{self, Arrived};
use crate::grammar::Grammar;

/// How long a connection must last until attempts are counted from zero again, ms.
const STABLE_AFTER: u64 = 5000;
/// Attempts to reconnect before giving up.
const ATTEMPTS: u32 = 3;

/// What the clouds call a refusal for good, by code and by words.
const FATAL: [&str; 4] = [
    "INVALID_API_KEY",
    "INVALID_JWT",
    "JWT_SIGNATURE_FAILED",
    "PACKAGE_NOT_FOUND",
];
const CREDENTIALS: [&str; 6] = [
    "api key",
    "apikey",
    "api_key",
    "jwt",
    "credential",
    "unauthorized",
];

/// Lets the frames come in every scene.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for scene in SCENES {
        let mut stage = Stage::new(scene);
        for line in text.split('\n') {
            stage.arrive(line);
        }
    }
}

/// How long a session's description of itself is once it has heard the frames so many times,
/// again and again: if it grows with the times, something is kept that should not be.
pub fn weigh(data: &[u8], times: usize) -> usize {
    let text = String::from_utf8_lossy(data);
    let mut stage = Stage::new(SCENES[2]);
    for _ in 0..times {
        for line in text.split('\n') {
            stage.arrive(line);
        }
    }
    format!("{:?}", stage.session).len()
}

/// The circumstances in which frames come.
#[derive(Clone, Copy)]
struct Scene {
    /// The first connection is acknowledged before they come.
    acknowledged: bool,
    /// The key comes from a provider, so that a refusal is worth one more try.
    provider: bool,
    /// Time between two frames of a connection, ms.
    pause: u64,
    /// How late timers fire, ms: browsers run those of hidden tabs once a minute.
    lateness: u64,
}

const SCENES: [Scene; 5] = [
    Scene::new(false, false, 0, 0),
    Scene::new(false, true, 0, 0),
    Scene::new(true, true, 0, 0),
    // Less than a pong may take, so that nothing here ever falls silent.
    Scene::new(true, false, 4000, 0),
    Scene::new(true, true, 4000, 60_000),
];

impl Scene {
    const fn new(acknowledged: bool, provider: bool, pause: u64, lateness: u64) -> Self {
        Self {
            acknowledged,
            provider,
            pause,
            lateness,
        }
    }
}

/// No message of the app's is sent here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Nothing;

impl Payload for Nothing {
    fn size(&self) -> usize {
        0
    }
}

struct Stage {
    scene: Scene,
    session: Session<Nothing>,
    now: u64,
    heard_at: u64,
    grammar: Grammar,
    model: Model,
}

impl Stage {
    fn new(scene: Scene) -> Self {
        let config = Config {
            max_reconnect_attempts: Some(ATTEMPTS),
            stable_after: Duration::from_millis(STABLE_AFTER),
            key_from_provider: scene.provider,
            ..Config::default()
        };
        let mut stage = Self {
            scene,
            session: Session::new(config.clone(), 1, Instant::default()),
            now: 0,
            heard_at: 0,
            grammar: Grammar::new(config),
            model: Model::new(scene.provider),
        };
        stage.connect();
        if scene.acknowledged {
            stage.arrive(r#"{"type":"tpa_connection_ack"}"#);
        }
        stage
    }

    fn arrive(&mut self, line: &str) {
        match self.model.phase {
            Phase::Connected => self.pass(self.scene.pause),
            Phase::Handshaking => {}
            Phase::Waiting => self.retry(),
            Phase::Over => self.connect(),
        }
        let arrived = arriving::read(line);
        if let Arrived::Control(control) = &arrived {
            judge_control(line, control);
        }
        self.heard_at = self.now;
        let socket = self.session.connection();
        self.deliver(socket, &arrived);
        let expected = self.model.hear(&arrived, self.now);
        self.expect(&expected, line);
        if !self.model.phase.has_socket() {
            self.deliver(socket, &arrived);
            self.expect(&[], "the same on a socket that was left");
        }
    }

    /// What the shell tells the session of it.
    fn deliver(&mut self, socket: SocketId, arrived: &Arrived) {
        match arrived {
            Arrived::Control(control) => self.input(Input::Control(socket, control.clone())),
            Arrived::Malformed(fault) => self.input(Input::Malformed(socket, *fault)),
            Arrived::Data => {}
        }
    }

    /// Time passes on a connection, which lives through it: frames have come.
    fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some((at, timer)) = self.session.poll_timeout() {
            let alarm = at.as_millis() + self.scene.lateness;
            if alarm > end {
                break;
            }
            self.now = self.now.max(alarm);
            let heard = Instant::from_millis(self.heard_at);
            self.input(Input::Activity(self.session.connection(), heard));
            self.input(Input::WallClock(1_000_000 + self.now));
            self.input(Input::Timeout);
            let told = self.drain();
            assert!(told.iter().all(|it| it == "ping"), "{timer:?}: {told:?}");
            assert_eq!(self.session.state(), State::Connected, "{timer:?}");
        }
        self.now = end;
    }

    fn connect(&mut self) {
        let session_id = "user-org.example.app".into();
        let now = Instant::from_millis(self.now);
        let reply = self.session.command(Command::Connect { session_id }, now);
        let Ok(Reply::Run(run)) = reply else {
            panic!("{reply:?} to connect()");
        };
        self.grammar.started(run);
        self.model.start();
        self.dial();
    }

    /// Goes to the next attempt, which is waited for.
    fn retry(&mut self) {
        let (at, _) = self.session.poll_timeout().expect("another attempt");
        self.now = self.now.max(at.as_millis());
        self.input(Input::Timeout);
        self.model.attempts += 1;
        self.dial();
    }

    fn dial(&mut self) {
        let attempt = format!("connecting {}", self.model.attempts);
        self.expect(&texts(["-> connecting", &attempt, "prepare", "open"]), "");
        self.input(Input::Opened(self.session.connection()));
        self.expect(&texts(["init", "-> handshaking"]), "an open socket");
        self.model.phase = Phase::Handshaking;
    }

    fn input(&mut self, input: Input) {
        self.session
            .handle_input(input, Instant::from_millis(self.now));
    }

    fn expect(&mut self, expected: &[String], after: &str) {
        let told = self.drain();
        assert_eq!(told, expected, "after {after:?}");
        self.grammar.rest(&self.session, false);
    }

    /// Carries out all there is to do, and tells what that was.
    fn drain(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(output) = self.grammar.take(&mut self.session) {
            told.push(describe(&output));
            if let Output::Prepare(socket) = output {
                self.input(Input::Prepared(socket));
            }
        }
        told
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Handshaking,
    Connected,
    Waiting,
    Over,
}

impl Phase {
    const fn has_socket(self) -> bool {
        matches!(self, Self::Handshaking | Self::Connected)
    }
}

/// What a frame brings about, from the protocol and the documents.
struct Model {
    provider: bool,
    phase: Phase,
    attempts: u32,
    acknowledged: bool,
    fresh_key_tried: bool,
    stable_at: u64,
}

impl Model {
    const fn new(provider: bool) -> Self {
        Self {
            provider,
            phase: Phase::Over,
            attempts: 0,
            acknowledged: false,
            fresh_key_tried: false,
            stable_at: u64::MAX,
        }
    }

    /// `connect()` was called.
    fn start(&mut self) {
        *self = Self::new(self.provider);
    }

    fn hear(&mut self, arrived: &Arrived, now: u64) -> Vec<String> {
        let connected = self.phase == Phase::Connected;
        match arrived {
            Arrived::Data | Arrived::Control(Control::Pong) => Vec::new(),
            Arrived::Malformed(fault) => vec![malformed(*fault)],
            Arrived::Control(Control::Ack) if connected => Vec::new(),
            Arrived::Control(Control::Ack) => self.acknowledge(now),
            Arrived::Control(Control::Stopped { reason }) => {
                let more = reason.as_ref().map(|reason| format!(": {reason}"));
                let reason = format!("App stopped{}", more.unwrap_or_default());
                self.lose(1000, &reason, "AppStopped", now)
            }
            Arrived::Control(Control::Error { code, message }) => {
                let fatal = code.as_deref().is_some_and(|code| FATAL.contains(&code));
                if connected && !fatal {
                    vec![reported(code.as_deref(), message)]
                } else {
                    self.lose(1008, message, judge(fatal, message), now)
                }
            }
        }
    }

    fn acknowledge(&mut self, now: u64) -> Vec<String> {
        let first = !std::mem::replace(&mut self.acknowledged, true);
        let promise = first.then_some("resolve");
        self.phase = Phase::Connected;
        self.fresh_key_tried = false;
        self.stable_at = now + STABLE_AFTER;
        let told = ["subscriptions"].into_iter().chain(promise);
        texts(told.chain(["-> connected", "connected"]))
    }

    fn lose(&mut self, code: u16, reason: &str, kind: &str, now: u64) -> Vec<String> {
        let was_connected = self.phase == Phase::Connected;
        if was_connected && now >= self.stable_at {
            self.attempts = 0;
        }
        let is_worth_it = match kind {
            "Abnormal" => true,
            "Rejected" => self.provider && !std::mem::replace(&mut self.fresh_key_tried, true),
            _ => false,
        };
        let mut told = vec![format!("close {code} {reason}")];
        if is_worth_it && self.attempts < ATTEMPTS {
            self.phase = Phase::Waiting;
            told.push("-> waiting".into());
            if was_connected {
                told.push(format!("disconnected {code} {reason} {kind}"));
            }
            let next = self.attempts + 1;
            told.push(format!("reconnecting {next} {code} {reason} {kind}"));
            return told;
        }
        self.phase = Phase::Over;
        let gave_up = kind == "Abnormal" && self.attempts == ATTEMPTS;
        let end = if gave_up {
            "4000 Maximum reconnection attempts exceeded Exhausted".into()
        } else {
            format!("{code} {reason} {kind}")
        };
        told.push("-> stopped".into());
        if !self.acknowledged {
            told.push(format!("reject {end} after {}", self.attempts));
        }
        told.push(format!("disconnected {end} permanent"));
        told
    }
}

/// A frame that the session must act on says what is in its fields, where a second reader of
/// JSON can read them.
fn judge_control(line: &str, control: &Control) {
    let Ok(frame) = serde_json::from_str::<Value>(line) else {
        return;
    };
    let field = |name: &str| frame[name].as_str();
    match control {
        Control::Ack => assert_eq!(field("type"), Some("tpa_connection_ack")),
        Control::Pong => assert_eq!(field("type"), Some("pong")),
        Control::Stopped { reason } => assert_eq!(field("reason"), reason.as_deref()),
        Control::Error { code, message } => {
            assert_eq!(field("code"), code.as_deref());
            assert_eq!(field("message").unwrap_or("Connection refused"), &**message);
        }
    }
}

/// What a refusal means.
fn judge(fatal: bool, message: &str) -> &'static str {
    let words = message.to_ascii_lowercase();
    if message.contains("User session ended") {
        "SessionEnded"
    } else if message.contains("App stopped") {
        "AppStopped"
    } else if fatal || CREDENTIALS.iter().any(|word| words.contains(word)) {
        "Rejected"
    } else {
        "Abnormal"
    }
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

fn malformed(fault: Malformed) -> String {
    format!("error {fault:?}")
}

fn reported(code: Option<&str>, message: &str) -> String {
    format!("error {code:?} {message}")
}

fn describe(output: &Output<Nothing>) -> String {
    match output {
        Output::Prepare(_) => "prepare".into(),
        Output::Open(_) => "open".into(),
        Output::Transmit(_, Outgoing::Init) => "init".into(),
        Output::Transmit(_, Outgoing::Ping) => "ping".into(),
        Output::Transmit(_, Outgoing::Subscriptions(_)) => "subscriptions".into(),
        Output::Close(_, close) => format!("close {} {}", close.code, close.reason),
        Output::Settle(_, Ok(())) => "resolve".into(),
        Output::Settle(_, Err(error)) => {
            let cause = &error.cause;
            format!(
                "reject {} {} {:?} after {}",
                cause.code, cause.reason, cause.kind, error.attempts
            )
        }
        Output::Emit(Event::Connecting(event)) => format!("connecting {}", event.attempt),
        Output::Emit(Event::Connected) => "connected".into(),
        Output::Emit(Event::StateChange(change)) => format!("-> {}", change.to.name()),
        Output::Emit(Event::Error(SessionError::Malformed(fault))) => malformed(*fault),
        Output::Emit(Event::Error(SessionError::Reported { code, message })) => {
            reported(code.as_deref(), message)
        }
        Output::Emit(Event::Reconnecting(next)) => {
            let cause = &next.cause;
            format!(
                "reconnecting {} {} {} {:?}",
                next.attempt, cause.code, cause.reason, cause.kind
            )
        }
        Output::Emit(Event::Disconnected(end)) => {
            let permanent = if end.permanent { " permanent" } else { "" };
            format!(
                "disconnected {} {} {:?}{permanent}",
                end.code, end.reason, end.kind
            )
        }
        other => format!("{other:?}"),
    }
}
