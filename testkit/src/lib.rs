//! Reference model, virtual world and payload for everything that exercises the core: tests,
//! simulation, model checker, fuzz targets and benchmarks.
//!
//! [`model::CheckedSession`] pairs a session with the reference model and compares the two after
//! every call and every output. [`world`] has the virtual clock, the virtual app and the virtual
//! network that drive it.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test support: names say what things are, and a broken assumption must fail the test"
)]

pub mod closures;
pub mod model;
mod payload;
pub mod world;

pub use payload::Message;

use std::time::Duration;

/// Time limit for anything that a test waits for in real time. Generous, so that it is reached
/// only when the awaited event never comes.
pub const TIMEOUT: Duration = Duration::from_secs(10);
