//! Unusual HTTP requests, byte for byte. Their statuses are the same in every program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use common::{PACKAGE, Server, Tpa, start};
use serde_json::{Value, json};
use testkit::TIMEOUT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const HOST: &str = "Host: localhost";
const CLOSE: &str = "Connection: close";
const HEALTH: &str = "GET /healthz HTTP/1.1";
const SOCKET: &str = "GET /tpa-ws HTTP/1.1";
const FAULTS: &str = "POST /faults HTTP/1.1";
const CUT: &str = r#"{"fault":"cut"}"#;
const MEGABYTE: usize = 1_000_000;

/// Sends bytes on a connection of their own, until the server closes it. Returns what it sends.
async fn answer(server: &Server, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    // An error means that the server has responded without reading all of it.
    let _ = timeout(TIMEOUT, stream.write_all(request)).await.unwrap();
    let mut received = Vec::new();
    let end = timeout(TIMEOUT, stream.read_to_end(&mut received));
    let _ = end.await.expect("the connection stays open");
    received
}

/// Returns the statuses of the responses.
async fn statuses(server: &Server, request: &[u8]) -> Vec<u16> {
    let received = answer(server, request).await;
    let text = String::from_utf8_lossy(&received);
    // The minor version is that of the request.
    let lines = text.split("HTTP/1.").skip(1);
    lines.map(|line| line[2..5].parse().unwrap()).collect()
}

/// A request: its first line, its headers and its body.
struct Request<'a>(&'a str, &'a [&'a str], &'a str);

