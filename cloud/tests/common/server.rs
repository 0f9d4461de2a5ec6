//! A running cloud: the server of the library in this process or, with the variable
//! `TPA_CLOUD_PROGRAM`, the program that it names.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;

use tokio::task::spawn_blocking;
use tpa_cloud::server::{self, Mount, ServerConfig};
use tpa_cloud::{ApiKey, Config, OldConnection, RestartForm, ShutdownCode};

use super::program::{self, Running, tpa_cloud};

/// A running cloud, which ends when it is dropped.
pub struct Server {
    addr: SocketAddr,
    token: Option<String>,
    kind: Kind,
}

enum Kind {
    Library(server::Server),
    Program(Running),
}

impl Server {
    /// Starts a cloud.
    ///
    /// # Errors
    ///
    /// Fails if the cloud does. The error of a program is what it wrote.
    pub async fn start(config: ServerConfig) -> io::Result<Self> {
        if program::is_other() {
            return Self::start_program(&config);
        }
        let server = server::start(config).await?;
        Ok(Self {
            addr: server.addr(),
            token: server.token().map(|token| token.reveal().to_owned()),
            kind: Kind::Library(server),
        })
    }

    fn start_program(config: &ServerConfig) -> io::Result<Self> {
        let flags = flags(config);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let mut running = Running::try_start(tpa_cloud(&flags).env("RUST_LOG", "off"))?;
        let addr: SocketAddr = running.addr.parse().unwrap();
        let mut token = config.token.as_ref().map(|token| token.reveal().to_owned());
        let mut errors = BufReader::new(running.child.stderr.take().unwrap());
        if token.is_none() && !addr.ip().is_loopback() {
            let mut line = String::new();
            errors.read_line(&mut line)?;
            token = line.trim_end().rsplit(' ').next().map(str::to_owned);
        }
        std::thread::spawn(move || errors.read_to_end(&mut Vec::new()));
        let kind = Kind::Program(running);
        Ok(Self { addr, token, kind })
    }

    /// Returns the address that the cloud listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the token of the control interface, if one is required.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Closes all sockets and stops the cloud.
    pub async fn shut_down(self) {
        match self.kind {
            Kind::Library(server) => server.shut_down().await,
            Kind::Program(mut running) => {
                let ended = spawn_blocking(move || running.terminate());
                assert!(ended.await.unwrap().success());
            }
        }
    }
}

/// Returns the options of a program that has this configuration.
fn flags(config: &ServerConfig) -> Vec<String> {
    let mut flags = flags_of_cloud(&config.cloud);
    flags.push(format!("--listen={}", config.listen));
    for Mount { path, dir } in &config.serve {
        flags.push(format!("--serve={path}/={}", dir.display()));
    }
    if let Some(token) = &config.token {
        flags.push(format!("--token={}", token.reveal()));
    }
    if let Some(url) = &config.public_url {
        flags.push(format!("--public-url={url}"));
    }
    let origins = config.allow_origins.iter();
    flags.extend(origins.map(|origin| format!("--allow-origin={origin}")));
    if let Some(plan) = &config.play {
        flags.push(match plan.name().strip_prefix("seed-") {
            Some(seed) => format!("--seed={seed}"),
            None => format!("--scenario={}", plan.name()),
        });
    }
    flags
}

fn flags_of_cloud(config: &Config) -> Vec<String> {
    let key = match &config.api_key {
        ApiKey::Any => "any",
        ApiKey::Exactly(key) => key,
    };
    let restart = match config.restart {
        RestartForm::StopStart => "stop-start",
        RestartForm::Start => "start",
    };
    let old_connection = match config.old_connection {
        OldConnection::Close => "close",
        OldConnection::Deaf => "deaf",
        OldConnection::Detach => "detach",
    };
    let shutdown_code = match config.shutdown_code {
        ShutdownCode::ServiceRestart => 1012,
        ShutdownCode::GoingAway => 1001,
    };
    let mut flags = vec![
        format!("--api-key={key}"),
        format!("--restart={restart}"),
        format!("--old-connection={old_connection}"),
        format!("--shutdown-code={shutdown_code}"),
        format!("--no-pong={}", !config.pong),
        format!("--strict-sessions={}", config.strict_sessions),
        format!("--max-frame={}", config.max_frame_bytes),
        format!("--max-connections={}", config.max_connections),
        format!("--max-send-buffer={}", config.max_send_buffer_bytes),
    ];
    let ids = config.user_sessions.iter();
    flags.extend(ids.map(|id| format!("--user-session={id}")));
    for (name, time) in [
        ("ping-interval", config.ping_interval),
        ("stale-after", config.stale_after),
        ("stream-interval", config.stream_interval),
        ("audio-interval", config.audio_interval),
        ("restart-app-after", config.app_restart_after),
        ("start-timeout", config.app_start_timeout),
        ("handshake-timeout", config.handshake_timeout),
        ("close-timeout", config.close_timeout),
    ] {
        flags.push(format!("--{name}={}us", time.as_micros()));
    }
    flags
}
