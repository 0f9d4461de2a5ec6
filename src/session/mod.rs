//! The core: every decision of a session, without a clock, a random source or I/O of its own.
//!
//! # The run loop
//!
//! A driver owns one [`Session`] and keeps this contract:
//!
//! 1. Call [`Session::command`] for what the app asks, or [`Session::handle_input`] for what
//!    the world reports. `now` comes from one monotonic clock.
//! 2. Then take one output with [`Session::poll_output`] and carry it out, holding nothing of
//!    the session meanwhile: carrying it out may run code of the app, which may call again.
//! 3. A nested call does 1 only, and leaves 2 to the loop that is already running.
//! 4. Repeat 2 until there is no output.
//! 5. Arm one timer for [`Session::poll_timeout`]; when it fires, report [`Input::Timeout`].
//!    A timer that fires early, late or twice does no harm.

mod backoff;
mod close;
mod config;
mod delivery;
mod input;
mod liveness;
mod machine;
mod outbox;
mod output;
mod protocol;
mod redact;
mod stats;
mod subscriptions;
mod text;
mod time;
mod timeline;
mod timer;

pub use backoff::Backoff;
pub use close::{
    CLOSE_RULES, CONNECT_TIMEOUT, Close, CloseKind, CloseRule, Condition, EXHAUSTED, FATAL_ERRORS,
    GOING_AWAY, LIVENESS_TIMEOUT, NO_CLOSE_FRAME, NORMAL, Origin, POLICY_VIOLATION, Reconnect,
    SUPERSEDED, classify, is_clean, is_fatal_error,
};
pub use config::{
    Config, DEFAULT_URL, LogLevel, OptionError, Options, Source, URL_ALLOWED, URL_OPTIONS, Value,
    websocket_url,
};
pub use delivery::Delivery;
pub use input::{Command, CommandError, FlushId, Input, Reply, RunId, SocketId};
pub use liveness::{WakeHint, Watch};
pub use machine::Session;
pub use outbox::{Limits, Payload};
pub use output::{
    Cause, Connecting, ConnectionError, Disconnected, DropReason, Event, FlushError, Outgoing,
    Output, RESERVED_EVENTS, Reconnecting, SessionError, State, StateChange,
};
pub use protocol::{
    CONTROL_TYPES, Control, Init, Malformed, PING, RENAMED_TYPES, SubscriptionUpdate, state_key,
    time_to_live,
};
pub use redact::{Redacted, Redactor};
pub use stats::Stats;
pub use text::decimal;
pub use time::{Duration, Instant};
pub use timeline::{TimelineEntry, TimelineEvent};
pub use timer::Timer;
