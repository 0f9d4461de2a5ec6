//! Benchmarks of the core: `cargo xtask bench core [FILTER]`.
//!
//! `input/…` handles one input or command, polls all its outputs and the next deadline, as the run
//! loop does; the budgets limit these. `life/…` covers longer sequences.
#![cfg_attr(target_arch = "wasm32", no_main)]
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    missing_docs,
    reason = "criterion's macros make undocumented functions"
)]

use std::hint::black_box;
use std::time;

use criterion::{BatchSize, Bencher, Criterion, SamplingMode, criterion_group, criterion_main};
use testkit::Message;
use tpa_session::session::{
    Close, Command, Config, Control, Duration, Input, Instant, Output, Reply, Session, SocketId,
    Timer,
};

/// Message of 100 bytes.
const MESSAGE: Message = Message {
    serial: 1,
    size: 100,
};

/// Minimal shell.
#[derive(Clone)]
struct Shell {
    session: Session<Message>,
    now: Instant,
    socket: SocketId,
    ticks: u64,
}

impl Shell {
    fn idle() -> Self {
        let now = Instant::from_millis(1);
        Self {
            session: Session::new(Config::default(), 7, now),
            now,
            socket: SocketId(0),
            ticks: 0,
        }
    }

    fn connected() -> Self {
        let mut shell = Self::idle();
        shell.connect();
        shell.acknowledge();
        shell.input(Input::Control(shell.socket, Control::Pong { id: None }));
        shell
    }

    /// Disconnected, with a full queue of 1,000 messages, of which `keys` have a key.
    fn full(keys: u32) -> Self {
        Self::full_of(1000, keys)
    }

    /// Disconnected, with a full queue of `messages`, of which `keys` have a key.
    fn full_of(messages: u32, keys: u32) -> Self {
        let mut shell = Self::idle();
        let mut config = Config::default();
        config.outbox.messages = messages as usize;
        config.outbox.bytes = usize::MAX;
        shell.session = Session::new(config, 7, shell.now);
        shell.connect();
        for number in 0..messages {
            shell.now = shell.now.after(Duration::from_millis(1));
            let share = u64::from(number) * u64::from(keys);
            let has_key = share % u64::from(messages) < u64::from(keys);
            shell.send(
                has_key.then(|| key_of((share / u64::from(messages)) as u32)),
                None,
            );
        }
        shell
    }

    /// Before the ack, with 100 subscriptions and 100 queued messages.
    fn laden() -> Self {
        let mut shell = Self::idle();
        let streams = (0..100).map(|number| format!("stream_{number}")).collect();
        shell.command(Command::Subscribe(streams));
        shell.connect();
        for _ in 0..100 {
            shell.send(None, None);
        }
        shell.input(Input::Opened(shell.socket));
        shell
    }

    fn connect(&mut self) {
        let session_id = "user-org.example.bench".into();
        self.command(Command::Connect { session_id });
    }

    fn acknowledge(&mut self) {
        self.input(Input::Opened(self.socket));
        self.input(Input::Control(self.socket, Control::Ack));
    }

    fn cut(&mut self) {
        self.input(Input::Closed(self.socket, Close::new(1006, "")));
    }

    /// Advances the clock to the next attempt.
    fn wait(&mut self) {
        while let Some((at, timer)) = self.session.poll_timeout() {
            self.now = self.now.max(at);
            self.input(Input::Timeout);
            if timer == Timer::Retry {
                return;
            }
        }
    }

    fn send(&mut self, key: Option<String>, buffered: Option<u32>) -> Reply {
        self.ticks += 1;
        if self.ticks.is_multiple_of(16) {
            self.now = self.now.after(Duration::from_millis(1));
        }
        self.command(Command::Send {
            payload: MESSAGE,
            key,
            ttl: Some(Duration::from_millis(100_000_000_000)),
            replay: true,
            buffered,
        })
    }

    fn command(&mut self, command: Command<Message>) -> Reply {
        let reply = self.session.command(command, self.now);
        self.carry_out();
        reply.unwrap_or(Reply::Dropped)
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
            black_box(output);
        }
        black_box(self.session.poll_timeout());
    }
}

