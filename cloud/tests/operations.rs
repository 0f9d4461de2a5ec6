//! Limits and the token of the control interface, on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{
    End, Observer, PACKAGE, Server, Tpa, get, http, post, start, start_with, with_timeout,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tpa_cloud::Config;
use tpa_cloud::server::ServerConfig;

#[tokio::test]
async fn metrics_are_served_as_prometheus_text() {
    let server = start().await;
    let _tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let response = get(&server, "/metrics").await;
    assert_eq!(response.status, 200);
    let kind = response.header("content-type").unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let connected = "\ntpa_cloud_connections{state=\"connected\"} 1\n";
    assert!(response.body.contains(connected), "{}", response.body);
}

#[tokio::test]
async fn a_socket_too_many_is_refused_with_503() {
    let server = start_with(Config {
        max_connections: 1,
        ..Config::default()
    })
    .await;
    let mut first = Tpa::connect(&server, "user1", PACKAGE).await;
    match Tpa::open_at(&server, "/tpa-ws").await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 503),
        other => panic!("{:?}", other.map(|_| ())),
    }
    first.send(json!({"type": "ping"})).await;
    assert_eq!(first.frame().await["type"], "pong");
    let metrics = get(&server, "/metrics").await.body;
    let refused = "connections_refused_total{error=\"TOO_MANY_CONNECTIONS\"} 1";
    assert!(metrics.contains(refused), "{metrics}");
}

#[tokio::test]
async fn tcp_connections_are_limited() {
    let server = start_with(Config {
        max_connections: 1,
        ..Config::default()
    })
    .await;
    // One for a TPA, and the extra ones.
    let mut idle = Vec::new();
    for _ in 0..257 {
        idle.push(TcpStream::connect(server.addr()).await.unwrap());
    }
    // One more takes the place of the first.
    let _more = TcpStream::connect(server.addr()).await.unwrap();
    let mut received = [0; 1];
    let mut first = idle.remove(0);
    let first = with_timeout("the reset", first.read(&mut received)).await;
    assert!(first.is_err(), "{first:?}");
    for other in &idle {
        assert!(
            other
                .try_read(&mut received)
                .is_err_and(|error| { error.kind() == std::io::ErrorKind::WouldBlock })
        );
    }
    // A closed connection makes room for another.
    drop(idle);
    with_timeout("a place", async {
        while Tpa::open_at(&server, "/tpa-ws").await.is_err() {}
    })
    .await;
}

#[tokio::test]
async fn idle_tcp_connections_are_closed() {
    let server = start_with(Config {
        handshake_timeout: Duration::from_millis(100),
        ..Config::default()
    })
    .await;
    for begun in ["", "GET /tpa-ws HTTP/1.1\r\nHost: 127"] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset and a close are both accepted.
        let _ = with_timeout("the end", stream.read_to_end(&mut answer)).await;
        assert!(!String::from_utf8_lossy(&answer).contains("101"));
    }
    // The same after an upgrade.
    let mut tpa = Tpa::open(&server).await;
    assert_eq!(tpa.end().await, End::closed(1008, "Handshake timeout"));
}

#[tokio::test]
async fn very_long_frames_are_not_read() {
    let server = start_with(Config {
        max_frame_bytes: 1_000,
        close_timeout: Duration::from_millis(100),
        ..Config::default()
    })
    .await;
    for length in [1_001, 2_000, 5_000, 500_000] {
        let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
        tpa.send_message(Message::binary(vec![0; length])).await;
        assert_eq!(
            tpa.end().await,
            End::closed(1009, "Frame too big"),
            "{length}"
        );
    }
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    tpa.send_message(Message::binary(vec![0; 1_000])).await;
    tpa.send(json!({"type": "ping"})).await;
    assert_eq!(tpa.frame().await["type"], "pong");
}

#[tokio::test]
async fn peers_that_do_not_read_are_reset_at_the_limit() {
    let server = start_with(Config {
        stream_interval: Duration::from_micros(50),
        max_send_buffer_bytes: 100_000,
        ..Config::default()
    })
    .await;
    let mut observer = Observer::open(&server).await;
    let mut unread = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut good = Tpa::connect(&server, "user2", PACKAGE).await;
    unread.subscribe(&["*"]).await;
    let closed = observer.event("closed").await;
    assert_eq!(closed["sessionId"], format!("user1-{PACKAGE}"));
    assert_eq!(closed["reason"], "send buffer full");
    good.send(json!({"type": "ping"})).await;
    assert_eq!(good.frame().await["type"], "pong");
    assert!(unread.is_reset().await);
}

