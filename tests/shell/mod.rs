//! What holds in every place where JavaScript runs.

pub mod app;
pub mod js;

mod arguments;
mod cloud;
mod delivery;
mod handlers;
pub mod sockets;
