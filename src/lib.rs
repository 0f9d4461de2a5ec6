//! The connection layer for smart-glasses apps: one session over a WebSocket that is cut and
//! comes back.
//!
//! Two halves, and an arrow in one direction only:
//!
//! - [`session`] decides: when to reconnect, what a closure means, what to send, when to give
//!   up. Pure Rust that builds everywhere; time and seed come in as arguments.
//! - `web` carries out: the WebSocket, the timer and the class `TpaSession`, for JavaScript and
//!   for programs in Rust that run in a page. It is compiled for wasm32 only.
//!
//! Nothing in [`session`] knows of `web`. A rule that is found in `web` is in the wrong place.
//!
//! Since [`session`] does no I/O, whole lives of it can be lived in virtual time
//! (`tests/simulation`): alone among a network and a cloud that do their worst, and several of
//! them with the decisions of `tpa-cloud`, which is made in the same way.

pub mod session;
#[cfg(target_arch = "wasm32")]
pub mod web;

/// Compiles the examples of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../docs/crate.md")]
struct Readme;
