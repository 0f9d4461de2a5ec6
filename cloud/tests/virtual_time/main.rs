//! The library in virtual time: no sockets, no clock, no waiting.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is tests"
)]

mod apps;
mod by_hand;
mod callbacks;
mod closures;
mod displays;
mod faults;
mod glasses;
mod health;
mod hostile;
mod limits;
mod metrics;
mod relay;
mod scenarios;
mod streams;
mod world;
