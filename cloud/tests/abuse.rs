//! Hostile apps, pages and programs against the program. Its memory and its responses are measured
//! during each attack.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]
#![cfg(target_os = "linux")]

mod program;
mod victim;

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TIMEOUT;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use victim::{Socket, Victim, begin, frame, init, open, request, send, send_message};

/// Times that each attack is repeated, with a megabyte each.
const TIMES: usize = 300;
const MEGABYTE: usize = 1_000_000;

/// Connects as app number `number`, each of a user of its own.
async fn app(victim: &Victim, number: usize) -> Socket {
    let mut socket = open(victim.addr()).await;
    init(&mut socket, &format!("user{number}"), "org.example.bad").await;
    socket
}

fn text(length: usize) -> String {
    "x".repeat(length)
}

/// Attacks with one frame of many apps.
async fn fill(attacks: impl IntoIterator<Item = (&str, Value)>) {
    for (attack, frame) in attacks {
        let frame = Message::text(frame.to_string());
        let victim = Victim::start(&[]).await;
        let mut apps = Vec::new();
        for number in 0..TIMES {
            let mut socket = app(&victim, number).await;
            send_message(&mut socket, frame.clone()).await;
            apps.push(socket);
        }
        victim.judge(attack).await;
    }
}

#[tokio::test]
async fn apps_that_fill_what_is_kept_of_the_display() {
    let layout = |length| json!({"layoutType": "text_wall", "text": text(length)});
    fill([
        (
            "layouts",
            json!({"type": "display_event", "view": "main", "layout": layout(250_000)}),
        ),
        (
            "layouts that are too long",
            json!({"type": "display_event", "view": "main", "layout": layout(MEGABYTE)}),
        ),
        (
            "dashboards",
            json!({"type": "dashboard_content_update", "content": text(60_000)}),
        ),
    ])
    .await;
}

#[tokio::test]
async fn apps_that_fill_what_else_is_kept() {
    fill([
        (
            "subscriptions",
            json!({"type": "subscription_update", "subscriptions": vec![text(7_000); 128]}),
        ),
        (
            "rooms",
            json!({"type": "app_room_join", "roomId": "r", "roomConfig": {"metadata": text(MEGABYTE)}}),
        ),
        ("types", json!({"type": text(MEGABYTE)})),
        (
            "reasons",
            json!({"type": "ownership_release", "reason": text(MEGABYTE)}),
        ),
        (
            "values",
            json!({"type": "x", "list": vec![json!({"a": 0}); 120_000]}),
        ),
    ])
    .await;
}

#[tokio::test]
async fn frames_of_a_megabyte_to_one_app_after_the_other() {
    let victim = Victim::start(&[]).await;
    let mut sender = app(&victim, TIMES).await;
    let mut apps = Vec::new();
    for number in 0..TIMES {
        apps.push(app(&victim, number).await);
        let message = json!({"type": "app_direct_message", "targetUserId": format!("user{number}"),
            "messageId": "m", "payload": text(MEGABYTE)});
        send(&mut sender, &message).await;
        let answer = loop {
            let frame = frame(&mut sender).await;
            if frame["type"] == "app_direct_message_response" {
                break frame;
            }
        };
        assert_eq!(answer["success"], true);
    }
    victim.judge("direct messages").await;
}

#[tokio::test]
async fn one_app_that_fills_many_packages() {
    let victim = Victim::start(&[]).await;
    let mut apps = Vec::new();
    for number in 0..TIMES {
        let mut socket = open(victim.addr()).await;
        init(&mut socket, "user1", &format!("org.example.bad{number}")).await;
        let content = text(60_000);
        send(
            &mut socket,
            &json!({"type": "dashboard_content_update", "content": content}),
        )
        .await;
        apps.push(socket);
    }
    victim.judge("packages").await;
}

#[tokio::test]
async fn ids_of_a_megabyte() {
    let victim = Victim::start(&["--api-key", "any"]).await;
    for number in 0..TIMES {
        let mut socket = open(victim.addr()).await;
        let package = text(400_000);
        let init = json!({
            "type": "tpa_connection_init",
            "sessionId": format!("user{number}-{package}"),
            "packageName": package,
            "apiKey": "k",
        });
        send(&mut socket, &init).await;
        assert_eq!(frame(&mut socket).await["type"], "tpa_connection_error");
    }
    victim.judge("ids").await;
}

#[tokio::test]
async fn apps_that_do_not_read_what_others_send() {
    let victim = Victim::start(&[]).await;
    let mut apps = Vec::new();
    for number in 0..TIMES {
        apps.push(app(&victim, number).await);
    }
    let mut sender = apps.pop().unwrap();
    for length in [20_000; 300].into_iter().chain([MEGABYTE]) {
        let message =
            json!({"type": "app_broadcast_message", "messageId": "m", "payload": text(length)});
        send(&mut sender, &message).await;
    }
    victim.judge("broadcasts").await;
}

