//! WebSockets of TPAs.

use std::future::poll_fn;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::connection::{Attached, Connection, Step};
use super::driver::Driver;
use super::listener::{PeerInfo, ResetSwitch};
use crate::cloud::{Cloud, Input, OpenError};
use crate::identity::ConnectionId;
use crate::protocol::Dialect;

/// Frames of up to this multiple of the cloud's limit are read, so that a close handshake can
/// follow. Longer ones are not read.
const HARD_LIMIT: usize = 2;

/// Queued frames are written together, from this number of bytes on. The first frame, the ack, is longer,
/// so nothing is added to it: the buffer keeps the size that it had once, for as long as the connection lives.
const WRITE_BYTES: usize = 1536;

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
    let queue = driver.send_queue(limits.send_buffer_bytes);
    let connection = Arc::new(Connection::new(queue, line.switch.clone()));
    let hard_limit = limits.frame_bytes.saturating_mul(HARD_LIMIT);
    let peer = line.peer.to_string();
    let open = |cloud: &mut Cloud, now| cloud.open(&peer, dialect, now);
    let opened = driver.open(Arc::clone(&connection), open);
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
        .on_upgrade(async move |socket| {
            line.switch.set_upgraded();
            let connection = Attached::new(connection, socket);
            run(driver, id, &connection, &line.switch).await;
        })
}

async fn run(driver: Arc<Driver>, id: ConnectionId, connection: &Connection, switch: &ResetSwitch) {
    loop {
        match poll_fn(|context| connection.poll_step(context)).await {
            Step::Cut => {
                // Before the drop of the socket.
                switch.reset();
                break;
            }
            Step::Received(message) => {
                switch.frame_received();
                driver.handle_input(id, input_of(&message));
            }
            Step::Crowded => driver.bound_buffers(),
            Step::Failed(error) => {
                tracing::debug!(connection = %id, %error, "cannot read");
                if !is_too_big(error) {
                    break;
                }
                driver.handle_input(id, Input::TooBig);
                // The rest of the frame precedes the peer's close frame, so the cloud resets the
                // socket.
                connection.stop_reading();
            }
            Step::Ended => break,
        }
    }
    connection.detach();
    driver.socket_closed(id);
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
