//! The control interface: looks into the cloud and makes things happen.

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
    answer(StatusCode::OK, &sessions)
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
        Ok(request) => hit(shared.driver.with(|cloud, now| cloud.inject(&request, now))),
        Err(bad) => refuse(&bad),
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
        Ok((frame, target)) => hit(shared
            .driver
            .with(|cloud, now| cloud.send_frame(&target, &frame, now))),
        Err(bad) => refuse(&bad),
    }
}

pub(super) fn hit(connections: Vec<ConnectionId>) -> Response {
    let body = json!({"connections": connections});
    answer(StatusCode::ACCEPTED, &body)
}

pub(super) fn refuse(bad: &BadRequest) -> Response {
    answer(StatusCode::BAD_REQUEST, &json!(bad))
}

/// A JSON response.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json")];
    (status, headers, body.to_string()).into_response()
}
