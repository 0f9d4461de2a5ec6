//! Many idle connections.

use std::io;
use std::time::{Duration, Instant};

use cloud_load::{Crowd, Schedule};
use serde::Serialize;
use tokio::time::sleep;

use crate::server::Server;

/// Parameters of the measurement.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of connections.
    pub connections: usize,
    /// Interval of pings.
    pub ping_interval: Duration,
    /// Duration of the measurement.
    pub during: Duration,
}

/// Results.
#[derive(Debug, Serialize)]
pub struct Idle {
    /// Time until the last ack, in seconds.
    pub connecting: f64,
    /// CPU for each connection, in microseconds.
    pub connecting_cpu: f64,
    /// Resident memory for each connection, in bytes.
    pub memory: f64,
    /// CPU while idle, in percent of one core.
    pub cpu: f64,
    /// CPU for a ping and its pong, in microseconds.
    pub ping_cpu: f64,
    /// Deviation of pings from their schedule in percent: the median.
    pub ping_median: f64,
    /// The 99th percentile.
    pub ping_p99: f64,
    /// The maximum.
    pub ping_worst: f64,
    /// Refused connections.
    pub refused: usize,
    /// Lost connections.
    pub lost: usize,
    /// Connections with fewer than two pings.
    pub unpinged: usize,
}

impl Idle {
    /// Opens the connections and measures them.
    pub async fn measure(server: &Server, plan: Plan) -> io::Result<Self> {
        sleep(Duration::from_millis(500)).await;
        let before = server.usage()?;
        let start = Instant::now();
        let crowd = Crowd::gather(server.addr, plan.connections, &[]).await;
        let connecting = start.elapsed();
        let connected = server.usage()?;
        // Every connection has been pinged, so its buffers are allocated.
        sleep(plan.ping_interval).await;
        let settled = server.usage()?;
        let watch = Instant::now();
        sleep(plan.during).await;
        let after = server.usage()?;
        let end = Instant::now();
        let refused = crowd.refused.len();
        if let Some(error) = crowd.refused.first() {
            eprintln!("refused, for one: {error}");
        }
        let lives = crowd.leave().await;
        let mut ends = lives.iter().filter_map(|life| life.end.as_ref());
        if let Some(end) = ends.next() {
            eprintln!("lost, for one: {end}");
        }
        let schedule = Schedule::judge(&lives, plan.ping_interval, end);
        let count = plan.connections as f64;
        let watched = end.duration_since(watch).as_secs_f64();
        let idle_cpu = (after.cpu - settled.cpu).as_secs_f64();
        let pings = lives.iter().flat_map(|life| &life.pings);
        let pings = pings.filter(|ping| **ping >= watch).count() as f64;
        Ok(Self {
            connecting: connecting.as_secs_f64(),
            connecting_cpu: (connected.cpu - before.cpu).as_secs_f64() * 1e6 / count,
            memory: after.memory.saturating_sub(before.memory) as f64 / count,
            cpu: idle_cpu / watched * 100.0,
            ping_cpu: idle_cpu * 1e6 / pings,
            ping_median: schedule.percentile(0.5),
            ping_p99: schedule.percentile(0.99),
            ping_worst: schedule.percentile(1.0),
            refused,
            lost: lives.iter().filter(|life| life.end.is_some()).count(),
            unpinged: schedule.unpinged,
        })
    }
}
