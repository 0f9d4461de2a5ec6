//! Access control of HTTP requests, by the rules of the library.

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::listener::PeerInfo;
use crate::access::{Access, Head, Scope, Verdict};

/// Rules for a group of routes.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) access: Access,
    pub(super) scope: Scope,
}

/// Answers the requests that are not allowed.
pub(super) async fn check(
    State(guard): State<Guard>,
    ConnectInfo(line): ConnectInfo<PeerInfo>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let head = Head {
        method: request.method().as_str(),
        query: request.uri().query(),
        host: text(headers, HOST),
        origin: text(headers, ORIGIN),
        authorization: text(headers, AUTHORIZATION),
        fetch_site: text(headers, HeaderName::from_static("sec-fetch-site")),
        fetch_dest: text(headers, HeaderName::from_static("sec-fetch-dest")),
    };
    let verdict = guard.access.check(guard.scope, line.peer.ip(), &head);
    let Verdict {
        status,
        headers,
        body,
    } = verdict;
    let mut response = match status {
        Some(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
            (status, body).into_response()
        }
        None => next.run(request).await,
    };
    for (name, value) in headers {
        // The values are those of the library, and an origin that was a header.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns the text of a header; empty if it is not text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let value = headers.get(name)?;
    Some(value.to_str().unwrap_or_default())
}
