//! The core, in virtual time: no socket, no clock, no sleep.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what is not as expected must fail the test; most helpers look at one variant"
)]

mod attempts;
mod backoff;
mod closures;
mod delivery;
mod diagnosis;
mod fingerprint;
mod handshake;
mod life;
mod liveness;
mod offline;
mod options;
mod outbox;
mod properties;
mod protocol;
mod records;
mod redact;
mod reentrancy;
mod should_reconnect;
mod stale_sockets;
mod subscriptions;
mod time;
mod world;
