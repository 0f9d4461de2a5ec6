//! Local AugmentOS/MentraOS Cloud for development and tests, with fault injection.
//!
//! The **library** makes decisions and does no I/O: [`Cloud`] receives inputs and the time, and
//! returns outputs. The feature `server`, enabled by default, carries the outputs out on real
//! sockets. Tests can run the library in virtual time or the server on a free port.
//!
//! # Run loop
//!
//! 1. Call a method that takes the time, such as [`Cloud::open`] or [`Cloud::handle_input`].
//! 2. Call [`Cloud::poll_output`] until it returns `None`, and carry out each output in order.
//! 3. Call [`Cloud::poll_timeout`] and arrange for [`Cloud::handle_timeout`] to be called at that
//!    instant, unless step 1 happens earlier.
//!
//! # Structure
//!
//! Each user session has a manager, which owns the connection registry, the health monitor, the
//! subscriptions and the displays. All of them are updated by one broadcast of events. Below the
//! sessions, a transport for each socket applies the faults of its connection.
//!
//! # Architecture invariants
//!
//! - Only the `server` module accesses sockets, clocks, randomness or files.
//! - After a [`Fact::Closed`] no component references the connection, except for its transport,
//!   which is closing.
//! - There is at most one connection for each user session and package.
//! - The imports between the top-level modules form no cycle.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic when nobody reads"
)]

mod cloud;
mod config;
mod constant_time;
mod context;
pub mod control;
mod events;
mod faults;
mod identity;
mod json;
mod lane;
mod metrics;
mod output;
mod protocol;
#[cfg(feature = "server")]
pub mod server;
mod session;
mod time;
mod timers;
mod transport;

#[cfg(feature = "test-util")]
pub use cloud::Component;
pub use cloud::{Cloud, Input, ListenerId, OpenError, Playing, WebhookAnswer, read_answer};
pub use config::{ApiKey, Config, OldConnection, RestartForm, ShutdownCode};
pub use events::{Event, Fact, Phase, Side};
pub use faults::action::Action;
pub use faults::playback::Plan;
pub use faults::request::{BadRequest, read_fault};
pub use faults::scenario::{Scenario, Step};
pub use faults::seeded::SeededPlan;
pub use faults::{
    Direction, Fault, FaultField, FaultInfo, FaultRequest, Share, Target, kinds as fault,
};
pub use identity::{ConnectionId, Identity, PlayId, UserSessionId};
pub use output::{AppCall, Delivery, Output, WebhookCall, late_answer};
pub use protocol::frame_spec::{FrameSpec, SettingsChange};
pub use protocol::{Dialect, RoomConfig, View};
pub use time::{Instant, WallClock};
pub use timers::Timer;