fn key_of(number: u32) -> String {
    format!("display_event:view_{number}")
}

/// Sends messages with these keys, which the app makes and whose time is left out.
fn send_each(bencher: &mut Bencher<'_>, shell: &mut Shell, next: impl FnMut() -> String) {
    bencher.iter_batched(
        next,
        |key| shell.send(Some(key), None),
        BatchSize::SmallInput,
    );
}

fn inputs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("input");
    group.sampling_mode(SamplingMode::Flat);
    let mut shell = Shell::connected();
    let socket = shell.socket;
    group.bench_function("pong", |bencher| {
        bencher.iter(|| {
            shell.input(black_box(Input::Control(
                socket,
                Control::Pong { id: None },
            )))
        });
    });
    group.bench_function("heard", |bencher| {
        let now = shell.now;
        bencher.iter(|| shell.input(black_box(Input::Activity(socket, now))));
    });
    group.bench_function("timeout_spurious", |bencher| {
        bencher.iter(|| shell.input(black_box(Input::Timeout)));
    });
    group.bench_function("wall_clock", |bencher| {
        bencher.iter(|| shell.input(black_box(Input::WallClock(1_000_000))));
    });
    group.bench_function("send_connected", |bencher| {
        bencher.iter(|| shell.send(None, Some(0)));
    });

    let mut shell = Shell::connected();
    for _ in 0..2000 {
        shell.send(None, Some(2_000_000));
    }
    group.bench_function("send_connected_without_room", |bencher| {
        bencher.iter(|| shell.send(None, Some(2_000_000)));
    });
    let mut shell = Shell::full(0);
    group.bench_function("send_to_full_queue", |bencher| {
        bencher.iter(|| shell.send(None, None));
    });
    for keys in [10, 1000] {
        let mut shell = Shell::full(keys);
        let mut number = 0;
        group.bench_function(
            format!("send_keyed_to_full_queue_with_{keys}_keys"),
            |bencher| {
                let next = || {
                    number = (number + 7) % keys;
                    key_of(number)
                };
                send_each(bencher, &mut shell, next);
            },
        );
    }
    let mut shell = Shell::full(1000);
    let mut number = 1000_u32;
    group.bench_function("send_new_key_to_full_queue_with_1000_keys", |bencher| {
        let next = || {
            number = number.wrapping_add(1);
            key_of(number)
        };
        send_each(bencher, &mut shell, next);
    });
    group.finish();
}

fn queues(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("input");
    group.sampling_mode(SamplingMode::Flat);
    for messages in [10, 1000, 100_000] {
        let mut shell = Shell::full_of(messages, messages);
        let mut number = 0;
        group.bench_function(
            format!("send_key_replaced_among_{messages}_keys"),
            |bencher| {
                let next = || {
                    number = (number + 7919) % messages;
                    key_of(number)
                };
                send_each(bencher, &mut shell, next);
            },
        );
        let mut shell = Shell::full_of(messages, messages);
        let mut number = messages;
        group.bench_function(format!("send_new_key_among_{messages}_keys"), |bencher| {
            let next = || {
                number = number.wrapping_add(1);
                key_of(number)
            };
            send_each(bencher, &mut shell, next);
        });
    }
    group.finish();
}

fn lives(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("life");
    group.sampling_mode(SamplingMode::Flat);
    let mut shell = Shell::connected();
    group.bench_function("cut_to_ack", |bencher| {
        bencher.iter(|| {
            // Stable for long enough that the attempt counter resets.
            shell.now = shell.now.after(Config::default().stable_after);
            shell.cut();
            shell.wait();
            shell.acknowledge();
        });
    });
    let laden = Shell::laden();
    group.bench_function("ack_with_100_streams_and_100_messages", |bencher| {
        bencher.iter_batched_ref(
            || laden.clone(),
            |shell| shell.input(Input::Control(shell.socket, Control::Ack)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// Many short samples: on a busy machine most of them run undisturbed, and so does the median.
fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(time::Duration::from_millis(500))
        .measurement_time(time::Duration::from_secs(1))
        .sample_size(1000)
}

criterion_group! {
    name = core;
    config = settings();
    targets = inputs, queues, lives
}
criterion_main!(core);
