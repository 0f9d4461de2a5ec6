//! The server: carries out on real sockets what the library says.

mod access;
mod driver;
mod events;
mod listener;
mod log;
mod routes;
mod send_queue;
mod static_files;
mod token;
mod tpa_socket;
mod webhook;

use std::future::IntoFuture;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{delete, get, post};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::faults::Target;
use crate::faults::playback::Plan;
use crate::faults::scenario::Scenario;
use access::Access;
use driver::Driver;
use listener::{LineInfo, LineListener};
pub use static_files::Mount;
pub use token::Token;

/// Options of a server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where to listen. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Folders to serve.
    pub serve: Vec<Mount>,
    /// Scenarios that can be played by name, beside those that are shipped.
    pub scenarios: Vec<Scenario>,
    /// What is played from the start.
    pub play: Option<Plan>,
    /// What a control request must bear. Without one, requests from this machine need none, and
    /// a server that listens on more than loopback makes one up.
    pub token: Option<Token>,
    /// Where apps that are started find this server, such as `ws://cloud.example:8002`. Without
    /// it, where it listens.
    pub public_url: Option<String>,
    /// Options of the cloud itself.
    pub cloud: Config,
}

impl Default for ServerConfig {
    /// A free port on loopback, nothing served.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            serve: Vec::new(),
            scenarios: Vec::new(),
            play: None,
            token: None,
            public_url: None,
            cloud: Config::default(),
        }
    }
}

/// A running server. It ends with [`Server::shut_down`], or at once when it is dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    token: Option<Token>,
    driver: Arc<Driver>,
    stopping: watch::Sender<bool>,
    timers: JoinHandle<()>,
    webhooks: JoinHandle<()>,
    serving: JoinHandle<()>,
}

/// Starts a server. Must be called inside a tokio runtime.
pub async fn start(mut config: ServerConfig) -> io::Result<Server> {
    static_files::check(&config.serve)?;
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    if config.token.is_none() && !addr.ip().is_loopback() {
        config.token = Some(Token::generate().map_err(io::Error::other)?);
    }
    let access = Access {
        addr,
        token: config.token.clone(),
    };
    config.cloud.public_url = config.public_url.unwrap_or_else(|| reachable(addr));
    let (stopping, stopped) = watch::channel(false);
    let limits = Limits {
        frame_bytes: config.cloud.max_frame_bytes,
        send_buffer_bytes: config.cloud.max_send_buffer_bytes,
    };
    let lines = listener::Limits {
        most: config.cloud.max_connections.saturating_add(SPARE_LINES),
        patience: config.cloud.handshake_timeout,
    };
    let (call, calls) = mpsc::unbounded_channel();
    let driver = Arc::new(Driver::new(config.cloud, call));
    let timers = tokio::spawn(Arc::clone(&driver).run_timers());
    let webhooks = tokio::spawn(webhook::run(Arc::clone(&driver), calls));
    let mut scenarios = Scenario::shipped();
    scenarios.extend(config.scenarios);
    let shared = Shared {
        driver: Arc::clone(&driver),
        scenarios: scenarios.into(),
        limits,
        stopped: stopped.clone(),
    };
    let app = router(shared, &config.serve, access);
    if let Some(plan) = config.play {
        driver.with(|cloud, now| cloud.play(plan, Target::All, now));
    }
    let app = app.into_make_service_with_connect_info::<LineInfo>();
    let serving = axum::serve(LineListener::new(listener, lines), app)
        .with_graceful_shutdown(until(stopped))
        .into_future();
    let serving = tokio::spawn(async move {
        // Serving has no errors: accepting is tried again, and a connection's errors are its own.
        let _ = serving.await;
    });
    Ok(Server {
        addr,
        token: config.token,
        driver,
        stopping,
        timers,
        webhooks,
        serving,
    })
}

/// Where a server that listens at `addr` is found from this machine.
fn reachable(mut addr: SocketAddr) -> String {
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
    /// How long a graceful shutdown may take after the close handshakes.
    const PATIENCE: Duration = Duration::from_millis(500);

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a control request must bear, where it must.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// How many WebSockets are not gone yet.
    pub fn socket_count(&self) -> usize {
        self.driver.socket_count()
    }

    /// Closes all sockets with 1001 and ends.
    pub async fn shut_down(mut self) {
        self.driver.with(|cloud, now| cloud.shut_down(now));
        // The cloud cuts whoever does not answer the close frame, so this ends.
        self.driver.until_no_sockets().await;
        self.stopping.send_replace(true);
        // What is not served by then is cut by dropping.
        let _ = tokio::time::timeout(Self::PATIENCE, &mut self.serving).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.timers.abort();
        self.webhooks.abort();
        self.serving.abort();
        self.driver.abandon();
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the server was dropped, which is as good a reason to stop.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// TCP connections beside those of TPAs: for control requests, watchers and pages.
const SPARE_LINES: usize = 256;

/// The longest request body of the control interface.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

fn router(shared: Shared, mounts: &[Mount], access: Access) -> Router {
    let control = Router::new()
        .route("/sessions", get(routes::sessions))
        .route("/metrics", get(routes::metrics))
        .route("/events", get(events::feed))
        .route("/faults", post(routes::inject).delete(routes::clear_faults))
        .route("/frames", post(routes::send_frame))
        .route("/apps", post(routes::apps::start))
        .route("/apps/{package}", delete(routes::apps::stop))
        .route("/apps/stop", post(routes::apps::stop_many))
        .route(
            "/scenarios",
            get(routes::scenarios::list)
                .post(routes::scenarios::play)
                .delete(routes::scenarios::stop),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(
            access.clone(),
            access::may_control,
        ));
    let sockets = Router::new()
        .route("/tpa-ws", get(tpa_socket::augment_os))
        .route("/app-ws", get(tpa_socket::mentra_os));
    static_files::mount(mounts)
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(control)
        .merge(sockets)
        .layer(middleware::from_fn_with_state(access, access::known_host))
        .layer(middleware::from_fn(listener::claim))
        .with_state(shared)
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    driver: Arc<Driver>,
    scenarios: Arc<[Scenario]>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

/// What a TPA's socket may cost.
#[derive(Clone, Copy)]
struct Limits {
    frame_bytes: usize,
    send_buffer_bytes: usize,
}
