//! One WebSocket of a TPA: its frames to the cloud, the cloud's orders to it.

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
use super::listener::{LineInfo, ResetSwitch};
use super::send_queue::{Mode, SocketHandle, SocketOrders};
use crate::cloud::{Input, Refused};
use crate::identity::ConnectionId;
use crate::output::Delivery;
use crate::protocol::Dialect;

/// A frame that is longer than the cloud's limit, but no more than this many times, is read to
/// its end, so that the close handshake can follow it. Longer ones are not even read.
const HARD_LIMIT: usize = 2;

/// Frames that wait together are written together, until they are this many bytes.
const WRITE_BYTES: usize = 4 * 1024;

/// What RFC 6455 calls a close frame without a code.
const NO_CODE: u16 = 1005;

/// `GET /tpa-ws`
pub(super) async fn augment_os(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<LineInfo>,
    upgrade: WebSocketUpgrade,
) -> Response {
    accept(shared, line, upgrade, Dialect::AugmentOs)
}

/// `GET /app-ws`
pub(super) async fn mentra_os(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<LineInfo>,
    upgrade: WebSocketUpgrade,
) -> Response {
    accept(shared, line, upgrade, Dialect::MentraOs)
}

fn accept(shared: Shared, line: LineInfo, upgrade: WebSocketUpgrade, dialect: Dialect) -> Response {
    let driver = shared.driver;
    let limits = shared.limits;
    let (handle, orders) = SocketHandle::new(limits.send_buffer_bytes);
    let hard_limit = limits.frame_bytes.saturating_mul(HARD_LIMIT);
    let peer = line.peer.to_string();
    let opened = driver.open(handle, |cloud, now| cloud.open(&peer, dialect, now));
    let id = match opened {
        Ok(id) => id,
        Err(Refused::ByFault) => {
            // The status is for the types; the reset is what arrives.
            line.switch.reset();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Err(Refused::TooMany) => {
            let body = "too many connections\n";
            return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
        }
    };
    let failed = Arc::clone(&driver);
    upgrade
        .max_message_size(hard_limit)
        .max_frame_size(hard_limit)
        // The defaults reserve 128 KiB for each connection, which adds up. What TPAs send is
        // mostly short; a longer frame takes more reads, and its own memory while it lasts.
        .read_buffer_size(1024)
        .write_buffer_size(WRITE_BYTES)
        .on_failed_upgrade(move |_| failed.gone(id))
        .on_upgrade(move |socket| run(driver, id, socket, orders, line.switch))
}

async fn run(
    driver: Arc<Driver>,
    id: ConnectionId,
    socket: WebSocket,
    orders: SocketOrders,
    switch: ResetSwitch,
) {
    let mut pump = Pump {
        socket,
        orders,
        writing: Writing::Idle,
        reads: true,
    };
    loop {
        match poll_fn(|context| pump.poll_step(context)).await {
            Step::Cut => {
                // Before the socket is dropped.
                switch.reset();
                break;
            }
            Step::Came(message) => driver.handle_input(id, input_of(&message)),
            Step::Failed(error) => {
                tracing::debug!(connection = %id, %error, "cannot read");
                if !is_too_big(error) {
                    break;
                }
                driver.handle_input(id, Input::TooBig);
                // The rest of the frame is in the way of the peer's answer; the cloud cuts.
                pump.reads = false;
            }
            Step::Ended => break,
        }
    }
    drop(pump);
    driver.gone(id);
}

/// Moves frames both ways. A single one of the socket's own task, so that whatever happens wakes
/// the same waker.
struct Pump {
    socket: WebSocket,
    orders: SocketOrders,
    writing: Writing,
    reads: bool,
}

/// How far writing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Nothing is unsent.
    Idle,
    /// What was given to the socket may not all have left.
    Begun,
    /// As [`Writing::Begun`], and nothing may follow it.
    Last,
    /// Nothing more can be written. Reading shows why, and it is reading that waits for the
    /// peer's half of a close handshake.
    Over,
}

/// What a socket's task has to see to.
enum Step {
    Came(Message),
    Failed(axum::Error),
    Ended,
    Cut,
}

impl Pump {
    /// Writes all that waits and that the peer takes; then the next thing that comes.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        match self.orders.poll_mode(context) {
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
            Some(Ok(message)) => Step::Came(message),
            Some(Err(error)) => Step::Failed(error),
            None => Step::Ended,
        })
    }

    /// Writes until nothing waits. The socket gathers small frames, so that many of them are one
    /// write.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        while matches!(self.writing, Writing::Idle | Writing::Begun) {
            ready!(self.socket.poll_ready_unpin(context))?;
            let Some(what) = self.orders.take() else {
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
        self.orders.sent();
        Poll::Ready(Ok(()))
    }
}

fn input_of(message: &Message) -> Input<'_> {
    match message {
        Message::Text(text) => Input::Text(text.as_str()),
        Message::Binary(bytes) => Input::Binary(bytes),
        // The library below answers pings by itself.
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
