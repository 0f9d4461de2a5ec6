//! What a program in Rust calls: options, handlers, messages and errors as types of Rust.
//!
//! All of it is made of the methods that JavaScript has, and none of it is exported, so a
//! program that does not call it, as the npm package, does not carry it.

mod error;
mod listener;
mod options;
mod session;

pub use error::Error;
pub use listener::Listener;
pub use options::Options;
pub use session::SendResult;
