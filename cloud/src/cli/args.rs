//! Options on the command line and in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use tpa_cloud::server::{Mount, ServerConfig, Token};
use tpa_cloud::{
    ApiKey, Config, OldConnection, Plan, RestartForm, Scenario, SeededPlan, ShutdownCode, options,
};

use super::help::{ABOUT, AFTER_HELP};
use super::{config_file, scenario_file};

#[derive(Debug, Parser)]
#[command(
    version,
    about = "Local AugmentOS/MentraOS Cloud for development and tests",
    long_about = ABOUT,
    after_long_help = AFTER_HELP
)]
pub(super) struct Arguments {
    /// Address to listen on; port 0 selects a free port
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8002",
        env = "TPA_CLOUD_LISTEN"
    )]
    listen: SocketAddr,

    /// TOML file with options
    #[arg(long, value_name = "FILE", env = "TPA_CLOUD_CONFIG")]
    config: Option<PathBuf>,

    /// API key that apps must present; `any` accepts every key
    #[arg(
        long,
        value_name = "KEY",
        default_value = "dev-key",
        env = "TPA_CLOUD_API_KEY",
        hide_env_values = true,
        value_parser = options::api_key,
    )]
    api_key: ApiKey,

    /// Token of control requests (Authorization: Bearer TOKEN); by default generated and printed if
    /// the server listens on other addresses than loopback
    #[arg(
        long,
        value_name = "TOKEN",
        env = "TPA_CLOUD_TOKEN",
        hide_env_values = true
    )]
    token: Option<Token>,

    /// Directory to serve at / or at a path; may be repeated
    #[arg(
        long,
        value_name = "[/PATH=]DIR",
        env = "TPA_CLOUD_SERVE",
        value_delimiter = ';'
    )]
    serve: Vec<Mount>,

    /// Origin of pages on another host that may use this cloud; may be repeated
    #[arg(
        long = "allow-origin",
        value_name = "URL",
        env = "TPA_CLOUD_ALLOW_ORIGIN",
        value_delimiter = ',',
        value_parser = options::origin
    )]
    allow_origins: Vec<String>,

    /// Interval of protocol-level pings
    #[arg(
        long,
        value_name = "TIME",
        default_value = "15s",
        env = "TPA_CLOUD_PING_INTERVAL",
        value_parser = options::duration,
        help_heading = "Sessions"
    )]
    ping_interval: Duration,

    /// Silence after which a connection is closed
    #[arg(
        long,
        value_name = "TIME",
        default_value = "45s",
        env = "TPA_CLOUD_STALE_AFTER",
        value_parser = options::duration,
        help_heading = "Sessions"
    )]
    stale_after: Duration,

    /// Time for an app that was started (POST /apps) to reconnect before it is restarted
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5s",
        env = "TPA_CLOUD_RESTART_APP_AFTER",
        value_parser = options::duration,
        help_heading = "Sessions"
    )]
    restart_app_after: Duration,

    /// Form of a restart: stop-start (stop_request, then session_request) or start
    #[arg(
        long,
        value_name = "FORM",
        default_value = "stop-start",
        env = "TPA_CLOUD_RESTART",
        value_parser = options::restart,
        help_heading = "Sessions"
    )]
    restart: RestartForm,

    /// Time for a started app to be acknowledged before it is given up
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5s",
        env = "TPA_CLOUD_START_TIMEOUT",
        value_parser = options::duration,
        help_heading = "Sessions"
    )]
    start_timeout: Duration,

    /// Treatment of an app's older connection when the app opens another one: close, deaf or detach
    #[arg(
        long,
        value_name = "MODE",
        default_value = "close",
        env = "TPA_CLOUD_OLD_CONNECTION",
        value_parser = options::old_connection,
        help_heading = "Sessions"
    )]
    old_connection: OldConnection,

    /// Do not answer `ping` frames, like older clouds
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

    /// User session that exists from the start; may be repeated
    #[arg(
        long = "user-session",
        value_name = "ID",
        env = "TPA_CLOUD_USER_SESSION",
        value_delimiter = ',',
        value_parser = options::user_session,
        help_heading = "Sessions"
    )]
    user_sessions: Vec<String>,

    /// URL of this cloud for started apps (ws://HOST:PORT); by default the address it listens on
    #[arg(
        long,
        value_name = "URL",
        env = "TPA_CLOUD_PUBLIC_URL",
        value_parser = options::public_url,
        help_heading = "Sessions"
    )]
    public_url: Option<String>,

    /// Interval of the scripted streams; 200us is 5,000 frames a second
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        env = "TPA_CLOUD_STREAM_INTERVAL",
        value_parser = options::short_duration,
        help_heading = "Streams"
    )]
    stream_interval: Duration,

    /// Interval of audio frames, each of which has a tenth of a second of sound
    #[arg(
        long,
        value_name = "TIME",
        default_value = "100ms",
        env = "TPA_CLOUD_AUDIO_INTERVAL",
        value_parser = options::short_duration,
        help_heading = "Streams"
    )]
    audio_interval: Duration,

    /// Scenario to play from the start: laptop-sleep, train-tunnel, deploy-restart, flapping-wifi,
    /// stale-nat, wrong-key, or a file (TOML, or JSON with the extension .json)
    #[arg(
        long,
        value_name = "NAME|FILE",
        env = "TPA_CLOUD_SCENARIO",
        value_parser = scenario_file::read,
        help_heading = "Faults"
    )]
    scenario: Option<Scenario>,

    /// Seed of endless random faults; the same seed gives the same faults
    #[arg(
        long,
        value_name = "NUMBER",
        env = "TPA_CLOUD_SEED",
        help_heading = "Faults"
    )]
    seed: Option<u64>,

    /// Limit of received frames in bytes; longer ones close the connection with 1009
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "1048576",
        env = "TPA_CLOUD_MAX_FRAME",
        value_parser = options::size,
        help_heading = "Limits"
    )]
    max_frame: usize,

    /// Limit of open sockets; more are refused with 503
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "16384",
        env = "TPA_CLOUD_MAX_CONNECTIONS",
        value_parser = options::size,
        help_heading = "Limits"
    )]
    max_connections: usize,

    /// Limit of the send buffer of a connection in bytes; peers that do not read are reset
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "4194304",
        env = "TPA_CLOUD_MAX_SEND_BUFFER",
        value_parser = options::size,
        help_heading = "Limits"
    )]
    max_send_buffer: usize,

    /// Time for the first frame of a socket, and for each part of an HTTP request
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        env = "TPA_CLOUD_HANDSHAKE_TIMEOUT",
        value_parser = options::duration,
        help_heading = "Limits"
    )]
    handshake_timeout: Duration,

    /// Time for a close handshake before the socket is reset
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        env = "TPA_CLOUD_CLOSE_TIMEOUT",
        value_parser = options::duration,
        help_heading = "Limits"
    )]
    close_timeout: Duration,

    /// Code of the close frames at ctrl-c and SIGTERM; 1001 ends the sessions
    #[arg(
        long,
        value_name = "CODE",
        default_value = "1012",
        env = "TPA_CLOUD_SHUTDOWN_CODE",
        value_parser = options::shutdown_code,
        help_heading = "Sessions"
    )]
    shutdown_code: ShutdownCode,
}

