//! Tables and stored results of a run.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::idle::{self, Idle};
use crate::rate::{self, Rate};
use crate::server::Kind;

/// Largest allowed deviation of a ping from its schedule, in percent.
const PING_LIMIT: f64 = 10.0;

/// All results.
#[derive(Debug)]
pub struct Report(pub Vec<Load>);

/// A load, and the results of the servers that were measured under it.
#[derive(Debug)]
pub struct Load {
    /// Idle connections.
    pub idle: idle::Plan,
    /// Broadcast.
    pub rate: rate::Plan,
    servers: Vec<Results>,
}

/// Results of a server.
#[derive(Debug)]
struct Results {
    kind: Kind,
    idle: Option<Idle>,
    rounds: Vec<Rate>,
}

impl Results {
    /// Returns the requirements that are missed.
    fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        if let Some(idle) = &self.idle {
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
        for rate in &self.rounds {
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
            .iter()
            .map(|what| format!("{}: {what}", self.kind.name()))
            .collect()
    }
}

impl Report {
    /// Writes the files and prints the tables. Returns false if a cloud misses a requirement.
    pub fn write(&self, folder: &Path) -> io::Result<bool> {
        let machine = machine()?;
        let tables = self.0.iter().flat_map(Load::tables);
        let tables: Vec<String> = tables.collect();
        let text = format!(
            "`cargo xtask bench cloud` on {machine}.\n\n{}",
            tables.join("\n")
        );
        fs::create_dir_all(folder)?;
        fs::write(folder.join("cloud.md"), &text)?;
        let loads: Vec<Value> = self.0.iter().map(Load::json).collect();
        let json = json!({"machine": machine, "loads": loads});
        fs::write(folder.join("cloud.json"), format!("{json}\n"))?;
        println!("{text}");
        let failures: Vec<String> = self.0.iter().flat_map(Load::failures).collect();
        for failure in &failures {
            eprintln!("{failure}");
        }
        Ok(failures.is_empty())
    }
}

impl Load {
    /// Creates a load without results.
    pub fn new(kinds: &[Kind], idle: idle::Plan, rate: rate::Plan) -> Self {
        let servers = kinds.iter().map(|kind| Results {
            kind: *kind,
            idle: None,
            rounds: Vec::new(),
        });
        Self {
            idle,
            rate,
            servers: servers.collect(),
        }
    }

    /// Returns the servers.
    pub fn kinds(&self) -> Vec<Kind> {
        self.servers.iter().map(|server| server.kind).collect()
    }

    /// Adds the idle results.
    pub fn add_idle(&mut self, kind: Kind, idle: Idle) {
        if let Some(server) = self.of(kind) {
            server.idle = Some(idle);
        }
    }

    /// Adds a round.
    pub fn add_rate(&mut self, kind: Kind, rate: Rate) {
        if let Some(server) = self.of(kind) {
            server.rounds.push(rate);
        }
    }

    fn of(&mut self, kind: Kind) -> Option<&mut Results> {
        self.servers.iter_mut().find(|server| server.kind == kind)
    }

    /// Returns the requirements that a cloud misses.
    fn failures(&self) -> Vec<String> {
        let clouds = self
            .servers
            .iter()
            .filter(|server| server.kind != Kind::Peer);
        clouds.flat_map(Results::failures).collect()
    }

    fn json(&self) -> Value {
        let servers = self.servers.iter();
        let servers = servers.map(|Results { kind, idle, rounds }| {
            (kind.name(), json!({"idle": idle, "rate": rounds}))
        });
        json!({
            "idleConnections": self.idle.connections,
            "messagesPerSecond": self.messages_per_second(),
            "servers": Value::from_iter(servers),
        })
    }

    fn messages_per_second(&self) -> u32 {
        self.rate.connections as u32 * self.rate.rate
    }

    fn tables(&self) -> [String; 2] {
        [self.idle_table(), self.rate_table()]
    }

    fn idle_table(&self) -> String {
        let idle::Plan {
            connections,
            ping_interval,
            during,
        } = self.idle;
        let mut table = self.table(&format!(
            "{connections} connections, idle for {} s with a ping every {} s",
            during.as_secs(),
            ping_interval.as_secs()
        ));
        let mut row = |what: &str, show: &dyn Fn(&Idle) -> String| {
            let idle = self
                .servers
                .iter()
                .filter_map(|server| server.idle.as_ref());
            table.row(what, idle.map(show));
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
        let connections = self.rate.connections;
        let rounds = self.servers.first().map_or(0, |server| server.rounds.len());
        let mut table = self.table(&format!(
            "{} bytes to each of {connections} connections; median (minimum–maximum) of {} rounds",
            cloud_load::FRAME_BYTES,
            rounds
        ));
        let mut row = |what: &str, digits: usize, value: &dyn Fn(&Rate) -> f64| {
            let servers = self.servers.iter();
            let cells =
                servers.map(|server| spread(server.rounds.iter().map(value).collect(), digits));
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
            let rate = self.messages_per_second();
            format!("at {rate} messages per second: {what}")
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
            self.servers.iter().map(|server| sum(&server.rounds)),
        );
        table.0
    }

    fn table(&self, what: &str) -> Table {
        let names: Vec<&str> = self
            .servers
            .iter()
            .map(|server| server.kind.name())
            .collect();
        let line = "---|".repeat(names.len() + 1);
        Table(format!("| {what} | {} |\n|{line}\n", names.join(" | ")))
    }
}

/// Creates a Markdown table with a column for each server.
struct Table(String);

impl Table {
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
