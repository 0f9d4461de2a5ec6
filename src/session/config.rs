//! The options of a session: defaults, and validation that names what is wrong.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever an option does not allow is wrong, of whatever type it is"
)]

use std::cell::Cell;

use super::backoff::Backoff;
use super::close::{CLOSE_RULES, CloseRule};
use super::delivery::Delivery;
use super::liveness::Watch;
use super::outbox::Limits;
use super::time::Duration;
use super::time::MAX_MILLIS;

/// Where a cloud on the developer's own machine listens.
pub const DEFAULT_URL: &str = "ws://localhost:8002/tpa-ws";

/// Options that give the cloud's URL, the preferred one first.
pub const URL_OPTIONS: [&str; 2] = ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"];

/// What the state machine must know.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Whether a lost connection is made again.
    pub auto_reconnect: bool,
    /// Attempts to reconnect before giving up; `None` is no limit.
    pub max_reconnect_attempts: Option<u32>,
    /// When they are made.
    pub backoff: Backoff,
    /// Time that one attempt has, from its start to the cloud's ack.
    pub connect_timeout: Duration,
    /// How long a connection must last before attempts are counted from zero again.
    pub stable_after: Duration,
    /// How much may wait to be sent.
    pub outbox: Limits,
    /// What becomes of messages whose connection is lost.
    pub delivery: Delivery,
    /// How a connection is watched.
    pub watch: Watch,
    /// The app is asked about each closure.
    pub asks_app: bool,
    /// The table of closures.
    pub close_rules: &'static [CloseRule],
    /// The cloud is on this very machine, so that it does not matter what the environment
    /// says of the network.
    pub on_loopback: bool,
    /// The key comes from a provider, so a refused one may be replaced by a fresh one.
    pub key_from_provider: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            auto_reconnect: true,
            max_reconnect_attempts: Some(3),
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
        }
    }
}

/// Least important line that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing.
    Silent,
    /// What cannot go on.
    Error,
    /// What a developer should look at.
    #[default]
    Warn,
    /// The life of the connection.
    Info,
    /// Everything.
    Debug,
}

impl LogLevel {
    /// All levels, each of which includes those before it.
    pub const ALL: [Self; 5] = [
        Self::Silent,
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
    ];

    /// The name in the option `logLevel`, and of the logger's method.
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

/// A setting that is known from the start, or asked for at every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Known.
    Fixed(String),
    /// The app gave a function, which the shell keeps.
    Provider,
}

/// All options, validated.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Reverse-DNS name of the app.
    pub package_name: String,
    /// The app's key.
    pub api_key: Source,
    /// Name of the option that gave the URL.
    pub url_field: &'static str,
    /// Where the cloud listens: `ws:` or `wss:` where fixed.
    pub url: Source,
    /// Least important line that is logged.
    pub log_level: LogLevel,
    /// For the state machine.
    pub config: Config,
}

/// An option's value as far as validation looks at it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not given.
    Missing,
    /// A boolean.
    Bool(bool),
    /// Any number, NaN and the infinities included.
    Number(f64),
    /// A string.
    Text(String),
    /// A function, or a class.
    Function,
    /// An object that is not a function.
    Object,
    /// Anything else.
    Other,
}

/// An option that is wrong. The caller knows the value, and shows it unless it is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// Its name.
    pub field: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
    /// The value must not be shown.
    pub secret: bool,
}

