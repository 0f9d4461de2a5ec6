//! Load for a server: many TPAs at once.
//!
//! `cargo xtask bench cloud` runs the program; tests of the cloud use a smaller [`Crowd`].
//! These TPAs are minimal, so that the server is
//! measured; they are not example clients.

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

/// Stream of the broadcast.
pub const STREAM: &str = "transcription";

/// Size of each of its frames, in bytes.
pub const FRAME_BYTES: usize = 350;
