//! WebSockets of TPAs.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};

use super::Shared;
use super::driver::Driver;
use super::listener::{PeerInfo, ResetSwitch};
use super::send_queue::{Mode, SendQueue, SocketHandle};
use crate::cloud::{Input, OpenError};
use crate::identity::ConnectionId;
use crate::output::Delivery;
use crate::protocol::Dialect;

/// Frames of up to this multiple of the cloud's limit are read, so that a close handshake can
/// follow. Longer ones are not read.
const HARD_LIMIT: usize = 2;

/// Queued frames are written together, up to this number of bytes.
const WRITE_BYTES: usize = 4 * 1024;

/// Code for a close frame without a code, by RFC 6455.
const NO_CODE: u16 = 1005;

/// `GET /tpa-ws`
pub(super) async fn augment_os(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<PeerInfo>,
    upgrade: WebSocketUpgrade,
) -> Response {
    accept(shared, line, upgrade, Dialect::AugmentOs)
}

/// `GET /app-ws`
pub(super) async fn mentra_os(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<PeerInfo>,
    upgrade: WebSocketUpgrade,
) -> Response {
    accept(shared, line, upgrade, Dialect::MentraOs)
}

fn accept(shared: Shared, line: PeerInfo, upgrade: WebSocketUpgrade, dialect: Dialect) -> Response {
    let driver = shared.driver;
    let limits = shared.limits;
    let (handle, queue) = SocketHandle::new(limits.send_buffer_bytes);
    let hard_limit = limits.frame_bytes.saturating_mul(HARD_LIMIT);
    let peer = line.peer.to_string();
    let opened = driver.open(handle, |cloud, now| cloud.open(&peer, dialect, now));
    let id = match opened {
        Ok(id) => id,
        Err(OpenError::ResetByFault) => {
            // The peer sees the reset, not the status.
            line.switch.reset();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Err(OpenError::TooManyConnections) => {
            let body = "too many connections\n";
            return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
        }
    };
    let failed = Arc::clone(&driver);
    upgrade
        .max_message_size(hard_limit)
        .max_frame_size(hard_limit)
        // The default is 128 KiB for each connection. TPAs send mostly short frames; longer ones
        // take more reads and their own memory.
        .read_buffer_size(1024)
        .write_buffer_size(WRITE_BYTES)
        .on_failed_upgrade(move |_| failed.socket_closed(id))
        .on_upgrade(move |socket| run(driver, id, socket, queue, line.switch))
}

async fn run(
    driver: Arc<Driver>,
    id: ConnectionId,
    socket: WebSocket,
    queue: SendQueue,
    switch: ResetSwitch,
) {
    let mut pump = Pump {
        socket,
        queue,
        writing: Writing::Idle,
        reads: true,
    };
    loop {
        match poll_fn(|context| pump.poll_step(context)).await {
            Step::Cut => {
                // Before the drop of the socket.
                switch.reset();
                break;
            }
            Step::Received(message) => driver.handle_input(id, input_of(&message)),
            Step::Failed(error) => {
                tracing::debug!(connection = %id, %error, "cannot read");
                if !is_too_big(error) {
                    break;
                }
                driver.handle_input(id, Input::TooBig);
                // The rest of the frame precedes the peer's close frame, so the cloud resets the
                // socket.
                pump.reads = false;
            }
            Step::Ended => break,
        }
    }
    drop(pump);
    driver.socket_closed(id);
}

/// Reads and writes frames in one task, so that all events wake the same waker.
struct Pump {
    socket: WebSocket,
    queue: SendQueue,
    writing: Writing,
    reads: bool,
}

/// State of writing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Everything is sent.
    Idle,
    /// The socket may hold unsent frames.
    Begun,
    /// As [`Writing::Begun`], after the close frame.
    Last,
    /// Nothing more can be written. Reading returns the error or waits for the peer's close frame.
    Over,
}

/// Event for the socket's task.
enum Step {
    Received(Message),
    Failed(axum::Error),
    Ended,
    Cut,
}

impl Pump {
    /// Writes as much as possible, then returns the next event.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        match self.queue.poll_mode(context) {
            Mode::Open => {}
            Mode::Frozen => return Poll::Pending,
            Mode::Cut => return Poll::Ready(Step::Cut),
        }
        if let Poll::Ready(Err(_)) = self.poll_write(context) {
            self.writing = Writing::Over;
        }
        if !self.reads {
            return Poll::Pending;
        }
        let message = ready!(self.socket.poll_next_unpin(context));
        Poll::Ready(match message {
            Some(Ok(message)) => Step::Received(message),
            Some(Err(error)) => Step::Failed(error),
            None => Step::Ended,
        })
    }

    /// Writes all queued frames. The socket combines small frames into one write.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        while matches!(self.writing, Writing::Idle | Writing::Begun) {
            ready!(self.socket.poll_ready_unpin(context))?;
            let Some(what) = self.queue.take() else {
                break;
            };
            self.writing = match what {
                Delivery::Close { .. } => Writing::Last,
                Delivery::Text(_) | Delivery::Binary(_) | Delivery::Ping => Writing::Begun,
            };
            self.socket.start_send_unpin(message_of(what))?;
        }
        let after = match self.writing {
            Writing::Begun => Writing::Idle,
            Writing::Last => Writing::Over,
            Writing::Idle | Writing::Over => return Poll::Ready(Ok(())),
        };
        ready!(self.socket.poll_flush_unpin(context))?;
        self.writing = after;
        self.queue.sent();
        Poll::Ready(Ok(()))
    }
}

fn input_of(message: &Message) -> Input<'_> {
    match message {
        Message::Text(text) => Input::Text(text.as_str()),
        Message::Binary(bytes) => Input::Binary(bytes),
        // The WebSocket library answers pings.
        Message::Ping(_) => Input::Ping,
        Message::Pong(_) => Input::Pong,
        Message::Close(None) => Input::Closed {
            code: NO_CODE,
            reason: "",
        },
        Message::Close(Some(frame)) => Input::Closed {
            code: frame.code,
            reason: frame.reason.as_str(),
        },
    }
}

fn is_too_big(error: axum::Error) -> bool {
    let error = error.into_inner();
    let error = error.downcast_ref::<tungstenite::Error>();
    matches!(error, Some(tungstenite::Error::Capacity(_)))
}

fn message_of(what: Delivery) -> Message {
    match what {
        Delivery::Text(text) => Message::Text(text.into()),
        Delivery::Binary(bytes) => Message::Binary(bytes.into()),
        Delivery::Ping => Message::Ping(Default::default()),
        Delivery::Close { code, reason } => Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        })),
    }
}
