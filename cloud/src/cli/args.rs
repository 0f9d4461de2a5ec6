//! The options on the command line and in the environment.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use tpa_cloud::server::{Mount, ServerConfig, Token};
use tpa_cloud::{ApiKey, Config, Plan, Scenario, SeededPlan};

use super::config_file;

const ABOUT: &str = "\
AugmentOS Cloud on a developer's machine: apps connect to it as to the real one, and any \
failure can be made to happen, by hand, by script or by chance.

Apps connect to ws://ADDRESS/tpa-ws (or /app-ws) with the API key. Standard output carries one \
line, with the address; the log goes to standard error, and RUST_LOG=debug says more.";

const AFTER_HELP: &str = "\
Each option can also come from the environment (its name is shown) and from a file (--config), \
which is TOML with the options' long names:

    listen = \"127.0.0.1:8002\"
    ping-interval = \"5s\"
    user-session = [\"user1\", \"user2\"]

A flag goes before the environment, the environment before the file, the file before the default.

Examples:
    tpa-cloud                                      a cloud on port 8002 with the key dev-key
    tpa-cloud --scenario train-tunnel              and play a story of faults
    tpa-cloud --seed 7                             and make faults without end, always the same
    tpa-cloud --stream-interval 200us              and say 5,000 things a second
    curl -X POST localhost:8002/faults -d '{\"fault\": \"cut\"}'
    curl -X POST localhost:8002/scenarios -d '{\"name\": \"stale-nat\"}'
    curl localhost:8002/metrics";

#[derive(Debug, Parser)]
#[command(
    version,
    about = "AugmentOS Cloud on a developer's machine",
    long_about = ABOUT,
    after_long_help = AFTER_HELP
)]
struct Arguments {
    /// Where to listen; port 0 picks a free one
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8002",
        env = "TPA_CLOUD_LISTEN"
    )]
    listen: SocketAddr,

    /// A TOML file with options
    #[arg(long, value_name = "FILE", env = "TPA_CLOUD_CONFIG")]
    config: Option<PathBuf>,

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

    /// What control requests must bear (Authorization: Bearer TOKEN); when others than this
    /// machine can reach the server and none is given, one is made up and printed
    #[arg(
        long,
        value_name = "TOKEN",
        env = "TPA_CLOUD_TOKEN",
        hide_env_values = true
    )]
    token: Option<Token>,

    /// A folder to serve at / or at a path; may be repeated
    #[arg(
        long,
        value_name = "[/PATH=]DIR",
        env = "TPA_CLOUD_SERVE",
        value_delimiter = ';'
    )]
    serve: Vec<Mount>,

    /// How often a connection gets a protocol-level ping
    #[arg(
        long,
        value_name = "TIME",
        default_value = "15s",
        env = "TPA_CLOUD_PING_INTERVAL",
        value_parser = duration,
        help_heading = "Sessions"
    )]
    ping_interval: Duration,

    /// How long a connection may be silent before it is closed
    #[arg(
        long,
        value_name = "TIME",
        default_value = "45s",
        env = "TPA_CLOUD_STALE_AFTER",
        value_parser = duration,
        help_heading = "Sessions"
    )]
    stale_after: Duration,

    /// How long an app that was started (POST /apps) and lost may take to come back before its
    /// webhook is called again
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5s",
        env = "TPA_CLOUD_RESTART_APP_AFTER",
        value_parser = duration,
        help_heading = "Sessions"
    )]
    restart_app_after: Duration,

    /// Do not answer `ping` frames, as older clouds do not
    #[arg(
        long,
        env = "TPA_CLOUD_NO_PONG",
        num_args = 0..=1,
        require_equals = true,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        action = clap::ArgAction::Set,
        help_heading = "Sessions"
    )]
    no_pong: bool,

    /// Refuse user sessions that are not named with --user-session
    #[arg(
        long,
        env = "TPA_CLOUD_STRICT_SESSIONS",
        num_args = 0..=1,
        require_equals = true,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        action = clap::ArgAction::Set,
        help_heading = "Sessions"
    )]
    strict_sessions: bool,

    /// A user session that is there from the start; may be repeated
    #[arg(
        long = "user-session",
        value_name = "ID",
        env = "TPA_CLOUD_USER_SESSION",
        value_delimiter = ',',
        value_parser = user_session,
        help_heading = "Sessions"
    )]
    user_sessions: Vec<String>,

    /// Where apps that are started find this cloud (ws://HOST:PORT), when it is not where it
    /// listens
    #[arg(
        long,
        value_name = "URL",
        env = "TPA_CLOUD_PUBLIC_URL",
        value_parser = public_url,
        help_heading = "Sessions"
    )]
    public_url: Option<String>,

    /// How often the scripted streams say something; 200us is 5,000 times a second
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        env = "TPA_CLOUD_STREAM_INTERVAL",
        value_parser = short_duration,
        help_heading = "Streams"
    )]
    stream_interval: Duration,

    /// How often a subscriber gets a tenth of a second of sound; less is faster than it is heard
    #[arg(
        long,
        value_name = "TIME",
        default_value = "100ms",
        env = "TPA_CLOUD_AUDIO_INTERVAL",
        value_parser = short_duration,
        help_heading = "Streams"
    )]
    audio_interval: Duration,

    /// Play a scenario from the start: laptop-sleep, train-tunnel, deploy-restart, flapping-wifi,
    /// stale-nat, wrong-key, or a file (TOML, or JSON when it is called so)
    #[arg(
        long,
        value_name = "NAME|FILE",
        env = "TPA_CLOUD_SCENARIO",
        value_parser = scenario,
        help_heading = "Faults"
    )]
    scenario: Option<Scenario>,

    /// Make faults without end, by this seed; the same seed makes the same faults
    #[arg(
        long,
        value_name = "NUMBER",
        env = "TPA_CLOUD_SEED",
        help_heading = "Faults"
    )]
    seed: Option<u64>,

    /// The longest frame that is accepted, in bytes; longer ones are closed with 1009
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "1048576",
        env = "TPA_CLOUD_MAX_FRAME",
        value_parser = size,
        help_heading = "Limits"
    )]
    max_frame: usize,

    /// How many sockets may be open at once; more are refused with 503
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "16384",
        env = "TPA_CLOUD_MAX_CONNECTIONS",
        value_parser = size,
        help_heading = "Limits"
    )]
    max_connections: usize,

    /// How much may wait to be sent on one connection, in bytes; whoever does not read is cut
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "4194304",
        env = "TPA_CLOUD_MAX_SEND_BUFFER",
        value_parser = size,
        help_heading = "Limits"
    )]
    max_send_buffer: usize,

    /// How long a new socket may take to introduce itself
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        env = "TPA_CLOUD_HANDSHAKE_TIMEOUT",
        value_parser = duration,
        help_heading = "Limits"
    )]
    handshake_timeout: Duration,

    /// How long a close handshake may take before the socket is cut
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        env = "TPA_CLOUD_CLOSE_TIMEOUT",
        value_parser = duration,
        help_heading = "Limits"
    )]
    close_timeout: Duration,
}

