//! `cargo xtask bench cloud`: tpa-cloud under load, compared to a plain `ws` server in Node.

mod idle;
mod rate;
mod report;
mod server;
mod usage;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use idle::Idle;
use rate::Rate;
use report::{Load, Report};
use server::{Kind, Server};

/// Open files in addition to the connections.
const SPARE_FILES: u64 = 64;

/// Load and durations.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench cloud")]
struct Arguments {
    /// Path of the tpa-cloud program
    #[arg(long)]
    cloud: PathBuf,
    /// Path of the program of the npm package, to be measured too, under a smaller load
    #[arg(long)]
    npm: Option<PathBuf>,
    /// Number of idle connections
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Number of idle connections under the smaller load
    #[arg(long, default_value_t = 1_000)]
    npm_idle: usize,
    /// Duration of the idle measurement, in seconds
    #[arg(long, default_value_t = 20)]
    idle_seconds: u64,
    /// Interval of pings, in seconds
    #[arg(long, default_value_t = 5)]
    ping_seconds: u64,
    /// Number of subscribers of the broadcast
    #[arg(long, default_value_t = 1_000)]
    listeners: usize,
    /// Frames a second for each subscriber at the fixed rate
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// Frames a second for each subscriber under the smaller load
    #[arg(long, default_value_t = 10)]
    npm_rate: u32,
    /// Number of broadcast rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Duration of each part of a round, in seconds
    #[arg(long, default_value_t = 2)]
    round_seconds: u64,
    /// Directory of the results
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
}

impl Arguments {
    /// Returns the loads and the servers that are measured under each.
    fn loads(&self) -> Vec<Load> {
        let load = |kinds: &[Kind], connections, rate| {
            let idle = idle::Plan {
                connections,
                ping_interval: self.ping_interval(),
                during: Duration::from_secs(self.idle_seconds),
            };
            let rate = rate::Plan {
                connections: self.listeners,
                rate,
                during: Duration::from_secs(self.round_seconds),
            };
            Load::new(kinds, idle, rate)
        };
        let mut loads = vec![load(&[Kind::Cloud, Kind::Peer], self.idle, self.rate)];
        if self.npm.is_some() {
            let kinds = [Kind::Cloud, Kind::Npm, Kind::Peer];
            loads.push(load(&kinds, self.npm_idle, self.npm_rate));
        }
        loads
    }

    fn ping_interval(&self) -> Duration {
        Duration::from_secs(self.ping_seconds)
    }

    fn start(&self, kind: Kind) -> io::Result<Server> {
        let program = match (kind, &self.npm) {
            (Kind::Npm, Some(npm)) => npm,
            (Kind::Npm | Kind::Cloud | Kind::Peer, _) => &self.cloud,
        };
        Server::start(kind, program, self.ping_interval())
    }
}

// One thread, so that this program uses at most one core.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench cloud: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and reports. Returns false if a cloud misses a requirement.
async fn run(arguments: &Arguments) -> io::Result<bool> {
    let most = arguments.idle.max(arguments.npm_idle);
    allow_files(most.max(arguments.listeners) as u64 + SPARE_FILES)?;
    let mut loads = arguments.loads();
    for load in &mut loads {
        measure(arguments, load).await?;
    }
    Report(loads).write(&arguments.results)
}

/// Measures the servers of a load.
async fn measure(arguments: &Arguments, load: &mut Load) -> io::Result<()> {
    let (kinds, idle, rate) = (load.kinds(), load.idle, load.rate);
    for &kind in &kinds {
        eprintln!("{} connections, idle: {}", idle.connections, kind.name());
        let server = arguments.start(kind)?;
        load.add_idle(kind, Idle::measure(&server, idle).await?);
    }
    for round in 0..arguments.rounds {
        // Rounds alternate the order, so that no server always starts on the warmer machine.
        let first = round % kinds.len();
        let mut kinds = kinds.clone();
        kinds.rotate_left(first);
        for kind in kinds {
            eprintln!(
                "{} messages per second to each, round {} of {}: {}",
                rate.rate,
                round + 1,
                arguments.rounds,
                kind.name()
            );
            let server = arguments.start(kind)?;
            load.add_rate(kind, Rate::measure(&server, rate).await?);
        }
    }
    Ok(())
}

/// Raises the limit of open files, which the servers inherit.
fn allow_files(wanted: u64) -> io::Result<()> {
    let allowed = rlimit::increase_nofile_limit(wanted)?;
    if allowed < wanted {
        let error = format!(
            "this machine allows a process {allowed} open files, and {wanted} are needed: \
             raise the hard limit (ulimit -Hn), or ask for fewer connections with --idle"
        );
        return Err(io::Error::other(error));
    }
    Ok(())
}
