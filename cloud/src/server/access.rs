//! Access control. Any web page can make the developer's browser send requests to this machine, so
//! the control interface checks the origin and the host. A server that other machines can reach
//! requires a token.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, VARY, WWW_AUTHENTICATE,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::listener::PeerInfo;
use super::token::Token;

/// Parameters of the access control.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// Address of the server.
    pub(super) addr: SocketAddr,
    /// Token that control requests must have, if any.
    pub(super) token: Option<Token>,
    /// Host of the public URL, if one is configured.
    public_host: Option<String>,
}

impl Access {
    pub(super) fn new(addr: SocketAddr, token: Option<Token>, public_url: Option<&str>) -> Self {
        let uri = public_url.and_then(|url| url.parse::<Uri>().ok());
        Self {
            addr,
            token,
            public_host: uri.and_then(|uri| uri.host().map(str::to_owned)),
        }
    }
}

/// Rejects requests to a loopback address whose `Host` is not a loopback name.
pub(super) async fn check_host(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Response {
    if access.addr.ip().is_loopback() && !is_loopback_host(&request) {
        return forbidden(UNKNOWN_HOST);
    }
    next.run(request).await
}

/// Rejects WebSockets that a foreign page opens. A browser sets `Origin` on every WebSocket of a
/// page, and a page cannot change it; programs usually send none.
pub(super) async fn check_socket_origin(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Response {
    let is_foreign = |origin: &HeaderValue| !is_own_page(origin, &request, &access);
    if request.headers().get(ORIGIN).is_some_and(is_foreign) {
        return forbidden(FOREIGN_PAGE);
    }
    next.run(request).await
}

/// Rejects control requests without the token or, if there is none, from other machines; and those
/// of pages from other origins.
pub(super) async fn authorize_control(
    State(access): State<Access>,
    ConnectInfo(line): ConnectInfo<PeerInfo>,
    request: Request,
    next: Next,
) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    if let Some(token) = &access.token {
        // Preflight requests have no token.
        if !is_preflight && !has_token(&request, token) {
            return unauthorized();
        }
    } else if !line.peer.ip().to_canonical().is_loopback() {
        return forbidden("the control interface can be used from this machine only");
    } else if !is_loopback_host(&request) {
        return forbidden(UNKNOWN_HOST);
    }
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        if is_embedded(request.headers()) {
            return forbidden(FOREIGN_PAGE);
        }
        return next.run(request).await;
    };
    if !comes_from_this_server(&origin, &request, &access) {
        return forbidden(FOREIGN_PAGE);
    }
    let mut response = if is_preflight {
        preflight(access.token.is_some())
    } else {
        next.run(request).await
    };
    allow(response.headers_mut(), origin);
    response
}

/// Reports whether a request has the token, in its header or, because an `EventSource` cannot set
/// headers, in its query.
fn has_token(request: &Request, token: &Token) -> bool {
    let header = request.headers().get(AUTHORIZATION);
    let in_header = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let in_query = || {
        let pairs = request.uri().query()?.split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, value)| (name == "access_token").then_some(value))
    };
    in_header
        .or_else(in_query)
        .is_some_and(|given| token.accepts(given))
}

/// Reports whether the origin is this machine or, with a token, this server.
fn comes_from_this_server(origin: &HeaderValue, request: &Request, access: &Access) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = request.headers().get(HOST);
    let same_host = || {
        let host = host.and_then(|host| host.to_str().ok());
        host.is_some_and(|host| origin.strip_prefix("http://") == Some(host))
    };
    is_loopback_origin(origin) || (access.token.is_some() && same_host())
}

/// Reports whether an origin is this machine or this server. A page can resolve its own name to any
/// address, so the server's names are addresses and the name of its public URL.
fn is_own_page(origin: &HeaderValue, request: &Request, access: &Access) -> bool {
    let host = |value: &HeaderValue| value.to_str().ok()?.parse::<Authority>().ok();
    let (Ok(origin), Some(own)) = (origin.to_str(), request.headers().get(HOST).and_then(host))
    else {
        return false;
    };
    let is_public = access
        .public_host
        .as_ref()
        .is_some_and(|public| public.eq_ignore_ascii_case(own.host()));
    let is_address = own
        .host()
        .trim_matches(['[', ']'])
        .parse::<IpAddr>()
        .is_ok();
    is_loopback_origin(origin)
        || ((is_address || is_public) && authority_of(origin) == Some(own.as_str()))
}

/// Detects requests without `Origin` that a page of another site causes, such as those of its
/// images. The user may follow a link.
fn is_embedded(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
    is("sec-fetch-site", "cross-site") && !is("sec-fetch-dest", "document")
}

const FOREIGN_PAGE: &str = "the page's origin must be this machine or this server";

const UNKNOWN_HOST: &str = "the Host header must name this machine, such as 127.0.0.1 or localhost";

/// Detects DNS rebinding: a page can resolve its own name to 127.0.0.1 and become same-origin, but
/// its requests carry that name.
fn is_loopback_host(request: &Request) -> bool {
    let host = request.headers().get(HOST);
    host.and_then(|host| host.to_str().ok())
        .is_some_and(is_loopback_authority)
}

fn preflight(with_token: bool) -> Response {
    let allowed = if with_token {
        "authorization, content-type"
    } else {
        "content-type"
    };
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (ACCESS_CONTROL_ALLOW_HEADERS, allowed),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("origin"));
}

fn forbidden(error: &str) -> Response {
    json_response(StatusCode::FORBIDDEN, &json!({"error": error}))
}

fn unauthorized() -> Response {
    let error = json!({"error": "the control interface needs `Authorization: Bearer TOKEN`"});
    let mut response = json_response(StatusCode::UNAUTHORIZED, &error);
    let challenge = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json")];
    (status, headers, body.to_string()).into_response()
}

fn is_loopback_origin(origin: &str) -> bool {
    authority_of(origin).is_some_and(is_loopback_authority)
}

/// Returns `host` or `host:port` of a page's origin.
fn authority_of(origin: &str) -> Option<&str> {
    let http = origin.strip_prefix("http://");
    http.or_else(|| origin.strip_prefix("https://"))
}

/// Reports whether `host` or `host:port` is a loopback name or address.
fn is_loopback_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        // IPv6 addresses are in brackets.
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host, port),
            None => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port_valid = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.parse::<u16>().is_ok());
    let is_host_valid = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_port_valid && is_host_valid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_accepted() {
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
