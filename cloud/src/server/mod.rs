//! The server: runs the cloud on real sockets.

mod access;
mod app_calls;
mod connection;
mod driver;
mod events;
mod feed;
mod http;
mod listener;
mod log;
mod routes;
mod send_queue;
mod shares;
mod static_files;
mod token;
mod tpa_socket;
mod webhook;
mod writer;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::routing::{any, get};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::access::{Access, Scope};
use crate::config::Config;
use crate::control::Control;
use crate::faults::Target;
use crate::faults::playback::Plan;
use crate::faults::scenario::Scenario;
use access::Guard;
use app_calls::Caller;
use driver::Driver;
use http::{BodyLimits, HttpServer};
pub use static_files::Mount;
pub use token::Token;
use writer::Writers;

/// Options of a server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address to listen on; port 0 selects a free port.
    pub listen: SocketAddr,
    /// Directories to serve.
    pub serve: Vec<Mount>,
    /// Scenarios that can be played by name, in addition to the built-in ones.
    pub scenarios: Vec<Scenario>,
    /// Plan to play from the start.
    pub play: Option<Plan>,
    /// Token that control requests must have. By default none is required on loopback addresses,
    /// and a random one is generated for others.
    pub token: Option<Token>,
    /// URL of this server for started apps, such as `ws://cloud.example:8002`. Defaults to the
    /// address it listens on.
    pub public_url: Option<String>,
    /// Origins of pages on other hosts that may use this server, read by
    /// [`options::origin`](crate::options::origin).
    pub allow_origins: Vec<String>,
    /// Options of the cloud.
    pub cloud: Config,
}

impl Default for ServerConfig {
    /// A free port on loopback, without directories.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            serve: Vec::new(),
            scenarios: Vec::new(),
            play: None,
            token: None,
            public_url: None,
            allow_origins: Vec::new(),
            cloud: Config::default(),
        }
    }
}

/// A running server. Dropping it resets all connections; [`Server::shut_down`] closes them.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    token: Option<Token>,
    driver: Arc<Driver>,
    stopping: watch::Sender<bool>,
    timers: JoinHandle<()>,
    webhooks: JoinHandle<()>,
    calling: JoinHandle<()>,
    /// Aborted when dropped.
    _writing: JoinSet<()>,
    serving: JoinHandle<()>,
}

/// Starts a server, inside a tokio runtime.
///
/// # Errors
///
/// Fails if the address is not available or a directory does not exist.
pub async fn start(mut config: ServerConfig) -> io::Result<Server> {
    static_files::check(&config.serve)?;
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    if config.token.is_none() && !addr.ip().is_loopback() {
        config.token = Some(Token::generate().map_err(io::Error::other)?);
    }
    let token = config.token.as_ref().map(|token| token.reveal().to_owned());
    let access =
        Access::new(addr, token, config.public_url.as_deref()).with_origins(config.allow_origins);
    config.cloud.public_url = config.public_url.unwrap_or_else(|| local_url(addr));
    let (stopping, stopped) = watch::channel(false);
    let limits = Limits {
        frame_bytes: config.cloud.max_frame_bytes,
        send_buffer_bytes: config.cloud.max_send_buffer_bytes,
    };
    let http_limits = http::Limits {
        max_connections: config
            .cloud
            .max_connections
            .saturating_add(EXTRA_CONNECTIONS),
        timeout: config.cloud.handshake_timeout,
    };
    let (call, calls) = mpsc::unbounded_channel();
    let (app_call, app_calls) = mpsc::unbounded_channel();
    let (writers, writing) = Writers::start();
    let driver = Arc::new(Driver::new(config.cloud, call, app_call, writers));
    let timers = tokio::spawn(Arc::clone(&driver).run_timers());
    let webhooks = tokio::spawn(webhook::run(Arc::clone(&driver), calls));
    let caller = Caller::new(Arc::clone(&driver));
    let calling = tokio::spawn(caller.clone().run(app_calls));
    let mut scenarios = Scenario::builtin();
    scenarios.extend(config.scenarios);
    let shared = Shared {
        driver: Arc::clone(&driver),
        caller,
        control: Arc::new(Control::new(scenarios)),
        limits,
        snapshots: Arc::new(Semaphore::new(routes::MAX_SNAPSHOTS)),
        stopped: stopped.clone(),
    };
    let app = router(shared, &config.serve, access, http_limits.timeout);
    if let Some(plan) = config.play {
        driver.with(|cloud, now| cloud.play(plan, Target::All, now));
    }
    let http = HttpServer::new(listener, app, http_limits, driver.receive_buffers());
    let serving = tokio::spawn(http.run(stopped));
    Ok(Server {
        addr,
        token: config.token,
        driver,
        stopping,
        timers,
        webhooks,
        calling,
        _writing: writing,
        serving,
    })
}