impl Options {
    /// Reads and validates all options; `get` gives the value of the one named.
    pub fn read(get: &dyn Fn(&'static str) -> Value) -> Result<Self, OptionError> {
        let fields = Fields {
            get,
            error: Cell::new(None),
        };
        let defaults = Config::default();
        let api_key = fields.api_key();
        let (url_field, url) = fields.url();
        fields.object("logger");
        fields.function("WebSocket", "a constructor of WebSockets");
        let millis = |field, default: Duration, allowed| {
            let default = default.as_millis() as f64;
            Duration::from_millis(fields.number(field, default, allowed) as u64)
        };
        let count = |field, default: usize| fields.number(field, default as f64, &COUNT) as usize;
        let options = Self {
            package_name: fields.package_name(),
            url_field,
            log_level: fields.log_level(),
            config: Config {
                auto_reconnect: fields.boolean("autoReconnect", defaults.auto_reconnect),
                max_reconnect_attempts: fields.attempts(defaults.max_reconnect_attempts),
                backoff: Backoff {
                    initial: millis("reconnectDelay", defaults.backoff.initial, &MILLIS),
                    max: millis("maxReconnectDelay", defaults.backoff.max, &MILLIS),
                    jitter: fields.number("jitter", defaults.backoff.jitter, &SHARE),
                },
                connect_timeout: millis("connectTimeout", defaults.connect_timeout, &TIMEOUT),
                stable_after: millis("stableAfter", defaults.stable_after, &MILLIS),
                outbox: Limits {
                    messages: count("maxQueuedMessages", defaults.outbox.messages),
                    bytes: count("maxQueuedBytes", defaults.outbox.bytes),
                    buffered: defaults.outbox.buffered,
                },
                delivery: fields.delivery(),
                watch: Watch {
                    ping_interval: millis("pingInterval", defaults.watch.ping_interval, &MILLIS),
                    pong_timeout: millis("pongTimeout", defaults.watch.pong_timeout, &TIMEOUT),
                },
                asks_app: fields.function("shouldReconnect", "a function"),
                close_rules: defaults.close_rules,
                on_loopback: matches!(&url, Source::Fixed(url) if is_loopback(url)),
                key_from_provider: api_key == Source::Provider,
            },
            url,
            api_key,
        };
        match fields.error.take() {
            Some(error) => Err(error),
            None => Ok(options),
        }
    }
}

/// The URL for a WebSocket: `http` becomes `ws`, `https` becomes `wss`; `None` for any other
/// scheme, and for a URL without a host.
pub fn websocket_url(url: &str) -> Option<String> {
    let (scheme, rest) = split_once(url.trim_ascii(), b':')?;
    let rest = rest.strip_prefix("//")?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    let scheme = if is("ws") || is("http") {
        "ws"
    } else if is("wss") || is("https") {
        "wss"
    } else {
        return None;
    };
    // The constructor of a WebSocket refuses a fragment (WHATWG WebSockets, "new WebSocket").
    let rest = split_once(rest, b'#').map_or(rest, |(rest, _)| rest);
    let has_host = !matches!(rest.bytes().next(), None | Some(b'/' | b'?' | b':'));
    let has_blank = rest.bytes().any(|byte| byte <= b' ');
    (has_host && !has_blank).then(|| [scheme, "://", rest].concat())
}

/// `str::split_once` without its search tables, which would weigh more than the rest here.
fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether a URL of a WebSocket leads to this very machine.
fn is_loopback(url: &str) -> bool {
    let rest = url.strip_prefix("ws://").or(url.strip_prefix("wss://"));
    let rest = rest.unwrap_or_default();
    let mut authority = rest.bytes().take_while(|byte| !matches!(byte, b'/' | b'?'));
    if authority.any(|byte| byte == b'@') {
        // What looks like the host is a name and a password.
        return false;
    }
    let ends = |at: usize| matches!(rest.as_bytes().get(at), None | Some(b':' | b'/' | b'?'));
    let is_numeric = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    // One that ends with a point is a name, or another address.
    let address = rest.bytes().take_while(is_numeric).count();
    let is_address = rest.as_bytes().get(address.wrapping_sub(1)) != Some(&b'.');
    rest.starts_with("localhost") && ends("localhost".len())
        || rest.starts_with("[::1]") && ends("[::1]".len())
        || rest.starts_with("127.") && is_address && ends(address)
}

/// What is allowed for a URL.
pub const URL_ALLOWED: &str = "a ws:, wss:, http: or https: URL, or a function that gives one";

/// Reads options one after the other. What is wrong is remembered, and goes on as its default:
/// a way out at each option would double the wasm of them all.
struct Fields<'a> {
    get: &'a dyn Fn(&'static str) -> Value,
    /// The first that is wrong.
    error: Cell<Option<OptionError>>,
}

/// Which numbers are allowed.
struct Numbers {
    least: f64,
    most: f64,
    only_whole: bool,
    or_infinity: bool,
    allowed: &'static str,
}

const MILLIS: Numbers = Numbers {
    least: 0.0,
    most: MAX_MILLIS,
    only_whole: false,
    or_infinity: false,
    allowed: "a number of milliseconds from 0 to 2147483647",
};
const TIMEOUT: Numbers = Numbers {
    least: 1.0,
    allowed: "a number of milliseconds from 1 to 2147483647",
    ..MILLIS
};
const SHARE: Numbers = Numbers {
    most: 1.0,
    allowed: "a number from 0 to 1",
    ..MILLIS
};
const COUNT: Numbers = Numbers {
    most: u32::MAX as f64,
    only_whole: true,
    allowed: "a whole number from 0 to 4294967295",
    ..MILLIS
};
const ATTEMPTS: Numbers = Numbers {
    or_infinity: true,
    allowed: "a whole number from 0 to 4294967295, or Infinity",
    ..COUNT
};