/// Reads the options: flags, then environment, then file, then defaults.
pub(crate) fn read() -> Result<ServerConfig, clap::Error> {
    let command = config_file::with_defaults(Arguments::command())?;
    let matches = command.try_get_matches()?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    arguments.check()?;
    Ok(arguments.into_config(&matches))
}

impl Arguments {
    /// What one option by itself cannot tell.
    fn check(&self) -> Result<(), clap::Error> {
        if self.stale_after > self.ping_interval {
            return Ok(());
        }
        let message = format!(
            "--stale-after ({}) must be longer than --ping-interval ({}): an idle connection shows itself only by its pongs",
            humantime::format_duration(self.stale_after),
            humantime::format_duration(self.ping_interval)
        );
        Err(Self::command().error(ErrorKind::ValueValidation, message))
    }

    fn into_config(self, matches: &ArgMatches) -> ServerConfig {
        let seeded = self.seed.map(SeededPlan::new).map(Plan::Seeded);
        let scripted = self.scenario.clone().map(Plan::Scenario);
        // Of two the one that was said closer by.
        let play = if rank(matches, "seed") > rank(matches, "scenario") {
            seeded.or(scripted)
        } else {
            scripted.or(seeded)
        };
        let shipped = Scenario::shipped();
        let is_shipped = |known: &Scenario| shipped.iter().any(|one| one.name == known.name);
        let from_file = self.scenario.filter(|known| !is_shipped(known));
        ServerConfig {
            listen: self.listen,
            serve: self.serve,
            scenarios: from_file.into_iter().collect(),
            play,
            token: self.token,
            public_url: self.public_url,
            cloud: Config {
                api_key: self.api_key,
                ping_interval: self.ping_interval,
                stale_after: self.stale_after,
                app_restart_after: self.restart_app_after,
                stream_interval: self.stream_interval,
                audio_interval: self.audio_interval,
                pong: !self.no_pong,
                strict_sessions: self.strict_sessions,
                user_sessions: self.user_sessions,
                handshake_timeout: self.handshake_timeout,
                close_timeout: self.close_timeout,
                max_frame_bytes: self.max_frame,
                max_connections: self.max_connections,
                max_send_buffer_bytes: self.max_send_buffer,
                ..Config::default()
            },
        }
    }
}