/// Returns the URL of a server that listens at `addr`, for this machine.
fn local_url(mut addr: SocketAddr) -> String {
    if addr.ip().is_unspecified() {
        let loopback = if addr.is_ipv4() {
            IpAddr::from(Ipv4Addr::LOCALHOST)
        } else {
            IpAddr::from(Ipv6Addr::LOCALHOST)
        };
        addr.set_ip(loopback);
    }
    format!("ws://{addr}")
}

impl Server {
    /// Time for the HTTP requests that are being served.
    const REQUEST_TIMEOUT: Duration = Duration::from_millis(500);

    /// Returns the address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the token of the control interface, if one is required.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Returns the number of open WebSockets.
    pub fn socket_count(&self) -> usize {
        self.driver.socket_count()
    }

    /// Closes all sockets with [`Config::shutdown_code`] and stops the server.
    pub async fn shut_down(mut self) {
        self.driver.with(|cloud, now| cloud.shut_down(now));
        // The cloud resets sockets that do not answer the close frame.
        self.driver.until_no_sockets().await;
        self.stopping.send_replace(true);
        // Remaining requests are dropped.
        let _ = tokio::time::timeout(Self::REQUEST_TIMEOUT, &mut self.serving).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.timers.abort();
        self.webhooks.abort();
        self.calling.abort();
        self.serving.abort();
        self.driver.reset_all();
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the server was dropped.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// TCP connections in addition to those of TPAs: control requests, observers and pages.
const EXTRA_CONNECTIONS: usize = 256;

fn router(shared: Shared, mounts: &[Mount], access: Access, timeout: Duration) -> Router {
    let guard = |scope| Guard {
        access: access.clone(),
        scope,
    };
    let control = Router::new()
        .route("/sessions", get(routes::sessions))
        .route("/events", get(events::feed))
        .route("/metrics", any(routes::control))
        .route("/faults", any(routes::control))
        .route("/frames", any(routes::control))
        .route("/apps", any(routes::control))
        .route("/apps/{package}", any(routes::control))
        .route("/tools", any(routes::control))
        .route("/scenarios", any(routes::control))
        .layer(middleware::from_fn_with_state(
            BodyLimits::new(timeout),
            http::read_body,
        ))
        .layer(middleware::from_fn_with_state(
            guard(Scope::Control),
            access::check,
        ));
    let sockets = Router::new()
        .route("/tpa-ws", get(tpa_socket::augment_os))
        .route("/app-ws", get(tpa_socket::mentra_os))
        .layer(middleware::from_fn_with_state(
            guard(Scope::Socket),
            access::check,
        ));
    static_files::mount(mounts)
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(control)
        .merge(sockets)
        .layer(middleware::from_fn_with_state(
            guard(Scope::File),
            access::check,
        ))
        .with_state(shared)
}

/// State shared by the handlers.
#[derive(Clone)]
struct Shared {
    driver: Arc<Driver>,
    caller: Caller,
    control: Arc<Control>,
    limits: Limits,
    snapshots: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

/// Limits for a TPA's socket.
#[derive(Clone, Copy)]
struct Limits {
    frame_bytes: usize,
    send_buffer_bytes: usize,
}
