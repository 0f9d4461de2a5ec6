//! Tests that hold in every runtime.

pub mod app;
pub mod backend;
pub mod js;

mod arguments;
mod cloud;
mod delivery;
mod handlers;
mod hostile;
mod memory_cloud;
mod outbox;
mod providers;
mod reconnect;
mod redaction;
mod release;
mod rust;
pub mod sockets;
mod timers;
