//! Configuration of a session.

mod options;
mod url;

pub use options::{OptionError, Options, Source, Value};
pub use url::{DEFAULT_URL, URL_ALLOWED, URL_OPTIONS, is_loopback, websocket_url};

use crate::session::{Backoff, CLOSE_RULES, CloseRule, Delivery, Duration, Limits, Watch};

/// Settings of the state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Reconnect after a loss. If false, the first loss ends the session.
    pub auto_reconnect: bool,
    /// Attempts to reconnect before giving up; `None` for no limit.
    pub max_reconnect_attempts: Option<u32>,
    /// Shortest time for which attempts are made, whatever their number.
    pub give_up_after: Duration,
    /// Delays before them.
    pub backoff: Backoff,
    /// Longest time from the start of an attempt to the ack of the cloud, providers of URL and
    /// key included. It doubles after silence.
    pub connect_timeout: Duration,
    /// Time after which a connection is stable: attempts are then counted from zero again.
    pub stable_after: Duration,
    /// Bounds of the outbox.
    pub outbox: Limits,
    /// Treatment of messages whose connection is lost.
    pub delivery: Delivery,
    /// Detection of dead connections.
    pub watch: Watch,
    /// Ask the app about each closure.
    pub asks_app: bool,
    /// The table of closures.
    pub close_rules: &'static [CloseRule],
    /// The cloud is on the same machine. The session then dials even if the environment reports
    /// that there is no network.
    pub on_loopback: bool,
    /// The key comes from a provider, which can replace a refused one.
    pub key_from_provider: bool,
    /// The browser closes sockets with a clean 1001 of its own when a navigation starts, also one
    /// that leaves the page as it is, e.g. a download (Firefox).
    pub browser_closes_cleanly: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            auto_reconnect: true,
            max_reconnect_attempts: Some(3),
            give_up_after: Duration::ZERO,
            backoff: Backoff {
                initial: Duration::from_millis(1000),
                max: Duration::from_millis(30_000),
                jitter: 0.5,
            },
            connect_timeout: Duration::from_millis(5000),
            stable_after: Duration::from_millis(5000),
            outbox: Limits {
                messages: 1000,
                bytes: 1024 * 1024,
                buffered: 1024 * 1024,
            },
            delivery: Delivery::AtMostOnce,
            watch: Watch {
                ping_interval: Duration::from_millis(15_000),
                pong_timeout: Duration::from_millis(5000),
            },
            asks_app: false,
            close_rules: CLOSE_RULES,
            on_loopback: false,
            key_from_provider: false,
            browser_closes_cleanly: false,
        }
    }
}

/// Importance of a log line; as an option, the least important level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// No lines.
    Silent,
    /// The session is over by a fault.
    Error,
    /// A fault or a loss.
    #[default]
    Warn,
    /// A change of the state.
    Info,
    /// Details.
    Debug,
}

impl LogLevel {
    /// All levels, in ascending order.
    pub const ALL: [Self; 5] = [
        Self::Silent,
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
    ];

    /// Value of the option `logLevel`, and name of the logger's method.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}
