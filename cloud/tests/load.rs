//! Many connections at once, on real sockets; `cargo xtask bench cloud` in small.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

mod common;

use std::time::Duration;

use cloud_load::{Broadcaster, Crowd, Life, STREAM};
use common::{patiently, start_with};
use tpa_cloud::Config;
use tpa_cloud::server::Server;

const CROWD: usize = 200;

async fn gather(server: &Server, subscriptions: &[&str]) -> Crowd {
    let crowd = patiently(
        "all acks",
        Crowd::gather(server.addr(), CROWD, subscriptions),
    )
    .await;
    assert!(crowd.refused.is_empty(), "{:?}", crowd.refused);
    crowd
}

/// None was lost, and none got what it should not.
fn are_well(lives: &[Life]) {
    assert_eq!(lives.len(), CROWD);
    for life in lives {
        assert_eq!((&life.end, life.wrong), (&None, 0));
    }
}

#[tokio::test]
async fn a_crowd_is_pinged_over_and_over_and_nobody_is_lost() {
    let server = start_with(Config {
        ping_interval: Duration::from_millis(100),
        ..Config::default()
    })
    .await;
    let crowd = gather(&server, &[]).await;
    patiently("pings", crowd.board().until_pinged(5)).await;
    let lives = crowd.leave().await;
    are_well(&lives);
    assert!(lives.iter().all(|life| life.pings.len() >= 5));
}

#[tokio::test]
async fn a_crowd_hears_every_frame_of_a_broadcast_once_and_in_order() {
    let server = start_with(Config {
        // Nothing but the broadcast is to be heard.
        stream_interval: Duration::from_secs(3_600),
        ..Config::default()
    })
    .await;
    let crowd = gather(&server, &[STREAM]).await;
    let broadcaster = Broadcaster::new(server.addr());
    for _ in 0..50 {
        broadcaster.send(crowd.board()).await.unwrap();
    }
    assert_eq!(broadcaster.settle(crowd.board()).await, 0);
    let lives = crowd.leave().await;
    are_well(&lives);
    assert!(lives.iter().all(|life| life.frames == 50));
}
