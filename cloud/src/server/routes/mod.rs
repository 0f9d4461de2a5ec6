//! The control interface.

pub(super) mod apps;
pub(super) mod scenarios;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::Shared;
use crate::faults::Target;
use crate::faults::request::{self, BadRequest};
use crate::identity::ConnectionId;

/// Part of a large response that is written at once, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Number of large snapshots that are being read.
pub(super) const MAX_SNAPSHOTS: usize = 2;

/// Most bytes of one frame for all connections together.
const MAX_SENT: usize = 64 * 1024 * 1024;

/// `GET /sessions`
pub(super) async fn sessions(State(shared): State<Shared>) -> Response {
    // A snapshot repeats all that apps have shown. The semaphore is never closed.
    let permit = Arc::clone(&shared.snapshots).acquire_owned().await.ok();
    let sessions = shared.driver.with(|cloud, _| cloud.sessions());
    let text = Bytes::from(sessions.to_string());
    drop(sessions);
    let headers = [(CONTENT_TYPE, "application/json")];
    if text.len() <= CHUNK_BYTES {
        return (headers, text).into_response();
    }
    let starts = (0..text.len()).step_by(CHUNK_BYTES);
    let chunks = starts.map(move |start| {
        // Held until the last chunk is taken.
        let _permit = &permit;
        let end = text.len().min(start + CHUNK_BYTES);
        Ok::<Bytes, Infallible>(text.slice(start..end))
    });
    (headers, Body::from_stream(stream::iter(chunks))).into_response()
}

/// `GET /metrics`
pub(super) async fn metrics(State(shared): State<Shared>) -> Response {
    let text = shared.driver.with(|cloud, _| cloud.metrics());
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (headers, text).into_response()
}

/// `POST /faults`
pub(super) async fn inject(State(shared): State<Shared>, body: Bytes) -> Response {
    match request::read_fault(&body) {
        Ok(request) => accepted(shared.driver.with(|cloud, now| cloud.inject(&request, now))),
        Err(bad) => bad_request(&bad),
    }
}

/// `DELETE /faults`
pub(super) async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    shared
        .driver
        .with(|cloud, now| cloud.clear_faults(&Target::All, now));
    StatusCode::NO_CONTENT
}

/// `POST /frames`
pub(super) async fn send_frame(State(shared): State<Shared>, body: Bytes) -> Response {
    let count = shared.driver.socket_count();
    if body.len().saturating_mul(count) > MAX_SENT {
        let error = format!(
            "the body has {} bytes, which for {count} connections is more than {MAX_SENT} together",
            body.len()
        );
        return bad_request(&BadRequest::whole(&error));
    }
    match request::read_frame_request(&body) {
        Ok((frame, target)) => accepted(
            shared
                .driver
                .with(|cloud, now| cloud.send_frame(&target, &frame, now)),
        ),
        Err(bad) => bad_request(&bad),
    }
}

pub(super) fn accepted(connections: Vec<ConnectionId>) -> Response {
    let body = json!({"connections": connections});
    json_response(StatusCode::ACCEPTED, &body)
}

pub(super) fn bad_request(bad: &BadRequest) -> Response {
    json_response(StatusCode::BAD_REQUEST, &json!(bad))
}

/// Creates a JSON response.
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json")];
    (status, headers, body.to_string()).into_response()
}
