//! HTTP connections: each stage has a deadline, and their number is limited.

use std::collections::HashMap;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONNECTION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{sleep, timeout};
use tower_service::Service;

use super::listener::{PeerInfo, ReceiveBuffers, ResetSwitch, ResettableStream};
use super::until;

/// Pause after accepting fails, for example because of too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Size of the buffers of a connection. A slow reader of a response fills one.
const BUFFER_BYTES: usize = 64 * 1024;

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Connection: close\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

/// Limits of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Number of TCP connections.
    pub(super) max_connections: usize,
    /// Time for the head of a request, also after earlier ones; for its body; and for each write
    /// of the response.
    pub(super) timeout: Duration,
}

/// Accepts connections and serves them.
#[derive(Debug)]
pub(super) struct HttpServer {
    listener: TcpListener,
    app: Router,
    limits: Limits,
    permits: Arc<Semaphore>,
    tasks: JoinSet<()>,
    buffers: ReceiveBuffers,
    /// Those that are not upgraded.
    open: HashMap<Id, (AbortHandle, ResetSwitch)>,
}

impl HttpServer {
    pub(super) fn new(
        listener: TcpListener,
        app: Router,
        limits: Limits,
        buffers: ReceiveBuffers,
    ) -> Self {
        let most = limits.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            app,
            limits,
            permits: Arc::new(Semaphore::new(most)),
            tasks: JoinSet::new(),
            buffers,
            open: HashMap::new(),
        }
    }

    /// Serves until `stopped`, then completes the requests. Dropping the future ends them.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) {
        let mut stop = pin!(until(stopped.clone()));
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                Some(ended) = self.tasks.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    self.open.remove(&id);
                    continue;
                }
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let switch = ResetSwitch::new(self.buffers.clone());
                    let line = PeerInfo { peer, switch };
                    match self.permit().await {
                        Some(permit) => self.serve(stream, line, permit, stopped.clone()),
                        None => {
                            tracing::debug!(%peer, "too many TCP connections");
                            // Best effort: what the socket accepts without blocking.
                            let _ = stream.try_write(TOO_MANY);
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(PAUSE).await;
                }
            }
        }
        drop(self.listener);
        while self.tasks.join_next().await.is_some() {}
    }

    /// Returns a permit for one more connection. If there is none, the connection that was idle for
    /// the longest time is reset for it.
    async fn permit(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.open.remove(&id);
        }
        let open = self.open.iter();
        let idle = open.filter_map(|(id, (_, switch))| Some((switch.idle_since()?, *id)));
        let longest = idle.min_by_key(|(since, _)| *since);
        if let Some((task, switch)) = longest.and_then(|(_, id)| self.open.remove(&id)) {
            switch.reset();
            task.abort();
        }
        // An ended connection returns its permit at once.
        let permit = Arc::clone(&self.permits).acquire_owned();
        timeout(PAUSE, permit).await.ok()?.ok()
    }

    fn serve(
        &mut self,
        stream: TcpStream,
        line: PeerInfo,
        permit: OwnedSemaphorePermit,
        stopped: watch::Receiver<bool>,
    ) {
        // Small frames are sent without delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(peer = %line.peer, %error, "cannot set TCP_NODELAY");
        }
        let switch = line.switch.clone();
        let stream = ResettableStream::new(stream, switch.clone(), self.limits.timeout, permit);
        let app = self.app.clone();
        let connection = serve_connection(stream, line, app, self.limits.timeout, stopped);
        let task = self.tasks.spawn(connection);
        self.open.insert(task.id(), (task, switch));
    }
}

/// Serves the requests of a connection until it is closed or upgraded.
async fn serve_connection(
    stream: ResettableStream,
    line: PeerInfo,
    app: Router,
    timeout: Duration,
    stopped: watch::Receiver<bool>,
) {
    let peer = line.peer;
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(line.clone()));
        app.clone().call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_buf_size(BUFFER_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.with_upgrades());
    let mut stop = pin!(until(stopped));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = &mut stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "connection failed");
    }
}

/// Limits of request bodies.
#[derive(Debug, Clone)]
pub(super) struct BodyLimits {
    timeout: Duration,
    /// Large bodies that are read at the same time. Small ones do not wait for them.
    large: Arc<Semaphore>,
}

impl BodyLimits {
    /// Largest body, in bytes.
    const MAX_BYTES: usize = 2 * 1024 * 1024;
    const SMALL_BYTES: u64 = 16 * 1024;
    const MAX_LARGE: usize = 4;

    /// Limits the time for a body to `timeout`.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            large: Arc::new(Semaphore::new(Self::MAX_LARGE)),
        }
    }

    /// Reads a body. The error is the status of the response, and its text.
    async fn read(&self, body: Body) -> Result<Body, (StatusCode, &'static str)> {
        match axum::body::to_bytes(body, Self::MAX_BYTES).await {
            Ok(body) => Ok(Body::from(body)),
            Err(error) if is_too_long(&error) => Err(TOO_LONG),
            Err(_) => Err((StatusCode::BAD_REQUEST, "the body cannot be read\n")),
        }
    }
}

const TOO_LONG: (StatusCode, &str) = (
    StatusCode::PAYLOAD_TOO_LARGE,
    "the body is too long; expected at most 2 MiB\n",
);

/// Reports whether a body has more bytes than are allowed.
fn is_too_long(error: &axum::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Reads the body of a request, within its limits of memory and time.
pub(super) async fn read_body(
    State(limits): State<BodyLimits>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let size = body.size_hint();
    let refuse = |(status, problem): (StatusCode, &'static str)| {
        (status, [(CONNECTION, "close")], problem).into_response()
    };
    if size.lower() > BodyLimits::MAX_BYTES as u64 {
        return refuse(TOO_LONG);
    }
    let is_small = size
        .upper()
        .is_some_and(|most| most <= BodyLimits::SMALL_BYTES);
    let reading = async {
        // The semaphore is never closed, so there is no error.
        let permit = match is_small {
            true => None,
            false => limits.large.acquire().await.ok(),
        };
        (limits.read(body).await, permit)
    };
    match timeout(limits.timeout, reading).await {
        Ok((Ok(body), _permit)) => next.run(Request::from_parts(parts, body)).await,
        Ok((Err(problem), _)) => refuse(problem),
        Err(_) => refuse((StatusCode::REQUEST_TIMEOUT, "the body took too long\n")),
    }
}
