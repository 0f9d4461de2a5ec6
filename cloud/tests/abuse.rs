//! Hostile apps, pages and programs against the program. Its memory and its responses are measured
//! during each attack.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]
#![cfg(target_os = "linux")]

mod program;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use program::{Running, tpa_cloud};
use serde_json::{Value, json};
use testkit::TIMEOUT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Times that each attack is repeated, with a megabyte each.
const TIMES: usize = 300;
const MEGABYTE: usize = 1_000_000;

/// Most memory that an attack may take, in bytes.
const MAX_GROWTH: usize = 64 * 1024 * 1024;

/// Most memory that all attacks at once may take, in bytes.
const MAX_GROWTH_TOGETHER: usize = 96 * 1024 * 1024;

/// Longest time for nine of ten health checks.
const MAX_RESPONSE: Duration = Duration::from_millis(500);

type Socket = WebSocketStream<TcpStream>;

/// The program under attack.
struct Victim {
    running: Running,
    /// Memory before the attack.
    before: usize,
    /// An app that must not notice the attack.
    good: Socket,
    checking: Arc<AtomicBool>,
    checks: tokio::task::JoinHandle<Vec<Duration>>,
}

impl Victim {
    async fn start(options: &[&str]) -> Self {
        // The good app answers no pings during an attack, which is slow on a busy machine.
        let own = ["--listen", "127.0.0.1:0", "--stale-after", "1h"];
        let options = [&own, options].concat();
        let mut command = tpa_cloud(&options);
        // The allocator returns memory, so that what it retains is not taken for what is needed.
        command
            .env("RUST_LOG", "off")
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_MMAP_THRESHOLD_", "65536");
        let mut running = Running::start(&mut command);
        drop(running.child.stderr.take());
        let mut good = open(&running.addr).await;
        init(&mut good, "good", "org.example.good").await;
        let checking = Arc::new(AtomicBool::new(true));
        let checks = tokio::spawn(check_health(running.addr.clone(), Arc::clone(&checking)));
        Self {
            before: memory(&running, "VmRSS"),
            running,
            good,
            checking,
            checks,
        }
    }

    fn addr(&self) -> &str {
        &self.running.addr
    }

    /// Ends the attack and judges its effects.
    async fn judge(self, attack: &str) {
        self.judge_within(MAX_GROWTH, attack).await;
    }

    async fn judge_within(mut self, max_growth: usize, attack: &str) {
        send(&mut self.good, &json!({"type": "ping"})).await;
        while frame(&mut self.good).await["type"] != "pong" {}
        self.checking.store(false, Ordering::Relaxed);
        let mut times = self.checks.await.unwrap();
        times.sort_unstable();
        let slowest = times[times.len() * 9 / 10];
        let growth = memory(&self.running, "VmHWM").saturating_sub(self.before);
        println!("{attack}: {} kB, {slowest:?}", growth / 1024);
        assert!(growth <= max_growth, "{attack}: {growth} bytes");
        assert!(slowest <= MAX_RESPONSE, "{attack}: {slowest:?}");
        assert!(self.running.terminate().success(), "{attack}");
    }
}

/// Memory of the program, by its name in the kernel.
fn memory(running: &Running, name: &str) -> usize {
    let path = format!("/proc/{}/status", running.child.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

async fn check_health(addr: String, goes_on: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.is_empty() || goes_on.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let response = request(&addr, "GET /healthz", "", "").await;
        assert!(response.ends_with("ok\n"), "{response}");
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    times
}

/// Sends a request on a connection of its own. Returns the response.
async fn request(addr: &str, line: &str, headers: &str, body: &str) -> String {
    let mut stream = begin(addr, line, headers, body.len()).await;
    // An error means that the server does not read the body.
    let _ = stream.write_all(body.as_bytes()).await;
    let mut response = Vec::new();
    let _ = timeout(TIMEOUT, stream.read_to_end(&mut response))
        .await
        .unwrap();
    String::from_utf8(response).unwrap()
}

/// Sends the head of a request.
async fn begin(addr: &str, line: &str, headers: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn open(addr: &str) -> Socket {
    let stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("ws://{addr}/tpa-ws").into_client_request().unwrap();
    client_async(request, stream).await.unwrap().0
}

async fn init(socket: &mut Socket, user: &str, package: &str) {
    let init = json!({
        "type": "tpa_connection_init",
        "sessionId": format!("{user}-{package}"),
        "packageName": package,
        "apiKey": "dev-key",
    });
    send(socket, &init).await;
    assert_eq!(frame(socket).await["type"], "tpa_connection_ack");
}

/// Sends a frame. The server may have cut the attacker off.
async fn send(socket: &mut Socket, frame: &Value) {
    let text = Message::text(frame.to_string());
    let _ = timeout(TIMEOUT, socket.send(text)).await.unwrap();
}

async fn frame(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(TIMEOUT, socket.next()).await.unwrap();
        if let Message::Text(text) = message.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// Connects as app number `number`, each of a user of its own.
async fn app(victim: &Victim, number: usize) -> Socket {
    let mut socket = open(victim.addr()).await;
    init(&mut socket, &format!("user{number}"), "org.example.bad").await;
    socket
}

fn text(length: usize) -> String {
    "x".repeat(length)
}

#[tokio::test]
async fn apps_that_fill_what_is_kept() {
    let layout = |length| json!({"layoutType": "text_wall", "text": text(length)});
    for (attack, frame) in [
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
    ] {
        let victim = Victim::start(&[]).await;
        let mut apps = Vec::new();
        for number in 0..TIMES {
            let mut socket = app(&victim, number).await;
            send(&mut socket, &frame).await;
            apps.push(socket);
        }
        victim.judge(attack).await;
    }
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
    victim
        .judge_within(MAX_GROWTH_TOGETHER, "all together")
        .await;
}
