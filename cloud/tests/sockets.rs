//! The server as a TPA sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{
    End, KEY, Observer, PACKAGE, Tpa, get, inject, post, start, start_with, with_timeout,
};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tpa_cloud::{ApiKey, Config, ShutdownCode};

#[tokio::test]
async fn the_handshake_ends_with_an_ack() {
    let server = start().await;
    for (path, system_settings) in [
        ("/tpa-ws", "augmentosSettings"),
        ("/app-ws", "mentraosSettings"),
    ] {
        let mut tpa = Tpa::open_at(&server, path).await.unwrap();
        let session_id = format!("user1-{PACKAGE}");
        tpa.handshake(&session_id, PACKAGE, KEY).await;
        let ack = tpa.frame().await;
        assert_eq!(ack["type"], "tpa_connection_ack");
        assert_eq!(ack["sessionId"], session_id.as_str());
        assert!(
            ack["settings"]
                .as_array()
                .is_some_and(|list| list.len() > 1)
        );
        assert!(ack["config"]["name"].is_string());
        assert!(ack["capabilities"]["modelName"].is_string());
        assert!(ack[system_settings].is_object());
        assert!(
            ack["timestamp"]
                .as_str()
                .is_some_and(|date| date.ends_with('Z'))
        );
    }
}

#[tokio::test]
async fn each_refusal_is_an_error_frame_and_a_close() {
    let server = start_with(Config {
        strict_sessions: true,
        user_sessions: vec!["user1".to_owned()],
        ..Config::default()
    })
    .await;
    let good = format!("user1-{PACKAGE}");
    let unknown = format!("user2-{PACKAGE}");
    let init = |session_id: &str, package: &str, key: &str| json!({"type": "tpa_connection_init", "sessionId": session_id, "packageName": package, "apiKey": key});
    for (frame, code, reason) in [
        (
            init(&good, PACKAGE, "wrong"),
            "INVALID_API_KEY",
            "Invalid API key",
        ),
        (
            init(&good, "org.example.other", KEY),
            "PACKAGE_NOT_FOUND",
            "Package not found",
        ),
        (
            init("user1", PACKAGE, KEY),
            "MALFORMED_MESSAGE",
            "Invalid session ID format",
        ),
        (
            init(&unknown, PACKAGE, KEY),
            "SESSION_NOT_FOUND",
            "No active session",
        ),
        (
            json!({"type": "tpa_connection_init", "sessionId": good, "packageName": PACKAGE}),
            "INVALID_API_KEY",
            "Invalid API key",
        ),
        (
            json!({"type": "tpa_connection_init"}),
            "MALFORMED_MESSAGE",
            "Malformed message",
        ),
        (
            json!({"type": "ping"}),
            "MALFORMED_MESSAGE",
            "Malformed message",
        ),
        (json!(null), "MALFORMED_MESSAGE", "Malformed message"),
    ] {
        let mut tpa = Tpa::open(&server).await;
        tpa.send(frame.clone()).await;
        let error = tpa.frame().await;
        assert_eq!(error["type"], "tpa_connection_error", "{frame}");
        assert_eq!(error["code"], code, "{frame}");
        assert!(error["message"].is_string(), "{frame}");
        assert_eq!(tpa.end().await, End::closed(1008, reason), "{frame}");
    }
    Tpa::connect(&server, "user1", PACKAGE).await;
}

#[tokio::test]
async fn every_key_can_be_accepted() {
    let server = start_with(Config {
        api_key: ApiKey::Any,
        ..Config::default()
    })
    .await;
    let mut tpa = Tpa::open(&server).await;
    tpa.handshake(&format!("user1-{PACKAGE}"), PACKAGE, "whatever")
        .await;
    assert_eq!(tpa.frame().await["type"], "tpa_connection_ack");
}

#[tokio::test]
async fn streams_go_to_subscribers_only() {
    let server = start_with(Config {
        stream_interval: Duration::from_millis(5),
        ..Config::default()
    })
    .await;
    let mut listener = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut unaffected = Tpa::connect(&server, "user1", "org.example.other").await;
    listener.subscribe(&["transcription:en-US"]).await;
    let mut before = String::new();
    loop {
        let frame = listener.frame().await;
        assert_eq!(frame["type"], "data_stream");
        assert_eq!(frame["streamType"], "transcription:en-US");
        assert_eq!(frame["data"]["transcribeLanguage"], "en-US");
        let text = frame["data"]["text"].as_str().unwrap();
        assert!(text.starts_with(&before) && text.len() > before.len());
        if frame["data"]["isFinal"] == true {
            break;
        }
        before = text.to_owned();
    }
    // The first frame of the other TPA is the answer to its ping.
    unaffected.send(json!({"type": "ping"})).await;
    assert_eq!(unaffected.frame().await["type"], "pong");
    // The new list replaces the old one.
    listener.subscribe(&["button_press"]).await;
    let frame = loop {
        let frame = listener.frame().await;
        if frame["streamType"] == "button_press" {
            break frame;
        }
    };
    assert_eq!(frame["data"]["pressType"], "short");
    for _ in 0..5 {
        assert_eq!(listener.frame().await["streamType"], "button_press");
    }
}

