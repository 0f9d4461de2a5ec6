//! What holds in every place where JavaScript runs.

pub mod app;
pub mod js;

mod arguments;
mod cloud;
mod handlers;
mod hostile;
pub mod sockets;
