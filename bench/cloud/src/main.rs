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
use report::Report;
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
    /// Path of the program of the npm package, to be measured too
    #[arg(long)]
    npm: Option<PathBuf>,
    /// Number of idle connections
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
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
    /// Number of broadcast rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Duration of each part of a round, in seconds
    #[arg(long, default_value_t = 2)]
    round_seconds: u64,
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

/// Measures and reports. Returns false if the cloud misses a requirement.
async fn run(arguments: &Arguments) -> io::Result<bool> {
    allow_files(arguments.idle.max(arguments.listeners) as u64 + SPARE_FILES)?;
    let ping_interval = Duration::from_secs(arguments.ping_seconds);
    let npm = arguments.npm.as_ref().unwrap_or(&arguments.cloud);
    let start = |kind| {
        let program = if kind == Kind::Npm {
            npm
        } else {
            &arguments.cloud
        };
        Server::start(kind, program, ping_interval)
    };
    let kinds: &[Kind] = match arguments.npm {
        Some(_) => &[Kind::Cloud, Kind::Npm, Kind::Peer],
        None => &[Kind::Cloud, Kind::Peer],
    };
    let idle = idle::Plan {
        connections: arguments.idle,
        ping_interval,
        during: Duration::from_secs(arguments.idle_seconds),
    };
    let rate = rate::Plan {
        connections: arguments.listeners,
        rate: arguments.rate,
        during: Duration::from_secs(arguments.round_seconds),
    };
    let mut report = Report::new(kinds, idle, rate);
    for &kind in kinds {
        eprintln!("{} connections, idle: {}", idle.connections, kind.name());
        report.add_idle(kind, Idle::measure(&start(kind)?, idle).await?);
    }
    for round in 0..arguments.rounds {
        // Rounds alternate the order, so that neither server always starts on the warmer machine.
        let first = round % kinds.len();
        let mut kinds = kinds.to_vec();
        kinds.rotate_left(first);
        for kind in kinds {
            eprintln!(
                "round {} of {}: {}",
                round + 1,
                arguments.rounds,
                kind.name()
            );
            report.add_rate(kind, Rate::measure(&start(kind)?, rate).await?);
        }
    }
    report.write()
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
