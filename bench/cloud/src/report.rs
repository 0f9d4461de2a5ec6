//! Tables and stored results of a run.

use std::fs;
use std::io;
use std::process::Command;

use serde_json::{Value, json};

use crate::idle::{self, Idle};
use crate::rate::{self, Rate};
use crate::server::Kind;

/// Directory of the results.
const FOLDER: &str = "bench/results";

/// Largest allowed deviation of a ping from its schedule, in percent.
const PING_LIMIT: f64 = 10.0;

/// All results.
#[derive(Debug)]
pub struct Report {
    idle_plan: idle::Plan,
    rate_plan: rate::Plan,
    idle: Vec<Idle>,
    cloud: Vec<Rate>,
    peer: Vec<Rate>,
}

impl Report {
    /// Creates an empty report.
    pub fn new(idle_plan: idle::Plan, rate_plan: rate::Plan) -> Self {
        Self {
            idle_plan,
            rate_plan,
            idle: Vec::new(),
            cloud: Vec::new(),
            peer: Vec::new(),
        }
    }

    /// Adds the idle results, in the order of [`Kind::ALL`].
    pub fn add_idle(&mut self, idle: Idle) {
        self.idle.push(idle);
    }

    /// Adds a round.
    pub fn add_rate(&mut self, kind: Kind, rate: Rate) {
        match kind {
            Kind::Cloud => self.cloud.push(rate),
            Kind::Peer => self.peer.push(rate),
        }
    }

    /// Writes the files and prints the tables. Returns false if the cloud misses a requirement.
    pub fn write(&self) -> io::Result<bool> {
        let machine = machine()?;
        let text = format!(
            "{}{}\n{}",
            self.head(&machine),
            self.idle_table(),
            self.rate_table()
        );
        fs::create_dir_all(FOLDER)?;
        fs::write(format!("{FOLDER}/cloud.md"), &text)?;
        let json = json!({
            "machine": machine,
            "idle": Value::from_iter(Kind::ALL.iter().zip(&self.idle).map(|(kind, idle)| (kind.name(), json!(idle)))),
            "rate": {
                Kind::Cloud.name(): self.cloud,
                Kind::Peer.name(): self.peer,
            },
        });
        fs::write(format!("{FOLDER}/cloud.json"), format!("{json}\n"))?;
        println!("{text}");
        let failures = self.failures();
        for failure in &failures {
            eprintln!("tpa-cloud: {failure}");
        }
        Ok(failures.is_empty())
    }

