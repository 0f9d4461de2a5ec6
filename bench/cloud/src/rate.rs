//! One stream to many connections, at the highest and at a fixed rate.

use std::io;
use std::time::{Duration, Instant};

use cloud_load::{Broadcaster, Crowd, STREAM};
use serde::Serialize;

use crate::server::Server;
use crate::usage::Usage;

/// Frames in flight: enough that the server never waits,
/// and few enough that no queue builds up.
const WINDOW: u64 = 64;

/// Parameters of the measurement.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of connections.
    pub connections: usize,
    /// Frames a second for each connection at the fixed rate.
    pub rate: u32,
    /// Duration of each part.
    pub during: Duration,
}

/// Results.
#[derive(Debug, Serialize)]
pub struct Rate {
    /// Highest rate of messages to all connections together, a second.
    pub most: f64,
    /// CPU for a message at that rate, in microseconds.
    pub most_cpu: f64,
    /// CPU of this program in percent of one core; near 100 it is the bottleneck.
    pub client: f64,
    /// Messages a second at the fixed rate.
    pub paced: f64,
    /// CPU for a message at that rate, in microseconds.
    pub paced_cpu: f64,
    /// Time until all have a frame at that rate, in milliseconds: the median.
    pub paced_median: f64,
    /// The 99th percentile.
    pub paced_p99: f64,
    /// Lost messages.
    pub lost: u64,
    /// Messages that are out of order or corrupt.
    pub wrong: u64,
    /// Refused or lost connections.
    pub connections_lost: usize,
}

impl Rate {
    /// Opens the connections and measures both rates.
    pub async fn measure(server: &Server, plan: Plan) -> io::Result<Self> {
        let crowd = Crowd::gather(server.addr, plan.connections, &[STREAM]).await;
        let broadcaster = Broadcaster::new(server.addr);
        let board = crowd.board();
        let warm_up = plan.during / 4;
        broadcaster.saturate(board, WINDOW, warm_up).await?;
        let start = Mark::now(server, &crowd)?;
        broadcaster.saturate(board, WINDOW, plan.during).await?;
        let most = Mark::now(server, &crowd)?.since(&start, plan.connections);
        broadcaster.settle(board).await;
        board.take_times();
        let start = Mark::now(server, &crowd)?;
        let period = Duration::from_secs(1) / plan.rate;
        broadcaster.pace(board, period, plan.during).await?;
        let paced = Mark::now(server, &crowd)?.since(&start, plan.connections);
        let lost_frames = broadcaster.settle(board).await;
        let mut times = board.take_times();
        times.sort();
        let millis = |share: usize| {
            let at = times.len().saturating_sub(1) * share / 100;
            times.get(at).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        let (paced_median, paced_p99) = (millis(50), millis(99));
        let expected = board.sent() * plan.connections as u64;
        let refused = crowd.refused.len();
        let lives = crowd.leave().await;
        let arrived: u64 = lives.iter().map(|life| life.frames).sum();
        let ended = lives.iter().filter(|life| life.end.is_some()).count();
        Ok(Self {
            most: most.messages / most.seconds,
            most_cpu: most.server_cpu / most.messages * 1e6,
            client: most.client_cpu / most.seconds * 100.0,
            paced: paced.messages / paced.seconds,
            paced_cpu: paced.server_cpu / paced.messages * 1e6,
            paced_median,
            paced_p99,
            lost: (expected - arrived).max(lost_frames),
            wrong: lives.iter().map(|life| life.wrong).sum(),
            connections_lost: refused + ended,
        })
    }
}

/// Progress at one time.
struct Mark {
    at: Instant,
    complete: u64,
    server: Usage,
    client: Usage,
}

/// Difference of two times of progress.
struct Stretch {
    seconds: f64,
    messages: f64,
    server_cpu: f64,
    client_cpu: f64,
}

impl Mark {
    fn now(server: &Server, crowd: &Crowd) -> io::Result<Self> {
        Ok(Self {
            at: Instant::now(),
            complete: crowd.board().complete(),
            server: server.usage()?,
            client: Usage::of(std::process::id())?,
        })
    }

    fn since(&self, start: &Self, connections: usize) -> Stretch {
        Stretch {
            seconds: (self.at - start.at).as_secs_f64(),
            messages: (self.complete - start.complete) as f64 * connections as f64,
            server_cpu: (self.server.cpu - start.server.cpu).as_secs_f64(),
            client_cpu: (self.client.cpu - start.client.cpu).as_secs_f64(),
        }
    }
}
