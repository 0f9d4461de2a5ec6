//! `tpa-cloud`: AugmentOS Cloud on a developer's machine.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal;
use tpa_cloud::server::{self, Mount, ServerConfig};
use tpa_cloud::{ApiKey, Config, Plan, Scenario, SeededPlan};
use tracing_subscriber::EnvFilter;

/// AugmentOS Cloud on a developer's machine: apps connect to it as to the real one, and any
/// failure can be made to happen.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8002")]
    listen: SocketAddr,

    /// The API key that apps must present; `any` accepts every key
    #[arg(
        long,
        value_name = "KEY",
        default_value = "dev-key",
        env = "TPA_CLOUD_API_KEY",
        hide_env_values = true,
        value_parser = api_key,
    )]
    api_key: ApiKey,

    /// How often a connection gets a protocol-level ping
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    ping_interval: Duration,

    /// How long a connection may be silent before it is closed
    #[arg(long, value_name = "TIME", default_value = "45s", value_parser = duration)]
    stale_after: Duration,

    /// How often the scripted streams say something; 200us is 5,000 times a second
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = short_duration)]
    stream_interval: Duration,

    /// How often a subscriber gets a tenth of a second of sound; less is faster than it is heard
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = short_duration)]
    audio_interval: Duration,

    /// Where apps that are started find this cloud, when it is not where it listens
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Do not answer `ping` frames, as older clouds do not
    #[arg(long)]
    no_pong: bool,

    /// Refuse user sessions that are not named with --user-session
    #[arg(long)]
    strict_sessions: bool,

    /// A user session that is there from the start; may be repeated
    #[arg(long = "user-session", value_name = "ID", value_parser = user_session)]
    user_sessions: Vec<String>,

    /// Play a scenario from the start: one of the six that `GET /scenarios` lists, or a file
    #[arg(long, value_name = "NAME|FILE", value_parser = scenario, conflicts_with = "seed")]
    scenario: Option<Scenario>,

    /// Make faults without end, by this seed; the same seed makes the same faults
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// A folder to serve at / or at a path; may be repeated
    #[arg(long, value_name = "[/PATH=]DIR")]
    serve: Vec<Mount>,
}

fn api_key(text: &str) -> Result<ApiKey, &'static str> {
    match text {
        "" => Err("an empty key would let nobody in"),
        "any" => Ok(ApiKey::Any),
        _ => Ok(ApiKey::Exactly(text.to_owned())),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    at_least(Duration::from_millis(1), text)
}

fn short_duration(text: &str) -> Result<Duration, String> {
    at_least(Duration::from_micros(10), text)
}

fn at_least(least: Duration, text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it as in 15s or 500ms"))?;
    if duration < least {
        let least = humantime::format_duration(least);
        return Err(format!("it must be at least {least}"));
    }
    Ok(duration)
}

/// A scenario by its name, or by the name of a file.
fn scenario(text: &str) -> Result<Scenario, String> {
    let shipped = Scenario::shipped();
    if let Some(scenario) = shipped.iter().find(|scenario| scenario.name == text) {
        return Ok(scenario.clone());
    }
    let path = Path::new(text);
    let content = fs::read_to_string(path).map_err(|error| {
        let names: Vec<&str> = shipped.iter().map(|known| known.name.as_str()).collect();
        let names = names.join(", ");
        format!("there is no such scenario ({names}) and no such file ({error})")
    })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let read = if is_json {
        Scenario::from_json(&name, &content)
    } else {
        Scenario::from_toml(&name, &content)
    };
    read.map_err(|error| error.to_string())
}

fn user_session(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.contains('-') {
        return Err("a user session's id is not empty and has no `-`");
    }
    Ok(text.to_owned())
}

impl From<Arguments> for ServerConfig {
    fn from(arguments: Arguments) -> Self {
        let seeded = arguments.seed.map(SeededPlan::new).map(Plan::Seeded);
        let scenario = arguments.scenario.clone();
        let shipped = Scenario::shipped();
        let is_shipped = |known: &Scenario| shipped.iter().any(|one| one.name == known.name);
        let from_file = arguments.scenario.filter(|known| !is_shipped(known));
        Self {
            listen: arguments.listen,
            public_url: arguments.public_url,
            serve: arguments.serve,
            scenarios: from_file.into_iter().collect(),
            play: seeded.or(scenario.map(Plan::Scenario)),
            cloud: Config {
                api_key: arguments.api_key,
                ping_interval: arguments.ping_interval,
                stale_after: arguments.stale_after,
                stream_interval: arguments.stream_interval,
                audio_interval: arguments.audio_interval,
                pong: !arguments.no_pong,
                strict_sessions: arguments.strict_sessions,
                user_sessions: arguments.user_sessions,
                ..Config::default()
            },
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Standard output carries one line, for programs that start this one.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let listen = arguments.listen;
    match run(arguments.into()).await {
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

async fn run(config: ServerConfig) -> io::Result<()> {
    // Before the first line is out, so that whoever reads it can stop us.
    let stopped = until_stopped()?;
    let server = server::start(config).await?;
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