impl Fields<'_> {
    fn package_name(&self) -> String {
        match (self.get)("packageName") {
            Value::Text(name) if !name.trim_ascii().is_empty() => name,
            _ => {
                self.wrong("packageName", "a non-empty string");
                String::new()
            }
        }
    }

    fn api_key(&self) -> Source {
        match (self.get)("apiKey") {
            Value::Text(key) if !key.is_empty() => Source::Fixed(key),
            Value::Function => Source::Provider,
            _ => {
                self.fail(OptionError {
                    field: "apiKey",
                    allowed: "a non-empty string, or a function that gives one",
                    secret: true,
                });
                Source::Provider
            }
        }
    }

    fn url(&self) -> (&'static str, Source) {
        for field in URL_OPTIONS {
            let url = match (self.get)(field) {
                Value::Missing => continue,
                Value::Text(url) => websocket_url(&url).map(Source::Fixed),
                Value::Function => Some(Source::Provider),
                _ => None,
            };
            let url = url.unwrap_or_else(|| {
                self.wrong(field, URL_ALLOWED);
                Source::Provider
            });
            return (field, url);
        }
        (URL_OPTIONS[0], Source::Fixed(DEFAULT_URL.into()))
    }

    fn boolean(&self, field: &'static str, default: bool) -> bool {
        match (self.get)(field) {
            Value::Missing => default,
            Value::Bool(value) => value,
            _ => {
                self.wrong(field, "true or false");
                default
            }
        }
    }

    fn attempts(&self, default: Option<u32>) -> Option<u32> {
        let default = default.map_or(f64::INFINITY, f64::from);
        let attempts = self.number("maxReconnectAttempts", default, &ATTEMPTS);
        (attempts < f64::INFINITY).then_some(attempts as u32)
    }

    #[inline(never)]
    fn number(&self, field: &'static str, default: f64, numbers: &Numbers) -> f64 {
        match (self.get)(field) {
            Value::Missing => default,
            Value::Number(number) if numbers.allow(number) => number,
            _ => {
                self.wrong(field, numbers.allowed);
                default
            }
        }
    }

    fn log_level(&self) -> LogLevel {
        let name = match (self.get)("logLevel") {
            Value::Missing => return LogLevel::default(),
            Value::Text(name) => name,
            _ => String::new(),
        };
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == name);
        level.unwrap_or_else(|| {
            self.wrong(
                "logLevel",
                "\"silent\", \"error\", \"warn\", \"info\" or \"debug\"",
            );
            LogLevel::default()
        })
    }

    fn delivery(&self) -> Delivery {
        match (self.get)("delivery") {
            Value::Missing => return Delivery::default(),
            Value::Text(name) if name == Delivery::AtMostOnce.name() => {
                return Delivery::AtMostOnce;
            }
            Value::Text(name) if name == Delivery::AtLeastOnce.name() => {
                return Delivery::AtLeastOnce;
            }
            _ => self.wrong("delivery", "\"at-most-once\" or \"at-least-once\""),
        }
        Delivery::default()
    }

    fn object(&self, field: &'static str) {
        if !matches!((self.get)(field), Value::Missing | Value::Object) {
            self.wrong(
                field,
                "an object with the methods error, warn, info and debug",
            );
        }
    }

    /// Whether a function was given.
    fn function(&self, field: &'static str, allowed: &'static str) -> bool {
        match (self.get)(field) {
            Value::Missing => false,
            Value::Function => true,
            _ => {
                self.wrong(field, allowed);
                false
            }
        }
    }

    fn wrong(&self, field: &'static str, allowed: &'static str) {
        self.fail(OptionError {
            field,
            allowed,
            secret: false,
        });
    }

    fn fail(&self, error: OptionError) {
        self.error.set(self.error.get().or(Some(error)));
    }
}

impl Numbers {
    fn allow(&self, number: f64) -> bool {
        (self.least..=self.most).contains(&number) && !(self.only_whole && number.fract() != 0.0)
            || self.or_infinity && number == f64::INFINITY
    }
}
