//! The library in virtual time, without sockets and clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is tests"
)]

mod apps;
mod closures;
mod directions;
mod displays;
mod endpoints;
mod faults;
mod frames;
mod glasses;
mod handshake;
mod health;
mod invalid_frames;
mod limits;
mod listeners;
mod metrics;
mod old_connections;
mod relay;
mod scenarios;
mod streams;
mod world;
