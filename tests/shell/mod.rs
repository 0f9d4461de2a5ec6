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
mod rust;
pub mod sockets;
mod timers;
