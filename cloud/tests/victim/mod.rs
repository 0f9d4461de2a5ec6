//! The program under attack: its memory and its responses.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testkit::TIMEOUT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::program::{Running, is_other, tpa_cloud};

/// Most that attacks may take: memory in bytes, and time.
struct Limits {
    /// One attack.
    growth: usize,
    /// All of them at once.
    growth_together: usize,
    /// Longest time for nine of ten health checks.
    response: Duration,
}

fn limits() -> Limits {
    const MIB: usize = 1024 * 1024;
    if is_other() {
        // In Node what an attack has left behind is freed late: the young generation of the heap
        // takes up to 48 MB, buffers of frames up to 64 MB before they are collected, and the
        // memory of the wasm never shrinks, which a snapshot of all sessions fills with 70 MB. A
        // broadcast of a megabyte is decoded for each app, half a second on a busy machine.
        return Limits {
            growth: 112 * MIB,
            growth_together: 224 * MIB,
            response: Duration::from_secs(1),
        };
    }
    Limits {
        growth: 64 * MIB,
        growth_together: 96 * MIB,
        response: Duration::from_millis(500),
    }
}

pub type Socket = WebSocketStream<TcpStream>;

/// The program under attack.
pub struct Victim {
    running: Running,
    /// Memory before the attack.
    before: usize,
    /// An app that must not notice the attack.
    good: Socket,
    checking: Arc<AtomicBool>,
    checks: tokio::task::JoinHandle<Vec<Duration>>,
}

impl Victim {
    pub async fn start(options: &[&str]) -> Self {
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

    pub fn addr(&self) -> &str {
        &self.running.addr
    }

    /// Ends the attack and judges its effects.
    pub async fn judge(self, attack: &str) {
        self.judge_within(limits().growth, attack).await;
    }

    /// Ends an attack on all limits.
    pub async fn judge_all_together(self) {
        self.judge_within(limits().growth_together, "all together")
            .await;
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
        assert!(slowest <= limits().response, "{attack}: {slowest:?}");
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
pub async fn request(addr: &str, line: &str, headers: &str, body: &str) -> String {
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
pub async fn begin(addr: &str, line: &str, headers: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

pub async fn open(addr: &str) -> Socket {
    let stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("ws://{addr}/tpa-ws").into_client_request().unwrap();
    client_async(request, stream).await.unwrap().0
}

pub async fn init(socket: &mut Socket, user: &str, package: &str) {
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
pub async fn send(socket: &mut Socket, frame: &Value) {
    send_message(socket, Message::text(frame.to_string())).await;
}

/// The same with a message, which can be one that many apps send.
pub async fn send_message(socket: &mut Socket, message: Message) {
    let _ = timeout(TIMEOUT, socket.send(message)).await.unwrap();
}

pub async fn frame(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(TIMEOUT, socket.next()).await.unwrap();
        if let Message::Text(text) = message.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}
