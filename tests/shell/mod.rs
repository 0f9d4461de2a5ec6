//! What holds in every place where JavaScript runs.

pub mod app;
pub mod js;

mod arguments;
mod cloud;
mod delivery;
mod handlers;
mod hostile;
mod outbox;
mod providers;
mod release;
pub mod sockets;
mod timers;