fn rank(matches: &ArgMatches, name: &str) -> u8 {
    match matches.value_source(name) {
        Some(ValueSource::CommandLine) => 3,
        Some(ValueSource::EnvVariable) => 2,
        Some(_) => 1,
        None => 0,
    }
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

fn size(text: &str) -> Result<usize, &'static str> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it must be a whole number above 0"),
        Ok(size) => Ok(size),
    }
}

fn public_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim_end_matches('/');
    if text.starts_with("ws://") || text.starts_with("wss://") {
        return Ok(text.to_owned());
    }
    Err("it begins with ws:// or wss://")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        Arguments::command().debug_assert();
    }

    /// Two lists of one thing must not drift apart.
    #[test]
    fn the_command_line_has_the_librarys_defaults() {
        let matches = Arguments::command().get_matches_from(["tpa-cloud"]);
        let arguments = Arguments::from_arg_matches(&matches).unwrap();
        let config = arguments.into_config(&matches);
        assert_eq!(
            format!("{:?}", config.cloud),
            format!("{:?}", Config::default())
        );
    }

    #[test]
    fn a_connection_must_have_time_to_pong() {
        let check = |options: &[&str]| {
            let options = [&["tpa-cloud"], options].concat();
            let matches = Arguments::command().get_matches_from(options);
            Arguments::from_arg_matches(&matches).unwrap().check()
        };
        assert!(check(&["--ping-interval", "44s"]).is_ok());
        for wrong in [["--ping-interval", "45s"], ["--stale-after", "1s"]] {
            let said = check(&wrong).unwrap_err().to_string();
            assert!(
                said.contains("must be longer than --ping-interval"),
                "{said}"
            );
        }
    }

    /// A seed that failed in a simulation fails in the same way here.
    #[test]
    fn a_seed_is_the_librarys_plan_of_that_seed() {
        let matches = Arguments::command().get_matches_from(["tpa-cloud", "--seed", "7"]);
        let arguments = Arguments::from_arg_matches(&matches).unwrap();
        let Some(Plan::Seeded(plan)) = arguments.into_config(&matches).play else {
            panic!("no plan of a seed");
        };
        let right = SeededPlan::new(7).take(100);
        assert!(plan.take(100).eq(right));
    }

    #[test]
    fn the_help_names_every_shipped_scenario() {
        let help = Arguments::command().render_long_help().to_string();
        for scenario in Scenario::shipped() {
            assert!(help.contains(&scenario.name), "{}", scenario.name);
        }
    }
}
