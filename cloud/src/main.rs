//! `tpa-cloud`: local AugmentOS/MentraOS Cloud.

mod cli;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use tokio::signal;
use tpa_cloud::server::{self, ServerConfig};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let config = cli::read().unwrap_or_else(|error| error.exit());
    // Standard output has one line, for programs that start this one.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    allow_connections(config.cloud.max_connections);
    let listen = config.listen;
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            eprintln!("tpa-cloud: {listen} is in use; is another tpa-cloud running?");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tpa-cloud: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Open files in addition to those of TPAs: observers, pages, static files, the log.
const SPARE_FILES: usize = 512;

/// Raises the limit of open files, because every connection needs one.
fn allow_connections(most: usize) {
    let wanted = most.saturating_add(SPARE_FILES) as u64;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(allowed) if allowed < wanted => {
            tracing::info!(
                allowed,
                wanted,
                "limit of open files is below --max-connections"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::info!(%error, "cannot raise the limit of open files"),
    }
}

async fn run(config: ServerConfig) -> io::Result<()> {
    // Before the first line, so that a program that reads it can stop this one.
    let stopped = until_stopped()?;
    let is_given = config.token.is_some();
    let server = server::start(config).await?;
    if let (Some(token), false) = (server.token(), is_given) {
        // Not in the log, which may be filtered or stored.
        eprintln!(
            "tpa-cloud: control requests need the token {}",
            token.reveal()
        );
    }
    let mut stdout = io::stdout();
    writeln!(stdout, "tpa-cloud listening on http://{}", server.addr())?;
    stdout.flush()?;
    stopped.await;
    tracing::info!(sockets = server.socket_count(), "shutting down");
    server.shut_down().await;
    Ok(())
}

/// Waits for ctrl-c or SIGTERM.
#[cfg(unix)]
fn until_stopped() -> io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for ctrl-c.
#[cfg(not(unix))]
fn until_stopped() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without ctrl-c handling the program runs until it is killed.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