#[tokio::test]
async fn audio_is_sent_as_binary_frames() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    tpa.subscribe(&["audio_chunk"]).await;
    match tpa.message().await {
        Some(Ok(Message::Binary(bytes))) => assert_eq!(bytes.len(), 3_200),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn subscriptions_end_with_the_connection_and_can_be_sent_again() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    tpa.subscribe(&["button_press"]).await;
    let subscribed = observer.event("subscriptions").await;
    assert_eq!(subscribed["subscriptions"], json!(["button_press"]));
    inject(&server, json!({"fault": "cut"})).await;
    observer.event("closed").await;
    let sessions = get(&server, "/sessions").await.json();
    assert_eq!(sessions[0]["connections"], json!([]));
    assert_eq!(sessions[0]["subscriptions"], json!({}));
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    tpa.subscribe(&["button_press"]).await;
    observer.event("subscriptions").await;
    let sessions = get(&server, "/sessions").await.json();
    assert_eq!(
        sessions[0]["subscriptions"],
        json!({PACKAGE: ["button_press"]})
    );
}

#[tokio::test]
async fn a_second_connection_supersedes_the_first() {
    let server = start().await;
    let mut first = Tpa::connect(&server, "user1", PACKAGE).await;
    let _second = Tpa::connect(&server, "user1", PACKAGE).await;
    let end = End::closed(4009, "Superseded by another connection");
    assert_eq!(first.end().await, end);
    let sessions = get(&server, "/sessions").await.json();
    assert_eq!(sessions[0]["connections"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_silent_connection_is_closed_then_reset() {
    let server = start_with(Config {
        ping_interval: Duration::from_millis(20),
        stale_after: Duration::from_millis(100),
        close_timeout: Duration::from_millis(50),
        ..Config::default()
    })
    .await;
    let mut observer = Observer::open(&server).await;
    // It does not read, so it answers neither pings nor the close frame.
    let _tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let stale = observer.event("stale").await;
    assert_eq!(stale["packageName"], PACKAGE);
    assert!(
        stale["silentMs"]
            .as_u64()
            .is_some_and(|silent| silent >= 100)
    );
    assert_eq!(observer.event("closed").await["code"], 4008);
    with_timeout("the cut", async {
        let closing = "tpa_cloud_connections{state=\"closing\"} 1\n";
        while get(&server, "/metrics").await.body.contains(closing) {}
    })
    .await;
}

#[tokio::test]
async fn pongs_keep_a_connection_alive() {
    let server = start_with(Config {
        ping_interval: Duration::from_millis(10),
        ..Config::default()
    })
    .await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut seen = BTreeSet::new();
    while seen.len() < 3 {
        // Reading answers the ping.
        match tpa.message().await {
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("{other:?}"),
        }
        let sessions = get(&server, "/sessions").await.json();
        seen.insert(sessions[0]["connections"][0]["lastSeen"].to_string());
    }
}

#[tokio::test]
async fn displays_are_stored_and_reported() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let layout = json!({"layoutType": "text_wall", "text": "hello"});
    tpa.send(json!({"type": "display_event", "view": "main", "layout": layout}))
        .await;
    let event = observer.event("display").await;
    assert_eq!(
        (&event["view"], &event["layout"]),
        (&json!("main"), &layout)
    );
    assert_eq!(event["packageName"], PACKAGE);
    tpa.send(json!({"type": "dashboard_content_update", "content": "3 new", "modes": ["main", "expanded"]}))
        .await;
    let event = observer.event("dashboard").await;
    assert_eq!(event["content"], "3 new");
    assert_eq!(event["modes"], json!(["main", "expanded"]));
    let session = &get(&server, "/sessions").await.json()[0];
    assert_eq!(session["userSessionId"], "user1");
    assert_eq!(session["displays"]["main"], layout);
    assert_eq!(session["dashboard"]["apps"][PACKAGE]["content"], "3 new");
    assert_eq!(session["connections"][0]["state"], "connected");
}

#[tokio::test]
async fn frames_can_be_sent() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let _other = Tpa::connect(&server, "user1", "org.example.other").await;
    let frame = json!({"type": "dashboard_mode_changed", "mode": "expanded"});
    let response = post(
        &server,
        "/frames",
        json!({"frame": frame, "packageName": PACKAGE}),
    )
    .await;
    assert_eq!(response.status, 202);
    assert_eq!(
        response.json()["connections"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(tpa.frame().await, frame);
}

#[tokio::test]
async fn an_app_can_be_stopped() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    let session_id = format!("user1-{PACKAGE}");
    let response = post(&server, "/apps/stop", json!({"sessionId": session_id})).await;
    assert_eq!(response.status, 202);
    let stopped = tpa.frame().await;
    assert_eq!(stopped["type"], "app_stopped");
    assert_eq!(stopped["reason"], "user_disabled");
    assert_eq!(tpa.end().await, End::closed(1000, "App stopped"));
}

#[tokio::test]
async fn too_long_frames_are_refused() {
    let server = start().await;
    let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
    tpa.send_message(Message::binary(vec![0; 1024 * 1024 + 1]))
        .await;
    assert_eq!(tpa.end().await, End::closed(1009, "Frame too big"));
}

#[tokio::test]
async fn invalid_bytes_end_one_connection_only() {
    let server = start().await;
    let mut good = Tpa::connect(&server, "user1", PACKAGE).await;
    let hostile: [&[u8]; 6] = [
        // Not UTF-8, reserved bits, an unknown opcode, a continuation of nothing, a length of 2^63,
        // and a close frame of one byte; all masked with zeros.
        &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
        &[0xf1, 0x80, 0, 0, 0, 0],
        &[0x83, 0x80, 0, 0, 0, 0],
        &[0x80, 0x80, 0, 0, 0, 0],
        &[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x88, 0x81, 0, 0, 0, 0, 1],
    ];
    for bytes in hostile {
        let mut tpa = Tpa::connect(&server, "user2", PACKAGE).await;
        tpa.tcp().write_all(bytes).await.unwrap();
        tpa.end().await;
    }
    good.send(json!({"type": "ping"})).await;
    assert_eq!(good.frame().await["type"], "pong");
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_reset_alone() {
    let server = start().await;
    let mut observer = Observer::open(&server).await;
    let _deaf = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut good = Tpa::connect(&server, "user2", "org.example.other").await;
    let text = "x".repeat(1_000_000);
    let request =
        json!({"frame": {"type": "custom_message", "payload": text}, "packageName": PACKAGE});
    // More megabytes than the socket buffers and the limit can hold.
    for _ in 0..40 {
        let hit = post(&server, "/frames", request.clone()).await.json();
        if hit["connections"] == json!([]) {
            break;
        }
    }
    let closed = observer.event("closed").await;
    assert_eq!(
        (&closed["packageName"], &closed["code"]),
        (&json!(PACKAGE), &json!(1006))
    );
    assert_eq!(closed["reason"], "send buffer full");
    good.send(json!({"type": "ping"})).await;
    assert_eq!(good.frame().await["type"], "pong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_reads_late_delays_nobody_and_misses_nothing() {
    // More megabytes than the socket buffers hold, and fewer than the limit.
    const FRAMES: usize = 30;
    let server = start_with(Config {
        max_send_buffer_bytes: 64 * 1024 * 1024,
        ..Config::default()
    })
    .await;
    let mut late = Tpa::connect(&server, "user1", PACKAGE).await;
    let mut good = Tpa::connect(&server, "user2", PACKAGE).await;
    let text = "x".repeat(1_000_000);
    for number in 0..FRAMES {
        let frame = json!({"type": "custom_message", "number": number, "text": text});
        post(&server, "/frames", json!({"frame": frame})).await;
        assert_eq!(good.frame().await["number"], number);
    }
    for number in 0..FRAMES {
        assert_eq!(late.frame().await["number"], number);
    }
}

#[tokio::test]
async fn shutting_down_closes_everything_with_a_code() {
    assert_eq!(
        Config::default().shutdown_code,
        ShutdownCode::ServiceRestart
    );
    for (shutdown_code, code) in [
        (ShutdownCode::ServiceRestart, 1012),
        (ShutdownCode::GoingAway, 1001),
    ] {
        let server = start_with(Config {
            shutdown_code,
            ..Config::default()
        })
        .await;
        let addr = server.addr();
        let mut observer = Observer::open(&server).await;
        let mut tpa = Tpa::connect(&server, "user1", PACKAGE).await;
        let (end, ()) = tokio::join!(tpa.end(), server.shut_down());
        assert_eq!(end, End::closed(code, "Server shutting down"));
        assert!(observer.ends().await);
        assert!(tokio::net::TcpStream::connect(addr).await.is_err());
    }
}
