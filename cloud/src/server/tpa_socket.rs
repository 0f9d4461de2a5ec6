//! One WebSocket of a TPA: its frames to the cloud, the cloud's orders to it.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::watch;

use super::Shared;
use super::driver::{Driver, Mode, SocketHandle, SocketOrders};
use super::line::{LineInfo, ResetSwitch};
use crate::cloud::{Input, Refused};
use crate::effects::Delivery;
use crate::identity::ConnectionId;
use crate::protocol::Dialect;

/// A frame that is longer than the cloud's limit, but no more than this many times, is read to
/// its end, so that the close handshake can follow it. Longer ones are not even read.
const HARD_LIMIT: usize = 2;

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
        // The defaults reserve 128 KiB for each connection, which adds up.
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
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
    let (sink, stream) = socket.split();
    let mode = orders.mode();
    tokio::select! {
        () = cut(mode, switch) => {}
        () = read(&driver, id, stream, orders.mode()) => {}
        () = write(sink, orders) => {}
    }
    driver.gone(id);
}

/// Waits for the order to cut. The switch must be set before the halves are dropped, hence in
/// here and not where they are raced.
async fn cut(mut mode: watch::Receiver<Mode>, switch: ResetSwitch) {
    // An error means that the driver has let go of the socket.
    let _ = mode.wait_for(|mode| *mode == Mode::Cut).await;
    switch.reset();
}

/// Reads until the peer's half is over.
async fn read(
    driver: &Driver,
    id: ConnectionId,
    mut stream: SplitStream<WebSocket>,
    mut mode: watch::Receiver<Mode>,
) {
    loop {
        if mode.wait_for(|mode| *mode == Mode::Open).await.is_err() {
            return;
        }
        let message = tokio::select! {
            _ = mode.changed() => continue,
            message = stream.next() => message,
        };
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                tracing::debug!(connection = %id, %error, "cannot read");
                if !is_too_big(error) {
                    return;
                }
                driver.handle_input(id, Input::TooBig);
                // The rest of the frame is in the way of the peer's answer; the cloud cuts.
                return std::future::pending().await;
            }
            None => return,
        };
        let input = match &message {
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
        };
        driver.handle_input(id, input);
    }
}

fn is_too_big(error: axum::Error) -> bool {
    let error = error.into_inner();
    let error = error.downcast_ref::<tungstenite::Error>();
    matches!(error, Some(tungstenite::Error::Capacity(_)))
}

/// Writes what the cloud delivers. Never ends: when nothing more can be written, reading shows
/// why, and it is reading that waits for the peer's half of a close handshake.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut orders: SocketOrders) {
    let mut mode = orders.mode();
    loop {
        if mode.wait_for(|mode| *mode == Mode::Open).await.is_err() {
            break;
        }
        let what = tokio::select! {
            _ = mode.changed() => continue,
            what = orders.next() => what,
        };
        let Some(what) = what else { break };
        let cost = what.cost();
        let is_close = matches!(what, Delivery::Close { .. });
        let sent = sink.send(message_of(what)).await;
        orders.delivered(cost);
        if is_close || sent.is_err() {
            break;
        }
    }
    std::future::pending().await
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
