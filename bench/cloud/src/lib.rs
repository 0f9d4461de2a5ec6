//! Many TPAs at once, and what they cost a server.
//!
//! `cargo xtask bench cloud` runs the program; the cloud's own tests use the [`Crowd`], smaller.
//! A TPA here is no client to learn from: it is as light as can be, so that it is the server that
//! is measured.

mod board;
mod broadcaster;
mod crowd;
mod frames;
mod schedule;
mod tpa;

pub use board::Board;
pub use broadcaster::Broadcaster;
pub use crowd::Crowd;
pub use schedule::Schedule;
pub use tpa::Life;

/// The stream that is broadcast.
pub const STREAM: &str = "transcription";

/// How long each frame of it is, in bytes.
pub const FRAME_BYTES: usize = 350;
