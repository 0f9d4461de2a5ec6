//! The faults of 200 seeds, and what they do to four apps. `tests/cloud/seeds.test.mjs` compares the
//! npm package with the same file.
#![allow(clippy::unwrap_used, reason = "all of this is tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde_json::json;
use tpa_cloud::{
    Cloud, Config, ConnectionId, Delivery, Dialect, Fact, Input, Instant, Output, Plan, SeededPlan,
    Target, WallClock,
};

const SEEDS: u64 = 200;
const APPS: usize = 4;
const TIME: u64 = 180_000;
const REDIAL: u64 = 1_000;

/// Set to write the file instead of comparing it.
const UPDATE: &str = "TPA_UPDATE_SEEDS";

/// Apps that dial again a second after each end, and the cloud.
struct Run {
    cloud: Cloud,
    now: u64,
    /// Dials: time and app.
    dials: BTreeSet<(u64, usize)>,
    /// Apps by connection, with the state of being frozen.
    open: BTreeMap<ConnectionId, (usize, bool)>,
    lines: String,
    count: usize,
}

impl Run {
    fn of(seed: u64) -> Self {
        let clock = WallClock::starting_at(1_700_000_000_000);
        let mut run = Self {
            cloud: Cloud::new(Config::default(), clock, Instant::ZERO),
            now: 0,
            dials: (0..APPS).map(|app| (0, app)).collect(),
            open: BTreeMap::new(),
            lines: String::new(),
            count: 0,
        };
        let plan = Plan::Seeded(SeededPlan::new(seed));
        run.cloud.play(plan, Target::All, Instant::ZERO);
        run.drain();
        while let Some(at) = run.next().filter(|at| *at <= TIME) {
            run.now = at;
            match run.dials.first().copied().filter(|dial| dial.0 <= at) {
                Some(dial) => {
                    run.dials.remove(&dial);
                    run.dial(dial.1);
                }
                None => run.cloud.handle_timeout(run.at()),
            }
            run.drain();
        }
        run
    }

    fn next(&self) -> Option<u64> {
        let timeout = self.cloud.poll_timeout().map(|(at, _)| at.as_millis());
        let dial = self.dials.first().map(|dial| dial.0);
        timeout.into_iter().chain(dial).min()
    }

    fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn dial(&mut self, app: usize) {
        match self.cloud.open("app", Dialect::AugmentOs, self.at()) {
            Ok(id) => {
                self.open.insert(id, (app, false));
                let init = json!({"type": "tpa_connection_init", "packageName": "a.b",
                    "sessionId": format!("user{app}-a.b"), "apiKey": "dev-key"});
                let init = Input::Text(&init.to_string());
                self.cloud.handle_input(id, init, self.at());
            }
            Err(_) => {
                self.dials.insert((self.now + REDIAL, app));
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.cloud.poll_output() {
            match output {
                Output::Deliver {
                    to,
                    what: Delivery::Ping,
                } if !self.open[&to].1 => {
                    self.cloud.handle_input(to, Input::Pong, self.at());
                }
                Output::Deliver {
                    to,
                    what: Delivery::Close { code, .. },
                } => {
                    let closed = Input::Closed { code, reason: "" };
                    self.cloud.handle_input(to, closed, self.at());
                    self.end(to);
                }
                Output::Cut { to } => self.end(to),
                Output::Freeze { to, frozen } => {
                    self.open.entry(to).and_modify(|it| it.1 = frozen);
                }
                Output::Event(event) if !matches!(event.fact, Fact::Message { .. }) => {
                    self.lines.push_str(&serde_json::to_string(&event).unwrap());
                    self.lines.push('\n');
                    self.count += 1;
                }
                Output::Deliver { .. }
                | Output::Webhook(_)
                | Output::AppCall(_)
                | Output::Event(_) => {}
            }
        }
    }

    fn end(&mut self, id: ConnectionId) {
        if let Some((app, _)) = self.open.remove(&id) {
            self.cloud.handle_input(id, Input::Gone, self.at());
            self.dials.insert((self.now + REDIAL, app));
        }
    }
}

/// FNV-1a.
fn hash(text: &str) -> u32 {
    let bytes = text.bytes();
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[test]
fn a_seed_makes_the_same_faults_as_ever() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds.txt");
    let runs: Vec<Run> = (0..SEEDS).map(Run::of).collect();
    let mut text = String::new();
    for (seed, run) in runs.iter().enumerate() {
        writeln!(text, "{seed} {} {:08x}", run.count, hash(&run.lines)).unwrap();
    }
    if env::var_os(UPDATE).is_some() {
        fs::write(&file, &text).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap();
    for ((line, expected), run) in text.lines().zip(expected.lines()).zip(&runs) {
        assert_eq!(
            line, expected,
            "(seed, number of events, hash) differ; if the change is intended, set {UPDATE}=1 and \
             run this test again\n{}",
            run.lines
        );
    }
    assert_eq!(text.lines().count(), expected.lines().count());
}
