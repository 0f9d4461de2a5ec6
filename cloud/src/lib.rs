//! A stand-in for AugmentOS Cloud on a developer's machine.
//!
//! Two halves. The **library** decides and does no I/O: [`Cloud`] is told what came in and what
//! time it is, and answers with what is to go out. The `server`, a feature that is on by default,
//! carries that out on real sockets. A test can run the library in virtual time, or the whole
//! server on a free port.
//!
//! # The run loop
//!
//! 1. Call one of `open`, `handle_input`, `handle_timeout`, `act`, `inject`, `clear_faults`,
//!    `send_frame`, `start_app`, `stop_apps`, `handle_webhook`, `play`, `stop_playing` and
//!    `shut_down`.
//! 2. Call [`Cloud::poll_output`] until there is nothing more, and carry out each output in order.
//! 3. Call [`Cloud::poll_timeout`] and see to it that `handle_timeout` is called at that instant,
//!    unless 1 happens before.
//!
//! # How it is divided
//!
//! Each user session has a manager, which owns the connection registry, the health monitor, the
//! subscriptions and the displays. Arrivals and closures reach all of them through one broadcast.
//! Below the sessions, a link for each socket knows what the faults do to it.
//!
//! **Invariants.** Nothing but the `server` module touches a socket, a clock or a file. After a
//! [`Fact::Closed`] no part holds anything of the connection but the mark that its socket is
//! closing. There is at most one connection for each user session and package.

mod cloud;
mod config;
mod constant_time;
mod context;
mod events;
mod faults;
mod identity;
mod metrics;
mod output;
mod protocol;
#[cfg(feature = "server")]
pub mod server;
mod session;
mod time;
mod timers;
mod transport;

pub use cloud::{Cloud, FollowerId, Input, Part, Playing, Refused, WebhookAnswer};
pub use config::{ApiKey, Config};
pub use events::{Event, Fact, Phase, Side};
pub use faults::action::Action;
pub use faults::playback::Plan;
pub use faults::request::{BadRequest, read_fault};
pub use faults::scenario::{Scenario, Step};
pub use faults::seeded::SeededPlan;
pub use faults::{Fault, FaultRequest, Target};
pub use identity::{ConnectionId, Identity, PlayId, UserSessionId};
pub use output::{Delivery, Output, WebhookCall};
pub use protocol::frame_spec::{HandMade, SettingsChange};
pub use protocol::{Dialect, RoomConfig, View};
pub use time::{Instant, WallClock};
pub use timers::Timer;
