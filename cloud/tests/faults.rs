//! Each fault on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::io;
use std::time::{Duration, Instant};

use common::{
    End, KEY, Observer, PACKAGE, Tpa, get, http, inject, start, start_with, with_timeout,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tpa_cloud::Config;

#[tokio::test]
async fn close_has_any_code_and_reason() {
    let server = start().await;
    for (code, reason) in [
        (1000, "User session ended"),
        (1001, ""),
        (1008, "Invalid API key"),
        (1011, "Internal server error"),
        (1012, "Service restart"),
        (3000, "é"),
        (4999, "last"),
    ] {
        let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
        let fault = json!({"fault": "close", "code": code, "reason": reason});
        assert_eq!(inject(&server, fault).await.len(), 1);
        assert_eq!(tpa.end().await, End::closed(code, reason));
    }
}

#[tokio::test]
async fn cut_is_a_reset() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    inject(&server, json!({"fault": "cut"})).await;
    assert!(tpa.is_reset().await);
}

#[tokio::test]
async fn faults_affect_their_target_only() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let mut captions = Tpa::connect(&server, "user1", PACKAGE).await;
    let id = observer.event("acked").await["connectionId"].clone();
    let mut other = Tpa::connect(&server, "user1", "org.example.other").await;
    let other_id = observer.event("acked").await["connectionId"].clone();
    let mut user2 = Tpa::connect(&server, "user2", PACKAGE).await;

    let nobody = json!({"fault": "cut", "packageName": "org.example.nobody"});
    assert!(inject(&server, nobody).await.is_empty());
    let by_connection = json!({"fault": "close", "code": 4001, "connectionId": id});
    assert_eq!(json!(inject(&server, by_connection).await), json!([id]));
    let by_session =
        json!({"fault": "close", "code": 4002, "sessionId": "user1-org.example.other"});
    assert_eq!(json!(inject(&server, by_session).await), json!([other_id]));
    assert_eq!(captions.end().await, End::closed(4001, ""));
    assert_eq!(other.end().await, End::closed(4002, ""));
    let by_package = json!({"fault": "close", "code": 4003, "packageName": PACKAGE});
    assert_eq!(inject(&server, by_package).await.len(), 1);
    assert_eq!(user2.end().await, End::closed(4003, ""));
}

#[tokio::test]
async fn refuse_resets_until_it_is_cleared() {
    let server = start().await;
    let mut there = Tpa::connect(&server, "user1", PACKAGE).await;
    inject(&server, json!({"fault": "refuse", "forMs": 600_000})).await;
    for _ in 0..3 {
        assert!(Tpa::open_at(&server, "/tpa-ws").await.is_err());
    }
    // Open connections and the control interface are not affected.
    there.send(json!({"type": "ping"})).await;
    assert_eq!(there.frame().await["type"], "pong");
    assert_eq!(
        http(&server, "DELETE", "/faults", &[], "").await.status,
        204
    );
    Tpa::connect(&server, "user2", PACKAGE).await;
}

#[tokio::test]
async fn refuse_resets_without_a_response() {
    let server = start().await;
    inject(&server, json!({"fault": "refuse"})).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let request = format!(
        "GET /tpa-ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.addr()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = with_timeout("the reset", stream.read_to_end(&mut answer)).await;
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(answer.is_empty());
}

#[tokio::test]
async fn freeze_keeps_the_connection_open_and_silent() {
    let server = start_with(Config {
        stream_interval: Duration::from_millis(5),
        ..Config::default()
    })
    .await;
    let mut observer = Observer::open(&server).await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    tpa.subscribe(&["transcription"]).await;
    tpa.frame().await;
    inject(&server, json!({"fault": "freeze"})).await;
    assert_eq!(observer.event("fault").await["fault"], "freeze");
    let sessions = get(&server, "/sessions").await.json();
    assert_eq!(sessions[0]["connections"][0]["state"], "frozen");
    tpa.send(json!({"type": "freeze_marker"})).await;
    // Another connection is not frozen.
    let mut other = Tpa::connect(&server, "user2", PACKAGE).await;
    other.subscribe(&["transcription"]).await;
    for _ in 0..20 {
        other.frame().await;
    }
    http(&server, "DELETE", "/faults", &[], "").await;
    assert_eq!(observer.event("fault").await["fault"], "clear");
    // Frames are read and sent only after the period.
    loop {
        let event = observer.event("message").await;
        if event["frame"] == "freeze_marker" {
            break;
        }
    }
    tpa.send(json!({"type": "ping"})).await;
    while tpa.frame().await["type"] != "pong" {}
}

#[tokio::test]
async fn drop_acks_leaves_the_handshake_unanswered() {
    let server = start().await;
    inject(&server, json!({"fault": "drop_acks"})).await;
    let mut tpa = Tpa::open(&server).await;
    let session_id = format!("user1-{PACKAGE}");
    tpa.handshake(&session_id, PACKAGE, KEY).await;
    // The next handshake is acknowledged, on the same socket too.
    tpa.handshake(&session_id, PACKAGE, KEY).await;
    assert_eq!(tpa.frame().await["type"], "tpa_connection_ack");
    let sessions = get(&server, "/sessions").await.json();
    assert_eq!(sessions[0]["connections"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn malformed_sends_four_frames() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    inject(&server, json!({"fault": "malformed"})).await;
    let mut texts = Vec::new();
    for _ in 0..4 {
        texts.push(tpa.text().await);
    }
    let parsed: Vec<_> = texts
        .iter()
        .map(|text| serde_json::from_str::<serde_json::Value>(text).ok())
        .collect();
    assert!(parsed[0].is_none());
    assert!(
        parsed[1]
            .as_ref()
            .is_some_and(|value| value.get("type").is_none())
    );
    assert!(parsed[2].as_ref().is_some_and(serde_json::Value::is_null));
    assert!(parsed[3].as_ref().is_some_and(serde_json::Value::is_array));
    // The connection stays open.
    tpa.send(json!({"type": "ping"})).await;
    assert_eq!(tpa.frame().await["type"], "pong");
}

#[tokio::test]
async fn delay_delays() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    inject(&server, json!({"fault": "delay", "delayMs": 100})).await;
    let asked = Instant::now();
    tpa.send(json!({"type": "ping"})).await;
    assert_eq!(tpa.frame().await["type"], "pong");
    assert!(asked.elapsed() >= Duration::from_millis(99));
}

#[tokio::test]
async fn restart_cuts_and_accepts_again() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    inject(&server, json!({"fault": "restart", "forMs": 600_000})).await;
    assert!(tpa.is_reset().await);
    assert!(Tpa::open_at(&server, "/tpa-ws").await.is_err());
    assert_eq!(get(&server, "/sessions").await.json(), json!([]));
    http(&server, "DELETE", "/faults", &[], "").await;
    Tpa::connect(&server, "user1", PACKAGE).await;
}

#[tokio::test]
async fn flap_cuts_after_each_ack() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    inject(&server, json!({"fault": "flap", "delayMs": 100})).await;
    assert!(tpa.is_reset().await);
    for _ in 0..3 {
        let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
        assert!(tpa.is_reset().await);
    }
}
