//! A minimal TPA that only receives.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::TIMEOUT;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::board::{Board, LANES};
use crate::frames::{self, Frames};

/// Package name of all TPAs.
const PACKAGE: &str = "org.example.load";

/// Timeout of a connection; many of them are made at once.
const CONNECT_TIMEOUT: Duration = TIMEOUT.saturating_mul(3);

thread_local! {
    /// Receive buffer, shared by all TPAs because frames are parsed immediately.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// Results of a TPA.
#[derive(Debug, Default)]
pub struct Life {
    /// Times of protocol-level pings.
    pub pings: Vec<Instant>,
    /// Number of received frames of the broadcast.
    pub frames: u64,
    /// Frames that are out of order or corrupt.
    pub wrong: u64,
    /// Error if the server ended the connection.
    pub end: Option<String>,
}

/// A connected TPA.
#[derive(Debug)]
pub(crate) struct Tpa {
    stream: TcpStream,
    frames: Frames,
}

impl Tpa {
    /// Connects as the app of the `nth` user. Returns once it is acknowledged and subscribed.
    pub(crate) async fn connect(
        addr: SocketAddr,
        nth: usize,
        subscriptions: &[&str],
    ) -> io::Result<Self> {
        let tpa = Self::introduce(addr, nth, subscriptions);
        timeout(CONNECT_TIMEOUT, tpa).await?
    }

    async fn introduce(addr: SocketAddr, nth: usize, subscriptions: &[&str]) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{addr}/tpa-ws");
        let upgraded = client_async(url, stream).await;
        let (socket, _) = upgraded.map_err(io::Error::other)?;
        // A server sends nothing before the handshake, so no bytes are lost here.
        let mut tpa = Self {
            stream: socket.into_inner(),
            frames: Frames::default(),
        };
        let session_id = format!("user{nth:05}-{PACKAGE}");
        let introduction = json!({
            "type": "tpa_connection_init",
            "sessionId": session_id,
            "packageName": PACKAGE,
            "apiKey": "dev-key",
        });
        tpa.send(&introduction.to_string()).await?;
        tpa.expect(&["tpa_connection_ack", "device_state_update"])
            .await?;
        if !subscriptions.is_empty() {
            let list = json!({
                "type": "subscription_update",
                "packageName": PACKAGE,
                "sessionId": session_id,
                "subscriptions": subscriptions,
            });
            tpa.send(&list.to_string()).await?;
            // A subscription has no response; the pong shows that it was read.
            tpa.send(r#"{"type":"ping"}"#).await?;
            tpa.expect(&["pong"]).await?;
        }
        Ok(tpa)
    }

    async fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(&frames::text(text)).await
    }

    /// Waits for the next frames and checks their types.
    async fn expect(&mut self, kinds: &[&str]) -> io::Result<()> {
        let mut answers = Vec::new();
        while answers.len() < kinds.len() {
            self.receive(|opcode, payload| {
                if opcode == OpCode::Data(Data::Text) {
                    answers.push(payload.to_vec());
                }
            })
            .await?;
        }
        for (answer, kind) in answers.iter().zip(kinds) {
            let frame: serde_json::Value = serde_json::from_slice(answer)?;
            if frame["type"] != *kind {
                return Err(io::Error::other(format!("expected {kind}, got {frame}")));
            }
        }
        Ok(())
    }

    /// Answers pings and counts frames until the connection ends.
    pub(crate) async fn live(mut self, life: &mut Life, board: &Board) {
        let mut had = [0; LANES];
        loop {
            let mut pongs = Vec::new();
            let mut end = None;
            let came = self.receive(|opcode, payload| match opcode {
                OpCode::Data(Data::Text) => match board.arrived(payload, &mut had) {
                    true => life.frames += 1,
                    false => life.wrong += 1,
                },
                OpCode::Control(Control::Ping) => {
                    life.pings.push(Instant::now());
                    board.pinged(life.pings.len());
                    pongs.extend(frames::pong(payload));
                }
                OpCode::Control(Control::Close) => {
                    let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                    end = Some(format!("closed: {reason}"));
                }
                OpCode::Data(_) | OpCode::Control(_) => life.wrong += 1,
            });
            let came = came.await;
            let answered = match came {
                Ok(()) if !pongs.is_empty() => self.stream.write_all(&pongs).await,
                other => other,
            };
            life.end = end.or(answered.err().map(|error| error.to_string()));
            if life.end.is_some() {
                return;
            }
        }
    }

    /// Waits for data and parses it.
    async fn receive(&mut self, mut each: impl FnMut(OpCode, &[u8])) -> io::Result<()> {
        poll_fn(|context| self.poll_receive(context, &mut each)).await
    }

    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        each: impl FnMut(OpCode, &[u8]),
    ) -> Poll<io::Result<()>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            Poll::Ready(self.frames.take(buffer.filled(), each))
        })
    }
}
