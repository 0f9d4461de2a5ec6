//! Spread of the connection attempts of a million sessions after the cloud restarts.
//!
//!     cargo xtask herd [--clients N]
//!
//! Each client is the shipped core in virtual time, with its own seed. All are cut at the same time;
//! the cloud refuses connections until it is up again. Counts the attempts per 100 ms, with the
//! default jitter and without jitter, and draws them with the ideal: the same number spread evenly
//! over the window of each attempt.

use std::fmt::Write as _;
use std::{env, fs, process};

use testkit::Message;
use tpa_session::session::{
    Close, Command, Config, Control, Input, Instant, Output, Session, SocketId,
};

/// Width of a bucket, ms.
const BUCKET: u64 = 100;
/// Downtime of the cloud, ms: the first attempt of every client fails.
const DOWN: u64 = 1100;
/// Time span of the chart, ms.
const END: u64 = 3600;
/// Windows of the first two attempts with the defaults, ms. A first attempt is refused at once, so
/// the delay of the second is added to that of the first.
const FIRST: (u64, u64) = (500, 1000);
/// Highest allowed ratio of the peak to an even spread.
const LIMIT: f64 = 1.3;

fn main() {
    let clients = clients();
    let jittered = dials(clients, Config::default().backoff.jitter);
    let in_step = dials(clients, 0.0);
    let buckets = (FIRST.1 - FIRST.0) / BUCKET;
    let even = clients as f64 / buckets as f64;
    let peak = jittered.iter().copied().max().unwrap_or_default() as f64;
    let ratio = peak / even;
    let worst = in_step.iter().copied().max().unwrap_or_default() as f64 / even;
    let path = "bench/results/herd.svg";
    let written = fs::create_dir_all("bench/results")
        .and_then(|()| fs::write(path, picture(&jittered, &in_step, even)));
    if let Err(error) = written {
        eprintln!("cannot write {path}: {error}");
        process::exit(1);
    }
    println!(
        "{clients} clients: the peak is {ratio:.3} of an even spread with the defaults, \
         {worst:.1} without jitter; {path}"
    );
    if ratio > LIMIT {
        eprintln!("the peak is above {LIMIT}");
        process::exit(1);
    }
}

fn clients() -> u64 {
    let mut arguments = env::args().skip_while(|argument| argument != "--clients");
    let number = arguments.nth(1).map(|number| number.parse());
    match number {
        None => 1_000_000,
        Some(Ok(number)) if number > 0 => number,
        Some(_) => {
            eprintln!("--clients: must be a whole number from 1");
            process::exit(2);
        }
    }
}

/// Attempts of all clients per bucket after the cut.
fn dials(clients: u64, jitter: f64) -> Vec<u64> {
    let mut buckets = vec![0; (END / BUCKET) as usize];
    for seed in 0..clients {
        let mut config = Config::default();
        config.backoff.jitter = jitter;
        for at in life(config, seed) {
            if let Some(bucket) = buckets.get_mut((at / BUCKET) as usize) {
                *bucket += 1;
            }
        }
    }
    buckets
}

/// Times of one client's attempts after the cut, ms.
fn life(config: Config, seed: u64) -> Vec<u64> {
    let mut client = Client {
        session: Session::new(config, seed, Instant::default()),
        now: 0,
        dials: Vec::new(),
    };
    let session_id = "user-org.example.app".into();
    let connect = Command::Connect { session_id };
    if client.session.command(connect, client.at()).is_err() {
        return Vec::new();
    }
    client.drain(true);
    let cut = Close::new(1006, "");
    client.input(Input::Closed(client.session.connection(), cut), true);
    client.dials.clear();
    while client.dials.last().is_none_or(|&at| at < DOWN)
        && let Some((at, _)) = client.session.poll_timeout()
    {
        client.now = at.as_millis();
        let up = client.now >= DOWN;
        client.input(Input::Timeout, up);
    }
    client.dials
}

struct Client {
    session: Session<Message>,
    now: u64,
    dials: Vec<u64>,
}

impl Client {
    fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn input(&mut self, input: Input, up: bool) {
        self.session.handle_input(input, self.at());
        self.drain(up);
    }

    /// Executes all outputs, with a cloud that accepts or refuses immediately.
    fn drain(&mut self, up: bool) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Prepare(socket) => {
                    self.session
                        .handle_input(Input::Prepared(socket), self.at());
                }
                Output::Open(socket) => {
                    self.dials.push(self.now);
                    self.answer(socket, up);
                }
                Output::Transmit(..)
                | Output::Close(..)
                | Output::AskShouldReconnect(_)
                | Output::Emit(_)
                | Output::Settle(..)
                | Output::Flushed(..) => {}
            }
        }
    }

    fn answer(&mut self, socket: SocketId, up: bool) {
        let at = self.at();
        if up {
            self.session.handle_input(Input::Opened(socket), at);
            self.session
                .handle_input(Input::Control(socket, Control::Ack), at);
        } else {
            let refused = Close::new(1006, "");
            self.session
                .handle_input(Input::Closed(socket, refused), at);
        }
    }
}

/// Chart with two rows of bars on one time axis: with and without jitter.
fn picture(jittered: &[u64], in_step: &[u64], even: f64) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 400\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"760\" height=\"400\" fill=\"#fff\"/>\n",
    );
    row(
        &mut svg,
        30.0,
        jittered,
        even,
        "#187f49",
        "with the defaults",
    );
    row(&mut svg, 215.0, in_step, even, "#b8231c", "without jitter");
    for second in 0..=END / 1000 {
        let x = 40.0 + second as f64 * 1000.0 / BUCKET as f64 * 19.0;
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{x:.0}\" y=\"390\" fill=\"#444\">{second} s</text>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn row(svg: &mut String, top: f64, buckets: &[u64], even: f64, colour: &str, name: &str) {
    const HEIGHT: f64 = 150.0;
    let most = buckets.iter().copied().max().unwrap_or(1).max(1) as f64;
    let base = top + HEIGHT;
    for (nth, &count) in buckets.iter().enumerate() {
        let height = count as f64 / most * (HEIGHT - 20.0);
        let (x, y) = (40 + nth * 19, base - height);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y:.1}\" width=\"17\" height=\"{height:.1}\" fill=\"{colour}\"/>"
        );
    }
    let y = base - (even / most).min(1.0) * (HEIGHT - 20.0);
    let _ = writeln!(
        svg,
        "<line x1=\"40\" x2=\"724\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#222\" \
         stroke-dasharray=\"4 4\"/>\n\
         <text x=\"40\" y=\"{top}\" fill=\"#111\">Dials per {BUCKET} ms, {name}: at most \
         {most:.0}; dashed: the first attempt spread evenly, {even:.0}</text>"
    );
}
