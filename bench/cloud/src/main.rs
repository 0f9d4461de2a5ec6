//! `cargo xtask bench cloud`: tpa-cloud under load, beside a plain `ws` server in Node.

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

/// Open files beside the connections.
const SPARE_FILES: u64 = 64;

/// How much, and for how long.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench cloud")]
struct Arguments {
    /// The built tpa-cloud
    #[arg(long)]
    cloud: PathBuf,
    /// How many connections are kept idle
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// For how many seconds they are watched
    #[arg(long, default_value_t = 20)]
    idle_seconds: u64,
    /// How often each is pinged, in seconds
    #[arg(long, default_value_t = 5)]
    ping_seconds: u64,
    /// How many connections hear the stream
    #[arg(long, default_value_t = 1_000)]
    listeners: usize,
    /// How many frames a second each hears in the part with a rate
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// How often both servers take turns in that
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds a part of a round takes
    #[arg(long, default_value_t = 2)]
    round_seconds: u64,
}

// One thread, so that this program takes no more than one core from the server.
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

/// Measures and reports. False when the cloud did not do what it must.
async fn run(arguments: &Arguments) -> io::Result<bool> {
    allow_files(arguments.idle.max(arguments.listeners) as u64 + SPARE_FILES)?;
    let ping_interval = Duration::from_secs(arguments.ping_seconds);
    let start = |kind| Server::start(kind, &arguments.cloud, ping_interval);
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
    let mut report = Report::new(idle, rate);
    for kind in Kind::ALL {
        eprintln!("{} connections, idle: {}", idle.connections, kind.name());
        report.add_idle(Idle::measure(&start(kind)?, idle).await?);
    }
    for round in 0..arguments.rounds {
        // Each round begins with the other one, so that none always has the warmer machine.
        let mut kinds = Kind::ALL;
        kinds.rotate_left(round % 2);
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

/// Every connection is an open file, here and in the server, which inherits the limit.
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
