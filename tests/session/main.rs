//! Tests of the core in virtual time: no socket, no clock, no waiting.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "unexpected values fail the test; most helpers look at one variant"
)]

mod ask_into_silence;
mod at_least_once;
mod attempts;
mod backoff;
mod blame;
mod clock;
mod close;
mod closed_by_browser;
mod connect;
mod direct;
mod dispose;
mod dropped;
mod fingerprint;
mod flush;
mod flush_settles;
mod give_up_after;
mod keepalive;
mod late_timers;
mod malformed;
mod measured_lines;
mod offline;
mod options;
mod outbox;
mod patience;
mod payloads;
mod pong_support;
mod properties;
mod protocol;
mod reconnect;
mod redact;
mod reentrancy;
mod refused;
mod replay;
mod requested;
mod search;
mod sent;
mod should_reconnect;
mod signs;
mod silence;
mod sleep;
mod socket_buffer;
mod stable;
mod stale_sockets;
mod subscriptions;
mod time;
mod timeline;
mod walk;
mod world;
