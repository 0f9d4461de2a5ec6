//! A TPA, a control client and an observer for tests, on real sockets.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

#[path = "../program/mod.rs"]
mod program;
mod server;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testkit::TIMEOUT;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tpa_cloud::server::ServerConfig;
use tpa_cloud::{Config, Plan};

pub use server::Server;

pub const PACKAGE: &str = "org.example.captions";
pub const KEY: &str = "dev-key";

pub async fn start() -> Server {
    start_with(Config::default()).await
}

pub async fn start_with(cloud: Config) -> Server {
    let config = ServerConfig {
        cloud,
        ..ServerConfig::default()
    };
    Server::start(config).await.unwrap()
}

/// Starts a server that plays a plan.
pub async fn start_playing(plan: Plan) -> Server {
    let config = ServerConfig {
        play: Some(plan),
        ..ServerConfig::default()
    };
    Server::start(config).await.unwrap()
}

pub async fn with_timeout<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = timeout(TIMEOUT, future).await;
    result.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// End of a TPA's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With a close frame.
    Closed(u16, String),
    /// Without one.
    Lost,
}

impl End {
    pub fn closed(code: u16, reason: &str) -> Self {
        Self::Closed(code, reason.to_owned())
    }
}

/// A TPA without any logic.
pub struct Tpa {
    socket: WebSocketStream<TcpStream>,
}

impl Tpa {
    pub async fn open(server: &Server) -> Self {
        Self::open_at(server, "/tpa-ws").await.unwrap()
    }

    pub async fn open_at(server: &Server, path: &str) -> Result<Self, Error> {
        Self::open_with(server, path, &[]).await
    }

    /// Opens a socket with additional headers, which replace those of the same name.
    pub async fn open_with(
        server: &Server,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect(("127.0.0.1", server.addr().port())).await?;
        let mut request = format!("ws://{}{path}", server.addr()).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let handshake = client_async(request, stream);
        let (socket, _) = with_timeout("the upgrade", handshake).await?;
        Ok(Self { socket })
    }

    /// Connects as `package` in the session of `user` and waits for the ack and the state of the
    /// glasses.
    pub async fn connect(server: &Server, user: &str, package: &str) -> Self {
        let mut tpa = Self::open(server).await;
        tpa.handshake(&format!("{user}-{package}"), package, KEY)
            .await;
        assert_eq!(tpa.frame().await["type"], "tpa_connection_ack");
        assert_eq!(tpa.frame().await["type"], "device_state_update");
        tpa
    }

    pub async fn handshake(&mut self, session_id: &str, package: &str, key: &str) {
        self.send(json!({
            "type": "tpa_connection_init",
            "sessionId": session_id,
            "packageName": package,
            "apiKey": key,
        }))
        .await;
    }

    pub async fn subscribe(&mut self, streams: &[&str]) {
        self.send(json!({"type": "subscription_update", "subscriptions": streams}))
            .await;
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_message(Message::text(frame.to_string())).await;
    }

    pub async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub async fn message(&mut self) -> Option<Result<Message, Error>> {
        with_timeout("a message", self.socket.next()).await
    }

    /// Returns the next text frame.
    pub async fn text(&mut self) -> String {
        loop {
            match self.message().await {
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a text frame, got {other:?}"),
            }
        }
    }

    /// Returns the next text frame as JSON.
    pub async fn frame(&mut self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
    }

    /// Skips frames until the connection ends.
    pub async fn end(&mut self) -> End {
        let mut end = End::Lost;
        loop {
            match self.message().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    end = End::Closed(frame.code.into(), frame.reason.as_str().to_owned());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return end,
            }
        }
    }

    /// Waits for the end of the TCP connection. Returns whether it is a reset.
    pub async fn is_reset(&mut self) -> bool {
        let mut buffer = [0; 1024];
        loop {
            match with_timeout("the end", self.tcp().read(&mut buffer)).await {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }

    /// Returns the TCP stream, for protocol violations.
    pub fn tcp(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }
}

/// An HTTP response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub async fn get(server: &Server, path: &str) -> Response {
    http(server, "GET", path, &[], "").await
}

pub async fn post(server: &Server, path: &str, body: Value) -> Response {
    http(server, "POST", path, &[], &body.to_string()).await
}

/// Injects a fault. Returns the affected connections.
pub async fn inject(server: &Server, fault: Value) -> Vec<String> {
    let response = post(server, "/faults", fault).await;
    assert_eq!(response.status, 202, "{response:?}");
    serde_json::from_value(response.json()["connections"].clone()).unwrap()
}

pub async fn http(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: {}\r\n", server.addr());
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    with_timeout("a response", read).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Response {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// An observer of `/events`.
pub struct Observer {
    lines: tokio::io::Lines<BufReader<TcpStream>>,
}

impl Observer {
    pub async fn open(server: &Server) -> Self {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut observer = Self {
            lines: BufReader::new(stream).lines(),
        };
        while observer.line().await.as_deref() != Some(": watching") {}
        observer
    }

    async fn line(&mut self) -> Option<String> {
        with_timeout("a line", self.lines.next_line())
            .await
            .unwrap()
    }

    /// Returns the next event of a type.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let line = self.line().await.expect("the feed ended");
            let Some(data) = line.strip_prefix("data: ") else {
                continue;
            };
            let event: Value = serde_json::from_str(data).unwrap();
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// Waits for the end of the feed.
    pub async fn ends(&mut self) -> bool {
        while self.line().await.is_some() {}
        true
    }
}