    /// Returns the requirements that the cloud misses.
    fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        if let Some(idle) = self.idle.first() {
            let gone = idle.refused + idle.lost;
            if gone > 0 {
                failures.push(format!("{gone} idle connections refused or lost"));
            }
            if idle.unpinged > 0 {
                failures.push(format!("{} connections not pinged", idle.unpinged));
            }
            if idle.ping_worst > PING_LIMIT {
                let worst = idle.ping_worst;
                failures.push(format!("a ping deviates {worst:.1} % from its schedule"));
            }
        }
        for rate in &self.cloud {
            if rate.connections_lost > 0 {
                failures.push(format!("{} connections lost", rate.connections_lost));
            }
            if rate.lost + rate.wrong > 0 {
                failures.push(format!(
                    "{} messages lost, {} corrupt or out of order",
                    rate.lost, rate.wrong
                ));
            }
        }
        failures
    }

    fn head(&self, machine: &str) -> String {
        format!("`cargo xtask bench cloud` on {machine}.\n\n")
    }

    fn idle_table(&self) -> String {
        let idle::Plan {
            connections,
            ping_interval,
            during,
        } = self.idle_plan;
        let mut table = Table::new(&format!(
            "{connections} connections, idle for {} s with a ping every {} s",
            during.as_secs(),
            ping_interval.as_secs()
        ));
        let mut row = |what: &str, show: &dyn Fn(&Idle) -> String| {
            table.row(what, self.idle.iter().map(show));
        };
        row("time to connect, s", &|idle| {
            format!("{:.1}", idle.connecting)
        });
        row("CPU to connect one, µs", &|idle| {
            format!("{:.0}", idle.connecting_cpu)
        });
        row("memory per connection, KiB", &|idle| {
            format!("{:.1}", idle.memory / 1024.0)
        });
        row("CPU, % of one core", &|idle| format!("{:.1}", idle.cpu));
        row("CPU per ping and pong, µs", &|idle| {
            format!("{:.1}", idle.ping_cpu)
        });
        row(
            "deviation of pings from schedule, %: median, 99th percentile, maximum",
            &|idle| {
                let (median, p99) = (idle.ping_median, idle.ping_p99);
                format!("{median:.2}, {p99:.2}, {:.2}", idle.ping_worst)
            },
        );
        row("connections refused, lost, not pinged", &|idle| {
            format!("{}, {}, {}", idle.refused, idle.lost, idle.unpinged)
        });
        table.0
    }

    fn rate_table(&self) -> String {
        let rate::Plan {
            connections, rate, ..
        } = self.rate_plan;
        let mut table = Table::new(&format!(
            "{} bytes to each of {connections} connections; median (minimum–maximum) of {} rounds",
            cloud_load::FRAME_BYTES,
            self.cloud.len()
        ));
        let mut row = |what: &str, digits: usize, value: &dyn Fn(&Rate) -> f64| {
            let rounds = [&self.cloud, &self.peer];
            let cells = rounds.map(|rounds| spread(rounds.iter().map(value).collect(), digits));
            table.row(what, cells);
        };
        row("highest rate, messages per second", 0, &|rate| rate.most);
        row("CPU per message at that rate, µs", 2, &|rate| {
            rate.most_cpu
        });
        row(
            "CPU of the load generator at that rate, % of one core",
            0,
            &|rate| rate.client,
        );
        let paced = |what: &str| {
            format!(
                "at {} messages per second: {what}",
                connections as u32 * rate
            )
        };
        row(&paced("measured rate"), 0, &|rate| rate.paced);
        row(&paced("CPU per message, µs"), 2, &|rate| rate.paced_cpu);
        row(&paced("time until all have it, ms, median"), 1, &|rate| {
            rate.paced_median
        });
        row(
            &paced("time until all have it, ms, 99th percentile"),
            1,
            &|rate| rate.paced_p99,
        );
        let sum = |rounds: &[Rate]| {
            let lost: u64 = rounds.iter().map(|rate| rate.lost).sum();
            let wrong: u64 = rounds.iter().map(|rate| rate.wrong).sum();
            let gone: usize = rounds.iter().map(|rate| rate.connections_lost).sum();
            format!("{lost}, {wrong}, {gone}")
        };
        table.row(
            "messages lost, messages corrupt or out of order, connections lost",
            [sum(&self.cloud), sum(&self.peer)],
        );
        table.0
    }
}

/// Creates a Markdown table with a column for each server.
struct Table(String);

impl Table {
    fn new(what: &str) -> Self {
        let [cloud, peer] = Kind::ALL.map(Kind::name);
        Self(format!("| {what} | {cloud} | {peer} |\n|---|---|---|\n"))
    }

    fn row(&mut self, what: &str, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        self.0 += &format!("| {what} | {} |\n", cells.join(" | "));
    }
}

/// Median, minimum and maximum.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else {
        return String::new();
    };
    let median = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}

/// Describes the machine in one line.
fn machine() -> io::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let node = Command::new("node").arg("--version").output()?.stdout;
    let node = String::from_utf8_lossy(&node).trim().to_owned();
    let package: Value = serde_json::from_slice(&fs::read("node_modules/ws/package.json")?)?;
    let ws = package["version"].as_str().unwrap_or_default();
    let cpu = crate::usage::cpu_model();
    let system = std::env::consts::OS;
    Ok(format!("{cores} × {cpu}, {system}, Node {node}, ws {ws}"))
}
