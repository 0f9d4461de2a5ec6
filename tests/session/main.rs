//! The core, in virtual time: no socket, no clock, no sleep.
#![cfg(not(target_arch = "wasm32"))]

mod attempts;
mod backoff;
mod closures;
mod handshake;
mod options;
mod outbox;
mod properties;
mod reentrancy;
mod stale_sockets;
mod subscriptions;
mod world;