/// Starts a server that other machines can reach.
async fn start_open(token: Option<&str>) -> Server {
    let config = ServerConfig {
        listen: SocketAddr::from(([0, 0, 0, 0], 0)),
        token: token.map(|token| token.parse().unwrap()),
        ..ServerConfig::default()
    };
    Server::start(config).await.unwrap()
}

#[tokio::test]
async fn a_reachable_server_requires_a_token() {
    for given in [Some("sesame-sesame"), None] {
        let server = start_open(given).await;
        let token = server.token().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        for (method, path, body) in [
            ("GET", "/sessions", ""),
            ("GET", "/metrics", ""),
            ("GET", "/scenarios", ""),
            ("POST", "/faults", r#"{"fault":"cut"}"#),
            ("DELETE", "/faults", ""),
            ("POST", "/frames", r#"{"dashboardMode":"main"}"#),
            ("POST", "/apps/stop", "{}"),
        ] {
            for headers in [
                &[][..],
                &[("Authorization", "Bearer wrong-wrong")],
                &[("Authorization", token.as_str())],
            ] {
                let refused = http(&server, method, path, headers, body).await;
                assert_eq!(refused.status, 401, "{method} {path}");
                assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
            }
            let headers = [("Authorization", bearer.as_str())];
            let allowed = http(&server, method, path, &headers, body).await;
            assert!(allowed.status < 300, "{method} {path} {}", allowed.status);
            // A token in the query, for clients that cannot set headers.
            let in_query = format!("{path}?access_token={token}");
            let allowed = http(&server, method, &in_query, &[], body).await;
            assert!(
                allowed.status < 300,
                "{method} {in_query} {}",
                allowed.status
            );
        }
        // Apps need only their API key.
        assert_eq!(get(&server, "/healthz").await.status, 200);
        Tpa::connect(&server, "user1", PACKAGE).await;
    }
}

#[tokio::test]
async fn pages_of_the_server_may_use_the_token() {
    let server = start_open(Some("sesame-sesame")).await;
    let own = "http://cloud.example:8002";
    let host = ("Host", "cloud.example:8002");
    let bearer = ("Authorization", "Bearer sesame-sesame");
    let started = http(&server, "OPTIONS", "/faults", &[host, ("Origin", own)], "").await;
    assert_eq!(started.status, 204);
    let allowed = started.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("authorization"));
    let sessions = |origin: &'static str| {
        let headers = [host, bearer, ("Origin", origin)];
        let server = &server;
        async move { http(server, "GET", "/sessions", &headers, "").await.status }
    };
    assert_eq!(sessions(own).await, 200);
    assert_eq!(sessions("http://other.example:8002").await, 403);
}

#[tokio::test]
async fn a_configured_token_is_required_on_loopback() {
    let config = ServerConfig {
        token: Some("sesame-sesame".parse().unwrap()),
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.unwrap();
    assert_eq!(get(&server, "/sessions").await.status, 401);
    let without = start().await;
    assert!(without.token().is_none());
    assert_eq!(get(&without, "/sessions").await.status, 200);
}

#[tokio::test]
async fn short_forms_of_frames_are_sent() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let request = json!({"dashboardMode": "expanded", "packageName": PACKAGE});
    assert_eq!(post(&server, "/frames", request).await.status, 202);
    let frame = tpa.frame().await;
    assert_eq!(
        (&frame["type"], &frame["mode"]),
        (&json!("dashboard_mode_changed"), &json!("expanded"))
    );
    for (request, field) in [
        (json!({"dashboardMode": "sideways"}), "dashboardMode"),
        (json!({"settings": 7}), "settings"),
        (json!({"permissionError": [7]}), "permissionError"),
        (json!({"customMessage": {}}), "customMessage"),
        (
            json!({"dashboardMode": "main", "settings": {}}),
            "dashboardMode",
        ),
        (json!({}), "frame"),
    ] {
        let response = post(&server, "/frames", request.clone()).await;
        assert_eq!(response.status, 400, "{request}");
        assert!(
            ["frame", field].contains(&response.json()["field"].as_str().unwrap()),
            "{request}"
        );
    }
}
