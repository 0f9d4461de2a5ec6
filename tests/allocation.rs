//! What a session allocates, and what it holds.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    reason = "what is not as expected must fail the test"
)]

use std::sync::Arc;

use allocation_counter::measure;
use testkit::Message;
use tpa_session::session::{
    Close, Command, Config, Control, Input, Instant, Output, Session, SocketId, Timer,
};

/// The least that a shell does.
struct Shell {
    session: Session<Message>,
    now: Instant,
    socket: SocketId,
}

impl Shell {
    fn new() -> Self {
        Self::with_config(&Arc::default())
    }

    fn with_config(config: &Arc<Config>) -> Self {
        let now = Instant::from_millis(1);
        Self {
            session: Session::new(config.clone(), 7, now),
            now,
            socket: SocketId(0),
        }
    }

    fn connect(&mut self) {
        let session_id = "user-org.example.app".into();
        let command = Command::Connect { session_id };
        self.session.command(command, self.now).expect("a run");
        self.carry_out();
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        self.input(Input::Opened(self.socket));
        self.input(Input::Control(self.socket, Control::Ack));
    }

    fn input(&mut self, input: Input) {
        self.session.handle_input(input, self.now);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.session.poll_output() {
            if let Output::Prepare(socket) = output {
                self.socket = socket;
                self.session.handle_input(Input::Prepared(socket), self.now);
            }
        }
        let _: Option<(Instant, Timer)> = self.session.poll_timeout();
    }
}

/// Data frames do not enter the core; these are what it hears of them.
#[test]
fn receiving_allocates_nothing() {
    let mut shell = Shell::new();
    shell.connect();
    let (now, socket) = (shell.now, shell.socket);
    shell.input(Input::WallClock(1_000_000));
    let inputs = [
        Input::Activity(socket, now),
        Input::Buffered(socket, 1000),
        Input::WallClock(1_000_001),
        Input::Timeout,
        Input::Control(socket, Control::Pong { id: None }),
    ];
    for input in inputs {
        let name = format!("{input:?}");
        let used = measure(|| shell.input(input));
        assert_eq!(used.count_total, 0, "{name}");
    }
}

/// The state itself and all that it points to, but for the configuration, which sessions share.
#[test]
fn a_connected_session_with_empty_queues_takes_at_most_1320_bytes() {
    let config = Arc::default();
    let mut shell = None;
    let used = measure(|| {
        let mut connected = Shell::with_config(&config);
        connected.connect();
        shell = Some(connected);
    });
    let pointed_to = u64::try_from(used.bytes_current).expect("no less than nothing");
    let state = size_of::<Session<Message>>() as u64;
    assert!(
        state + pointed_to <= 1320,
        "{state} bytes, and {pointed_to} that they point to"
    );
}

/// The timeline grows to its length, and nothing else grows.
#[test]
fn a_session_that_was_cut_a_thousand_times_takes_at_most_64_kb() {
    let mut shell = None;
    let used = measure(|| {
        let mut often_cut = Shell::new();
        often_cut.connect();
        for _ in 0..1000 {
            let stable_after = Config::default().stable_after;
            often_cut.now = often_cut.now.after(stable_after);
            often_cut.input(Input::Closed(often_cut.socket, Close::new(1006, "")));
            let command = Command::ReconnectNow;
            let _ = often_cut.session.command(command, often_cut.now);
            often_cut.carry_out();
            often_cut.acknowledge();
        }
        shell = Some(often_cut);
    });
    assert!(used.bytes_current <= 65_536, "{} bytes", used.bytes_current);
    assert_eq!(
        shell.map(|shell| shell.session.timeline().count()),
        Some(256)
    );
}
