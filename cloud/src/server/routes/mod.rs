//! The control interface.

pub(super) mod apps;
pub(super) mod scenarios;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use crate::faults::Target;
use crate::faults::request::{self, BadRequest};
use crate::identity::ConnectionId;

/// `GET /sessions`
pub(super) async fn sessions(State(shared): State<Shared>) -> Response {
    let sessions = shared.driver.with(|cloud, _| cloud.sessions());
    json_response(StatusCode::OK, &sessions)
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
