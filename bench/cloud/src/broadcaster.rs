//! Broadcasts through the server's control interface.

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

/// Sends frames to a crowd.
#[derive(Debug)]
pub struct Broadcaster {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: String,
}

impl Broadcaster {
    /// Creates a broadcaster for the server at `addr`.
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            uri: format!("http://{addr}/frames"),
        }
    }

    /// Sends one frame to every TPA.
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

    /// Sends at the highest rate, with at most `window` frames
    /// in flight. Stops if no frame arrives, for example because a TPA was lost.
    pub async fn saturate(&self, board: &Board, window: u64, during: Duration) -> io::Result<()> {
        let end = Instant::now() + during;
        // Concurrent requests, so that the server is never idle.
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

    /// Waits, with a timeout, until all frames have arrived. Returns the number of missing ones.
    pub async fn settle(&self, board: &Board) -> u64 {
        // The difference shows whether the wait timed out.
        let _ = timeout(TIMEOUT, board.until_under_way(0)).await;
        board.sent() - board.complete()
    }
}