#[tokio::test]
async fn frames_that_are_never_completed() {
    let victim = Victim::start(&[]).await;
    let mut apps = Vec::new();
    // A masked binary frame of a megabyte.
    let mut begun = vec![0x82, 0xff];
    begun.extend((MEGABYTE as u64).to_be_bytes());
    begun.extend([0; 4]);
    begun.resize(MEGABYTE - 1, 0);
    for number in 0..TIMES {
        let mut socket = app(&victim, number).await;
        let _ = timeout(TIMEOUT, socket.get_mut().write_all(&begun))
            .await
            .unwrap();
        apps.push(socket);
    }
    victim.judge("unfinished frames").await;
}

#[tokio::test]
async fn observers_that_do_not_read() {
    let victim = Victim::start(&[]).await;
    let mut observers = Vec::new();
    for _ in 0..TIMES {
        observers.push(begin(victim.addr(), "GET /events", "", 0).await);
    }
    let mut socket = app(&victim, 1).await;
    let layout = json!({"layoutType": "text_wall", "text": text(250_000)});
    for _ in 0..TIMES {
        send(
            &mut socket,
            &json!({"type": "display_event", "layout": layout}),
        )
        .await;
    }
    victim.judge("observers").await;
}

#[tokio::test]
async fn control_requests_that_fill_the_memory() {
    let victim = Victim::start(&[]).await;
    let mut apps = Vec::new();
    for number in 0..20 {
        apps.push(app(&victim, number).await);
    }
    for number in 0..TIMES {
        let user = format!("user{}-org.example.bad", number % 20);
        let settings = json!({"settings": {"k": text(MEGABYTE)}, "sessionId": user});
        request(victim.addr(), "POST /frames", "", &settings.to_string()).await;
    }
    victim.judge("settings").await;
}

#[tokio::test]
async fn bodies_that_are_never_completed() {
    let victim = Victim::start(&[]).await;
    let mut held = Vec::new();
    let begun = text(MEGABYTE);
    for _ in 0..TIMES {
        let mut stream = begin(victim.addr(), "POST /frames", "", MEGABYTE + 1).await;
        // The server may not read it.
        let write = stream.write_all(begun.as_bytes());
        let _ = timeout(Duration::from_millis(20), write).await;
        held.push(stream);
    }
    victim.judge("unfinished bodies").await;
}

#[tokio::test]
async fn pages_and_idle_sockets() {
    let victim = Victim::start(&["--max-connections", "10"]).await;
    let mut held = Vec::new();
    for number in 0..2 * TIMES {
        let origin = "Origin: http://evil.example\r\n";
        match number % 3 {
            0 => held.push(TcpStream::connect(victim.addr()).await.unwrap()),
            1 => held.push(begin(victim.addr(), "POST /faults", origin, MEGABYTE).await),
            _ => {
                let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
                let headers = format!("{origin}{upgrade}");
                let response = request(victim.addr(), "GET /tpa-ws", &headers, "").await;
                assert!(response.starts_with("HTTP/1.1 403"), "{response}");
            }
        }
    }
    victim.judge("pages").await;
}

/// Fills all that is bounded, at the same time.
#[tokio::test]
async fn all_limits_together() {
    let victim = Victim::start(&[]).await;
    let mut observers = Vec::new();
    for _ in 0..TIMES {
        observers.push(begin(victim.addr(), "GET /events", "", 0).await);
    }
    let mut bodies = Vec::new();
    for _ in 0..TIMES {
        let mut stream = begin(victim.addr(), "POST /frames", "", 2 * MEGABYTE).await;
        let begun = text(2 * MEGABYTE - 1);
        let _ = timeout(Duration::from_millis(5), stream.write_all(begun.as_bytes())).await;
        bodies.push(stream);
    }
    let layout = json!({"layoutType": "text_wall", "text": text(250_000)});
    let names: Vec<_> = (0..128).map(|name| format!("{name:0>128}")).collect();
    let frames = [
        json!({"type": "display_event", "view": "main", "layout": layout}),
        json!({"type": "dashboard_content_update", "content": text(60_000)}),
        json!({"type": "subscription_update", "subscriptions": names}),
        json!({"type": "app_room_join", "roomId": "r", "roomConfig": {"metadata": text(2_000)}}),
    ];
    let mut apps = Vec::new();
    for number in 0..TIMES {
        let mut socket = app(&victim, number).await;
        for frame in &frames {
            send(&mut socket, frame).await;
        }
        apps.push(socket);
    }
    let mut snapshots = Vec::new();
    for _ in 0..TIMES {
        snapshots.push(begin(victim.addr(), "GET /sessions", "", 0).await);
    }
    let mut sender = apps.pop().unwrap();
    for _ in 0..TIMES {
        let message =
            json!({"type": "app_broadcast_message", "messageId": "m", "payload": text(20_000)});
        send(&mut sender, &message).await;
    }
    // A masked binary frame of a megabyte, which is never completed.
    let mut begun = vec![0x82, 0xff];
    begun.extend((MEGABYTE as u64).to_be_bytes());
    begun.extend([0; 4]);
    begun.resize(MEGABYTE / 4, 0);
    for socket in &mut apps {
        let write = socket.get_mut().write_all(&begun);
        let _ = timeout(TIMEOUT, write).await.unwrap();
    }
    victim.judge_all_together().await;
}
