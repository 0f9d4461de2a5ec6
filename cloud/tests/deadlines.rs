//! Deadlines of each stage of an HTTP connection, on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::time::Duration;

use common::{PACKAGE, Server, Tpa, get, post, start_with, with_timeout};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tpa_cloud::Config;
use tpa_cloud::server::ServerConfig;

/// Connections in addition to those of TPAs.
const EXTRA: usize = 256;

async fn start_impatient() -> Server {
    start_with(Config {
        handshake_timeout: Duration::from_millis(200),
        ..Config::default()
    })
    .await
}

/// Sends bytes after a first complete request. Returns all that is received until the end.
async fn after_a_request(server: &Server, bytes: &str) -> String {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let addr = server.addr();
    let first = format!("GET /healthz HTTP/1.1\r\nHost: {addr}\r\n\r\n{bytes}");
    stream.write_all(first.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // A reset and a close are both accepted.
    let _ = with_timeout("the end", stream.read_to_end(&mut received)).await;
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn a_connection_that_is_idle_after_a_request_is_closed() {
    let server = start_impatient().await;
    for begun in ["", "G", "GET /healthz HTTP/1.1\r\nHost: 127"] {
        let received = after_a_request(&server, begun).await;
        assert_eq!(received.matches("HTTP/1.1").count(), 1, "{received}");
        assert!(received.ends_with("ok\n"), "{received}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_answered_with_408() {
    let server = start_impatient().await;
    let addr = server.addr();
    for (length, body) in [
        ("Content-Length: 100", "{"),
        ("Content-Length: 1000000", ""),
        ("Transfer-Encoding: chunked", "5\r\n{"),
    ] {
        let begun = format!("POST /faults HTTP/1.1\r\nHost: {addr}\r\n{length}\r\n\r\n{body}");
        let received = after_a_request(&server, &begun).await;
        assert!(received.contains("HTTP/1.1 408"), "{received}");
    }
    // Bodies that never end keep nobody from sending one.
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let begun =
            format!("POST /faults HTTP/1.1\r\nHost: {addr}\r\nContent-Length: 99999\r\n\r\n");
        stream.write_all(begun.as_bytes()).await.unwrap();
        held.push(stream);
    }
    let fault = post(&server, "/faults", json!({"fault": "cut"})).await;
    assert_eq!(fault.status, 202);
}

#[tokio::test]
async fn a_response_that_is_not_read_is_given_up() {
    let dir = std::env::temp_dir().join(format!("tpa-cloud-unread-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    // More than the buffers of a socket.
    let file = std::fs::File::create(dir.join("large.bin")).unwrap();
    file.set_len(64 * 1024 * 1024).unwrap();
    let config = ServerConfig {
        serve: vec![dir.display().to_string().parse().unwrap()],
        cloud: Config {
            handshake_timeout: Duration::from_millis(200),
            ..Config::default()
        },
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.unwrap();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let request = format!("GET /large.bin HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr());
    stream.write_all(request.as_bytes()).await.unwrap();
    with_timeout("the reset", stream.ready(Interest::ERROR))
        .await
        .unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn an_observer_that_does_not_read_is_cut_off() {
    let server = start_impatient().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut unread = TcpStream::connect(server.addr()).await.unwrap();
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr());
    unread.write_all(request.as_bytes()).await.unwrap();
    let text = "x".repeat(100_000);
    let layout = json!({"layoutType": "text_wall", "text": text});
    let cut = async { unread.ready(Interest::ERROR).await.unwrap() };
    let show = async {
        loop {
            tpa.send(json!({"type": "display_event", "view": "main", "layout": layout}))
                .await;
            tpa.send(json!({"type": "ping"})).await;
            assert_eq!(tpa.frame().await["type"], "pong");
        }
    };
    with_timeout("the reset", async {
        tokio::select! {
            _ = cut => {}
            () = show => {}
        }
    })
    .await;
    assert_eq!(get(&server, "/healthz").await.status, 200);
}

#[tokio::test]
async fn idle_connections_lock_nobody_out() {
    let server = start_with(Config {
        max_connections: 10,
        handshake_timeout: Duration::from_secs(3_600),
        ..Config::default()
    })
    .await;
    let addr = server.addr();
    let mut idle = Vec::new();
    for number in 0..10 + EXTRA {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        // Every other one has been used.
        if number % 2 == 0 {
            let request = format!("GET /healthz HTTP/1.1\r\nHost: {addr}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut received = [0; 12];
            stream.read_exact(&mut received).await.unwrap();
            assert_eq!(&received, b"HTTP/1.1 200");
        }
        idle.push(stream);
    }
    for _ in 0..3 {
        let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
        assert_eq!(get(&server, "/healthz").await.status, 200);
        tpa.send(json!({"type": "ping"})).await;
        assert_eq!(tpa.frame().await["type"], "pong");
    }
}

#[tokio::test]
async fn observers_are_not_taken_for_idle() {
    let server = start_with(Config {
        max_connections: 1,
        ..Config::default()
    })
    .await;
    let mut observer = common::Observer::open(&server).await;
    let mut idle = Vec::new();
    for _ in 0..2 * EXTRA {
        idle.push(TcpStream::connect(server.addr()).await.unwrap());
    }
    let _tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    observer.event("acked").await;
}
