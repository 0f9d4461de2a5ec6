//! The API for programs in Rust: options, handlers, messages and errors as types of Rust.
//!
//! The npm package does not call it, so the linker leaves it out there.

mod error;
mod listener;
mod options;
mod session;

pub use error::Error;
pub use listener::Listener;
pub use options::Options;
pub use session::{SendResult, TpaSession};
