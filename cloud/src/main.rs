//! `tpa-cloud`: local AugmentOS/MentraOS Cloud.
#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic when nobody reads"
)]

mod cli;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use cli::Log;
use tokio::signal;
use tpa_cloud::server::{self, ServerConfig};

#[tokio::main]
async fn main() -> ExitCode {
    let config = match cli::read() {
        Ok(config) => config,
        Err(error) => return cli::print(error).into(),
    };
    let Ok(log) = Log::start(io::stderr()) else {
        return ExitCode::FAILURE;
    };
    log.install(io::stderr().is_terminal());
    allow_connections(config.cloud.max_connections);
    let listen = config.listen;
    let result = run(config, &log).await;
    if let Err(error) = &result {
        if error.kind() == io::ErrorKind::AddrInUse {
            log.line(&format!(
                "tpa-cloud: {listen} is in use; is another tpa-cloud running?"
            ));
        } else {
            log.line(&format!("tpa-cloud: {error}"));
        }
    }
    log.flush();
    result.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// Open files in addition to those of TPAs: observers, pages, static files, the log, and up to 1,088
/// requests to apps.
const SPARE_FILES: usize = 2_048;

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

async fn run(config: ServerConfig, log: &Log) -> io::Result<()> {
    // Before the first line, so that a program that reads it can stop this one.
    let stopped = until_stopped()?;
    let is_given = config.token.is_some();
    let server = server::start(config).await?;
    if let (Some(token), false) = (server.token(), is_given) {
        // Whatever the level of the log.
        log.line(&format!(
            "tpa-cloud: control requests need the token {}",
            token.reveal()
        ));
    }
    // Standard output has one line, for programs that start this one. It may be closed.
    let _ = writeln!(
        io::stdout(),
        "tpa-cloud listening on http://{}",
        server.addr()
    );
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