/// Reads the options from flags, environment, file and defaults, in this precedence.
pub(crate) fn read() -> Result<ServerConfig, clap::Error> {
    let command = config_file::with_defaults(Arguments::command())?;
    let matches = command.try_get_matches()?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    arguments.check()?;
    Ok(arguments.into_config(&matches))
}

impl Arguments {
    /// Checks the options that depend on one another.
    fn check(&self) -> Result<(), clap::Error> {
        options::check_intervals(self.ping_interval, self.stale_after)
            .map_err(|message| Self::command().error(ErrorKind::ValueValidation, message))
    }

    fn into_config(self, matches: &ArgMatches) -> ServerConfig {
        let seeded = self.seed.map(SeededPlan::new).map(Plan::Seeded);
        let scripted = self.scenario.clone().map(Plan::Scenario);
        // The one with the higher precedence.
        let play = if rank(matches, "seed") > rank(matches, "scenario") {
            seeded.or(scripted)
        } else {
            scripted.or(seeded)
        };
        let builtin = Scenario::builtin();
        let is_builtin = |known: &Scenario| builtin.iter().any(|one| one.name == known.name);
        let from_file = self.scenario.filter(|known| !is_builtin(known));
        ServerConfig {
            listen: self.listen,
            serve: self.serve,
            scenarios: from_file.into_iter().collect(),
            play,
            token: self.token,
            public_url: self.public_url,
            allow_origins: self.allow_origins,
            cloud: Config {
                api_key: self.api_key,
                ping_interval: self.ping_interval,
                stale_after: self.stale_after,
                app_restart_after: self.restart_app_after,
                restart: self.restart,
                app_start_timeout: self.start_timeout,
                old_connection: self.old_connection,
                stream_interval: self.stream_interval,
                audio_interval: self.audio_interval,
                pong: !self.no_pong,
                strict_sessions: self.strict_sessions,
                user_sessions: self.user_sessions,
                handshake_timeout: self.handshake_timeout,
                close_timeout: self.close_timeout,
                shutdown_code: self.shutdown_code,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn variables_are_named_like_their_options() {
        for option in Arguments::command().get_arguments() {
            let (Some(name), Some(variable)) = (option.get_long(), option.get_env()) else {
                panic!("{option} has no name or no variable");
            };
            let expected = format!("TPA_CLOUD_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(variable.to_str(), Some(expected.as_str()));
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let matches = Arguments::command().get_matches_from(["tpa-cloud"]);
        let arguments = Arguments::from_arg_matches(&matches).unwrap();
        let config = arguments.into_config(&matches);
        assert_eq!(
            format!("{:?}", config.cloud),
            format!("{:?}", Config::default())
        );
    }

    #[test]
    fn stale_after_must_exceed_the_ping_interval() {
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

    /// A seed reproduces the same faults in the simulation and on the command line.
    #[test]
    fn a_seed_selects_the_plan_of_the_library() {
        let matches = Arguments::command().get_matches_from(["tpa-cloud", "--seed", "7"]);
        let arguments = Arguments::from_arg_matches(&matches).unwrap();
        let Some(Plan::Seeded(plan)) = arguments.into_config(&matches).play else {
            panic!("no plan of a seed");
        };
        let right = SeededPlan::new(7).take(100);
        assert!(plan.take(100).eq(right));
    }

    #[test]
    fn the_help_lists_every_builtin_scenario() {
        let help = Arguments::command().render_long_help().to_string();
        for scenario in Scenario::builtin() {
            assert!(help.contains(&scenario.name), "{}", scenario.name);
        }
    }
}