/// Checks the statuses of requests.
async fn check(server: &Server, expected: &[(Request<'_>, &[u16])]) {
    for (Request(line, headers, body), expected) in expected {
        let head = [&[*line], *headers].concat().join("\r\n");
        let found = statuses(server, format!("{head}\r\n\r\n{body}").as_bytes()).await;
        let shown: String = head.chars().take(300).collect();
        assert_eq!(found, *expected, "{shown}");
    }
}

#[tokio::test]
async fn the_host_is_required() {
    let server = start().await;
    check(
        &server,
        &[
            (Request(HEALTH, &[CLOSE], ""), &[403]),
            (Request("GET /healthz HTTP/1.0", &[], ""), &[403]),
            (Request(SOCKET, &[CLOSE], ""), &[403]),
            (Request(HEALTH, &["Host:", CLOSE], ""), &[403]),
            (
                Request(HEALTH, &[HOST, "Host: a.example", CLOSE], ""),
                &[200],
            ),
            (
                Request(HEALTH, &["Host: a.example", HOST, CLOSE], ""),
                &[403],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_upgrade_that_is_not_made_is_ignored() {
    let server = start().await;
    let upgrade = [HOST, "Connection: Upgrade, close", "Upgrade: h2c"];
    let with_body = [&upgrade[..], &["Content-Length: 15"]].concat();
    let websocket = [HOST, "Connection: Upgrade, close", "Upgrade: websocket"];
    check(
        &server,
        &[
            (Request(HEALTH, &upgrade, ""), &[200]),
            (Request(FAULTS, &with_body, CUT), &[202]),
            (Request("POST /nothing HTTP/1.1", &with_body, CUT), &[404]),
            (Request(SOCKET, &upgrade, ""), &[400]),
            (Request(HEALTH, &websocket, ""), &[200]),
        ],
    )
    .await;
    let first =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n";
    let second = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let both = format!("{first}{second}");
    assert_eq!(statuses(&server, both.as_bytes()).await, [200, 404]);
}

#[tokio::test]
async fn a_websocket_needs_a_valid_request() {
    let server = start().await;
    let version = "Sec-WebSocket-Version: 13";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let upgrade = [HOST, "Connection: Upgrade, close", "Upgrade: websocket"];
    let with = |headers: &[&'static str]| [&upgrade[..], headers].concat();
    let foreign = with(&[version, key, "Origin: http://evil.example"]);
    check(
        &server,
        &[
            (Request(SOCKET, &with(&[version]), ""), &[400]),
            (Request(SOCKET, &with(&[key]), ""), &[400]),
            (
                Request(SOCKET, &with(&[key, "Sec-WebSocket-Version: 8"]), ""),
                &[400],
            ),
            (Request(SOCKET, &foreign, ""), &[403]),
            (
                Request("POST /tpa-ws HTTP/1.1", &with(&[version, key]), ""),
                &[405],
            ),
            (Request(SOCKET, &[HOST, CLOSE], ""), &[400]),
            (Request("HEAD /app-ws HTTP/1.1", &[HOST, CLOSE], ""), &[405]),
            (Request("POST /app-ws HTTP/1.1", &[HOST, CLOSE], ""), &[405]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_send_its_body() {
    let server = start().await;
    let length = "Content-Length: 15";
    let waits = [HOST, CLOSE, length, "Expect: 100-continue"];
    let foreign = [&waits[..], &["Origin: http://evil.example"]].concat();
    let long = [
        HOST,
        CLOSE,
        "Expect: 100-continue",
        "Content-Length: 3000000",
    ];
    check(
        &server,
        &[
            (Request(FAULTS, &waits, CUT), &[100, 202]),
            // Not to send one that is not read.
            (Request(FAULTS, &foreign, ""), &[403]),
            (Request(FAULTS, &long, ""), &[413]),
            (
                Request(HEALTH, &[HOST, CLOSE, "Expect: 100-continue"], ""),
                &[200],
            ),
            (
                Request(HEALTH, &[HOST, CLOSE, "Expect: something"], ""),
                &[200],
            ),
            (
                Request(FAULTS, &[HOST, CLOSE, length, "Expect: something"], CUT),
                &[202],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn long_heads_are_refused() {
    let server = start().await;
    let long = "x".repeat(70_000);
    let path = |length: usize| format!("GET /{} HTTP/1.1", &long[..length]);
    let header = format!("X: {long}");
    let many = |count: usize| [&[HOST, CLOSE][..], &vec!["X: y"; count]].concat();
    check(
        &server,
        &[
            (Request(&path(20_000), &[HOST, CLOSE], ""), &[404]),
            (Request(&path(65_000), &[HOST, CLOSE], ""), &[404]),
            (Request(&path(66_000), &[HOST, CLOSE], ""), &[414]),
            (
                Request(HEALTH, &[HOST, CLOSE, &header[..60_000]], ""),
                &[200],
            ),
            (Request(HEALTH, &many(90), ""), &[200]),
            (Request(HEALTH, &many(150), ""), &[431]),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_server_is_no_proxy() {
    let server = start().await;
    let foreign = ["Host: a.example", CLOSE];
    check(
        &server,
        &[
            (
                Request("CONNECT localhost:80 HTTP/1.1", &[HOST, CLOSE], ""),
                &[404],
            ),
            (
                Request("CONNECT /faults HTTP/1.1", &[HOST, CLOSE], ""),
                &[405],
            ),
            (
                Request("CONNECT a.example:80 HTTP/1.1", &foreign, ""),
                &[403],
            ),
            (
                Request("GET http://localhost/healthz HTTP/1.1", &[HOST, CLOSE], ""),
                &[200],
            ),
            (Request("OPTIONS * HTTP/1.1", &[HOST, CLOSE], ""), &[404]),
            (
                Request("TRACE /healthz HTTP/1.1", &[HOST, CLOSE], ""),
                &[405],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn long_and_invalid_bodies_are_refused() {
    let server = start().await;
    let body = "x".repeat(3 * MEGABYTE);
    let chunk = format!("2dc6c0\r\n{body}\r\n0\r\n\r\n");
    let length = [HOST, CLOSE, "Content-Length: 3000000"];
    let chunked = [HOST, CLOSE, "Transfer-Encoding: chunked"];
    let both = [&chunked[..], &["Content-Length: 2"]].concat();
    check(
        &server,
        &[
            (Request(FAULTS, &length, &body), &[413]),
            // Without waiting for it.
            (Request(FAULTS, &length, ""), &[413]),
            (Request(FAULTS, &chunked, &chunk), &[413]),
            (Request(FAULTS, &chunked, "zz\r\n"), &[400]),
            (Request(FAULTS, &both, "0\r\n\r\n"), &[400]),
            (
                Request(FAULTS, &[HOST, CLOSE, "Content-Length: x"], ""),
                &[400],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let server = start().await;
    for (request, expected) in [
        (&b"\x16\x03\x01\x02\x00\r\n\r\n"[..], 400),
        (b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        (
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
            400,
        ),
    ] {
        assert_eq!(statuses(&server, request).await, [expected], "{request:?}");
    }
}

#[tokio::test]
async fn methods_of_others_are_not_allowed() {
    let server = start().await;
    check(
        &server,
        &[
            (
                Request("PROPFIND /faults HTTP/1.1", &[HOST, CLOSE], ""),
                &[405],
            ),
            (
                Request("FETCH /healthz HTTP/1.1", &[HOST, CLOSE], ""),
                &[405],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn lines_may_end_with_a_line_feed_alone() {
    let server = start().await;
    let request = b"GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n";
    assert_eq!(statuses(&server, request).await, [200]);
}

/// A response is written in parts, which must not end within a character.
#[tokio::test]
async fn a_long_response_is_complete() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    // One of them has a part that would end within a character.
    for prefix in ["", "x"] {
        let text = format!("{prefix}{}", "😀".repeat(50_000));
        let layout = json!({"layoutType": "text_wall", "text": text});
        tpa.send(json!({"type": "display_event", "view": "main", "layout": layout}))
            .await;
        tpa.send(json!({"type": "ping"})).await;
        while tpa.frame().await["type"] != "pong" {}
        // Without chunks, which may begin within a character.
        let request = b"GET /sessions HTTP/1.0\r\nHost: localhost\r\n\r\n";
        let response = String::from_utf8(answer(&server, request).await).unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        let sessions: Value = serde_json::from_str(body).unwrap();
        let shown = &sessions[0]["displays"]["main"]["text"];
        assert!(*shown == text.as_str(), "{prefix:?}");
    }
}
