//! Target `frames`: arbitrary text frames, one per line.
//!
//! The session is driven as the shell drives it, and the reference model predicts the effect of
//! each frame to the last output. Most frames have none.

use serde_json::Value;
use testkit::Message;
use testkit::model::{CheckedSession, Violation};
use tpa_session::session::{
    Command, Config, Control, Duration, Input, Instant, Outgoing, Output, PingId, SocketId, State,
};

use crate::frame_class::{self, FrameClass};
use crate::{KEY, expect, redactor};

/// Duration after which a connection is stable and attempts are counted from zero again, ms.
const STABLE_AFTER: u64 = 5000;
/// Attempts to reconnect before giving up.
const ATTEMPTS: u32 = 3;

/// Runs all scenes with the frames.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for scene in SCENES {
        let mut stage = Stage::new(scene);
        for line in text.split('\n') {
            stage.frame(line);
        }
    }
}

/// Length of a session's debug output after it received the frames so many times. If it grows
/// with the times, the session keeps something that it should not.
pub fn weigh(data: &[u8], times: usize) -> usize {
    let text = String::from_utf8_lossy(data);
    let mut stage = Stage::new(SCENES[2]);
    for _ in 0..times {
        for line in text.split('\n') {
            stage.frame(line);
        }
    }
    format!("{:?}", stage.checked.session).len()
}

/// Circumstances in which the frames arrive.
#[derive(Clone, Copy)]
struct Scene {
    /// The first connection is acknowledged before the frames arrive.
    acknowledged: bool,
    /// The key comes from a provider, so that a rejection is worth one more attempt.
    provider: bool,
    /// Time between two frames of a connection, ms.
    pause: u64,
    /// Lateness of timers, ms: browsers fire those of hidden tabs once a minute.
    lateness: u64,
}

const SCENES: [Scene; 5] = [
    Scene::new(false, false, 0, 0),
    Scene::new(false, true, 0, 0),
    Scene::new(true, true, 0, 0),
    // Less than a pong may take, so that no connection here ever becomes silent.
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

struct Stage {
    scene: Scene,
    checked: CheckedSession,
    now: u64,
    /// Time of the last frame.
    received_at: u64,
    /// The cloud has ponged, and goes on to answer pings.
    pongs: bool,
    /// The last ping, until it is answered.
    ping: Option<PingId>,
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
            checked: CheckedSession::new(&config, 1),
            now: 0,
            received_at: 0,
            pongs: false,
            ping: None,
        };
        stage.connect();
        if scene.acknowledged {
            stage.frame(r#"{"type":"tpa_connection_ack"}"#);
        }
        stage
    }

    fn frame(&mut self, line: &str) {
        match self.state() {
            State::Connected => self.pass(self.scene.pause),
            State::Waiting => self.retry(),
            State::Stopped => self.connect(),
            State::Idle | State::Connecting | State::Handshaking => {}
        }
        let class = frame_class::classify(line);
        if let FrameClass::Control(control) = &class {
            check_control(line, control);
            self.pongs |= matches!(control, Control::Pong { .. });
        }
        self.received_at = self.now;
        let socket = self.checked.session.connection();
        self.deliver(socket, &class);
        let outputs = self.carry_out();
        assert!(class != FrameClass::Data || outputs.is_empty(), "{line:?}");
        if matches!(self.state(), State::Waiting | State::Stopped) {
            self.deliver(socket, &class);
            let outputs = self.carry_out();
            assert!(outputs.is_empty(), "a frame of a socket that was given up");
        }
    }

    /// Reports the frame to the session, as the shell does.
    fn deliver(&mut self, socket: SocketId, class: &FrameClass) {
        match class {
            FrameClass::Control(control) => self.input(Input::Control(socket, control.clone())),
            FrameClass::Malformed(fault) => self.input(Input::Malformed(socket, *fault)),
            FrameClass::Data => {}
        }
    }

    /// Time passes on a connection, which survives it since pings are answered.
    fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        self.answer();
        while let Some((at, timer)) = self.checked.session.poll_timeout() {
            let alarm = at.as_millis() + self.scene.lateness;
            if alarm > end {
                break;
            }
            self.now = self.now.max(alarm);
            let received = Instant::from_millis(self.received_at);
            self.input(Input::Activity(self.checked.session.connection(), received));
            self.input(Input::WallClock(1_000_000 + self.now));
            self.input(Input::Timeout);
            for output in self.carry_out() {
                let is_ping = matches!(output, Output::Transmit(_, Outgoing::Ping(_)));
                assert!(is_ping, "{timer:?}: {output:?}");
            }
            assert_eq!(self.state(), State::Connected, "{timer:?}");
            self.answer();
        }
        self.now = end;
    }

    /// Answers the last ping, and so all before it, if the cloud pongs.
    fn answer(&mut self) {
        if let Some(id) = self.ping.take_if(|_| self.pongs) {
            let pong = Control::Pong { id: Some(id) };
            let socket = self.checked.session.connection();
            self.input(Input::Control(socket, pong));
            self.carry_out();
        }
    }

    fn connect(&mut self) {
        let session_id = "user-org.example.app".into();
        let command = Command::Connect { session_id };
        let (reply, _) = expect(self.checked.command(command, self.instant()));
        reply.expect("a run");
        self.dial();
    }

    /// Advances the clock to the next attempt.
    fn retry(&mut self) {
        let deadline = self.checked.session.poll_timeout();
        let (at, _) = deadline.expect("another attempt");
        self.now = self.now.max(at.as_millis());
        self.input(Input::Timeout);
        self.dial();
    }

    fn dial(&mut self) {
        self.carry_out();
        self.input(Input::Opened(self.checked.session.connection()));
        self.carry_out();
        assert_eq!(self.state(), State::Handshaking);
    }

    fn input(&mut self, input: Input) {
        expect(self.checked.input(input, self.instant()));
    }

    /// Carries out all outputs, and returns them.
    fn carry_out(&mut self) -> Vec<Output<Message>> {
        let mut outputs = Vec::new();
        while let Some(output) = self.checked.poll_output() {
            expect(self.checked.check_output(&output, &|_, _| true));
            assert!(!format!("{output:?}").contains(KEY), "{output:?}");
            match output {
                Output::Prepare(socket) => self.input(Input::Prepared(socket)),
                Output::Transmit(_, Outgoing::Ping(id)) => self.ping = Some(id),
                _ => {}
            }
            outputs.push(output);
        }
        expect::<(), Violation>(self.checked.check_rest());
        outputs
    }

    const fn state(&self) -> State {
        self.checked.session.state()
    }

    const fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }
}

/// Compares a frame that the session must act on with what another JSON reader makes of it, where
/// that can read it.
fn check_control(line: &str, control: &Control) {
    let Ok(frame) = serde_json::from_str::<Value>(line) else {
        return;
    };
    let field = |name: &str| {
        frame[name]
            .as_str()
            .map(|text| redactor().redact_line(text))
    };
    match control {
        Control::Ack => assert_eq!(frame["type"], "tpa_connection_ack"),
        Control::Pong { .. } => assert_eq!(frame["type"], "pong"),
        Control::Stopped { reason } => assert_eq!(field("reason"), *reason),
        Control::Error { code, message } => {
            assert_eq!(field("code"), *code);
            let expected = field("message").unwrap_or("Connection refused".into());
            assert_eq!(expected, *message);
        }
    }
}
