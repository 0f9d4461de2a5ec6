//! Broadcasts frames to a crowd, through the server's control interface.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::try_join_all;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use testkit::TIMEOUT;
use tokio::time::{Instant, interval, timeout};

use crate::board::{Board, LANES};

/// Sends a crowd one frame after the other.
#[derive(Debug)]
pub struct Broadcaster {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: String,
}

impl Broadcaster {
    /// Sends through the server that listens at `addr`.
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            uri: format!("http://{addr}/frames"),
        }
    }

    /// Sends one frame to everybody.
    pub async fn send(&self, board: &Board) -> io::Result<()> {
        self.send_in(0, board).await
    }

    async fn send_in(&self, lane: usize, board: &Board) -> io::Result<()> {
        let request = Request::post(&self.uri).body(Full::from(board.next(lane).to_string()));
        let request = request.map_err(io::Error::other)?;
        let response = self.client.request(request).await;
        let response = response.map_err(io::Error::other)?;
        let status = response.status();
        response.collect().await.map_err(io::Error::other)?;
        if status != StatusCode::ACCEPTED {
            return Err(io::Error::other(format!("POST /frames: {status}")));
        }
        Ok(())
    }

    /// Sends as fast as the server delivers: the next frame as soon as no more than `window` are
    /// on their way. Gives up when nothing arrives any more, as when a TPA was lost.
    pub async fn saturate(&self, board: &Board, window: u64, during: Duration) -> io::Result<()> {
        let end = Instant::now() + during;
        // Several requests at a time, so that none is waited for while there is something to do.
        let lanes = (0..LANES).map(async |lane| {
            while Instant::now() < end {
                let room = board.until_under_way(window);
                if timeout(TIMEOUT, room).await.is_err() {
                    break;
                }
                self.send_in(lane, board).await?;
            }
            Ok(())
        });
        try_join_all(lanes).await.map(|_| ())
    }

    /// Sends one frame every `period`.
    pub async fn pace(&self, board: &Board, period: Duration, during: Duration) -> io::Result<()> {
        let mut ticks = interval(period);
        let end = Instant::now() + during;
        while ticks.tick().await < end {
            self.send(board).await?;
        }
        Ok(())
    }

    /// Waits until everything has arrived, but not for ever. How many frames have not.
    pub async fn settle(&self, board: &Board) -> u64 {
        // Whether it was in time shows in the difference.
        let _ = timeout(TIMEOUT, board.until_under_way(0)).await;
        board.sent() - board.complete()
    }
}
