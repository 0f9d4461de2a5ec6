//! The control interface.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::Shared;
use crate::control::{self, Answer};

/// Part of a large response that is written at once, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Number of large snapshots that are being read.
pub(super) const MAX_SNAPSHOTS: usize = 2;

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

/// Every other request of the control interface.
pub(super) async fn control(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // It has been read within its limits.
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let request = control::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        body: &body.unwrap_or_default(),
    };
    let answer = shared
        .driver
        .with(|cloud, now| shared.control.handle(cloud, &request, now));
    match answer {
        Some(Answer::Response(response)) => http_response(response),
        Some(Answer::CallTool(call)) => {
            let answer = shared.caller.call(call).await;
            let answer = answer.as_ref().map(|(status, body)| (*status, &**body));
            http_response(control::Response::of_tool(answer.map_err(String::as_str)))
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn http_response(response: control::Response) -> Response {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut http = (status, response.body).into_response();
    // Set by default.
    http.headers_mut().remove(CONTENT_TYPE);
    for (name, value) in [
        (CONTENT_TYPE, response.content_type),
        (ALLOW, response.allow),
    ] {
        if let Some(value) = value {
            http.headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
    }
    http
}
