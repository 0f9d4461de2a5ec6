//! Many connections at once, on real sockets; a small version of `cargo xtask bench cloud`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::time::Duration;

use cloud_load::{Broadcaster, Crowd, Life, STREAM};
use common::{Server, start_with, with_timeout};
use tpa_cloud::Config;

const CROWD: usize = 200;

async fn gather(server: &Server, subscriptions: &[&str]) -> Crowd {
    let tpas = with_timeout(
        "all acks",
        Crowd::gather(server.addr(), CROWD, subscriptions),
    )
    .await;
    assert!(tpas.refused.is_empty(), "{:?}", tpas.refused);
    tpas
}

/// Asserts that no connection was lost and no unexpected frame received.
fn are_well(lives: &[Life]) {
    assert_eq!(lives.len(), CROWD);
    for life in lives {
        assert_eq!((&life.end, life.wrong), (&None, 0));
    }
}

#[tokio::test]
async fn many_connections_are_pinged_and_none_is_lost() {
    let server = start_with(Config {
        ping_interval: Duration::from_millis(100),
        ..Config::default()
    })
    .await;
    let tpas = gather(&server, &[]).await;
    with_timeout("pings", tpas.board().until_pinged(5)).await;
    let lives = tpas.leave().await;
    are_well(&lives);
    assert!(lives.iter().all(|life| life.pings.len() >= 5));
}

#[tokio::test]
async fn many_connections_receive_every_frame_once_in_order() {
    let server = start_with(Config {
        // Only the broadcast is sent.
        stream_interval: Duration::from_secs(3_600),
        ..Config::default()
    })
    .await;
    let tpas = gather(&server, &[STREAM]).await;
    let broadcaster = Broadcaster::new(server.addr());
    for _ in 0..50 {
        broadcaster.send(tpas.board()).await.unwrap();
    }
    assert_eq!(broadcaster.settle(tpas.board()).await, 0);
    let lives = tpas.leave().await;
    are_well(&lives);
    assert!(lives.iter().all(|life| life.frames == 50));
}
