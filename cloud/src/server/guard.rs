//! Keeps other people's web pages away from the control interface: a page anywhere can make the
//! developer's browser send requests to this machine.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HOST, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::control;
use super::line::LineInfo;

/// On loopback only a loopback name may be asked for.
pub(super) async fn known_host(
    State(addr): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if addr.ip().is_loopback() && !names_this_machine(&request) {
        return forbidden(UNKNOWN_HOST);
    }
    next.run(request).await
}

/// The control interface answers programs on this machine and pages that come from it, wherever
/// else the server listens.
pub(super) async fn same_machine(
    ConnectInfo(line): ConnectInfo<LineInfo>,
    request: Request,
    next: Next,
) -> Response {
    if !line.peer.ip().to_canonical().is_loopback() {
        return forbidden("the control interface can be used from this machine only");
    }
    if !names_this_machine(&request) {
        return forbidden(UNKNOWN_HOST);
    }
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    if !origin.to_str().is_ok_and(is_loopback_origin) {
        return forbidden("the page's origin must be on this machine");
    }
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else {
        next.run(request).await
    };
    allow(response.headers_mut(), origin);
    response
}

const UNKNOWN_HOST: &str = "the Host header must name this machine, such as 127.0.0.1 or localhost";

/// A page can point its own name at 127.0.0.1 and would then count as same-origin; but its
/// requests still carry that name.
fn names_this_machine(request: &Request) -> bool {
    let host = request.headers().get(HOST);
    host.and_then(|host| host.to_str().ok())
        .is_some_and(is_loopback_authority)
}

fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("origin"));
}

fn forbidden(error: &str) -> Response {
    control::answer(StatusCode::FORBIDDEN, &json!({"error": error}))
}

fn is_loopback_origin(origin: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(is_loopback_authority)
}

/// Whether `host` or `host:port` names this machine.
fn is_loopback_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        // An IPv6 address stands in brackets.
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host, port),
            None => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port_is_fine = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.parse::<u16>().is_ok());
    let host_is_fine = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    port_is_fine && host_is_fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for good in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8002",
            "127.1.2.3",
            "[::1]",
            "[::1]:1",
        ] {
            assert!(is_loopback_authority(good), "{good}");
        }
        for bad in [
            "",
            ":80",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "localhost:",
            "localhost:80.example.org",
            "localhost@example.org",
            "[::1",
            "[::2]",
            "0.0.0.0",
            "localhost:99999",
        ] {
            assert!(!is_loopback_authority(bad), "{bad}");
        }
        assert!(is_loopback_origin("http://localhost:3000"));
        assert!(!is_loopback_origin("null"));
        assert!(!is_loopback_origin("http://evil.example"));
    }
}
