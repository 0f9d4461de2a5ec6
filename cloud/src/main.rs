//! `tpa-cloud`: AugmentOS Cloud on a developer's machine.

mod cli;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use tokio::signal;
use tpa_cloud::server::{self, ServerConfig};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let config = cli::read().unwrap_or_else(|error| error.exit());
    // Standard output carries one line, for programs that start this one.
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

/// Open files beside those of TPAs: watchers, pages, what is served, the log.
const SPARE_FILES: usize = 512;

/// Every connection is an open file, and a shell allows a program few of them unless it asks.
fn allow_connections(most: usize) {
    let wanted = most.saturating_add(SPARE_FILES) as u64;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(allowed) if allowed < wanted => {
            tracing::info!(
                allowed,
                wanted,
                "fewer open files than --max-connections needs"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::info!(%error, "cannot ask for more open files"),
    }
}

async fn run(config: ServerConfig) -> io::Result<()> {
    // Before the first line is out, so that whoever reads it can stop us.
    let stopped = until_stopped()?;
    let was_given = config.token.is_some();
    let server = server::start(config).await?;
    if let (Some(token), false) = (server.token(), was_given) {
        // Not through the log, which may be filtered or kept.
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

/// Ends at ctrl-c or, where there is such a thing, SIGTERM.
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

/// Ends at ctrl-c.
#[cfg(not(unix))]
fn until_stopped() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // An error means that there is no ctrl-c here; then we run until we are killed.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
