//! The options of a session: defaults, and validation that names what is wrong.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever an option does not allow is wrong, of whatever type it is"
)]

use super::backoff::Backoff;
use super::delivery::Guarantee;
use super::liveness::Watch;
use super::outbox::Limits;
use super::time::Duration;

/// Where a cloud on the developer's own machine listens.
pub const DEFAULT_URL: &str = "ws://localhost:8002/tpa-ws";

/// Longest time that an option may set, ms: the longest that a timer of JavaScript can wait.
const MAX_MILLIS: f64 = 2_147_483_647.0;

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
    pub delivery: Guarantee,
    /// How a connection is watched.
    pub watch: Watch,
    /// The app is asked about each closure.
    pub asks_app: bool,
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
            delivery: Guarantee::AtMostOnce,
            watch: Watch {
                ping_interval: Duration::from_millis(15_000),
                pong_timeout: Duration::from_millis(5000),
            },
            asks_app: false,
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
        let fields = Fields(get);
        let defaults = Config::default();
        let api_key = fields.api_key()?;
        let (url_field, url) = fields.url()?;
        fields.object("logger")?;
        fields.function("WebSocket", "a constructor of WebSockets")?;
        Ok(Self {
            package_name: fields.package_name()?,
            url_field,
            log_level: fields.log_level()?,
            config: Config {
                auto_reconnect: fields.boolean("autoReconnect", defaults.auto_reconnect)?,
                max_reconnect_attempts: fields.attempts(defaults.max_reconnect_attempts)?,
                backoff: Backoff {
                    initial: fields.millis("reconnectDelay", defaults.backoff.initial)?,
                    max: fields.millis("maxReconnectDelay", defaults.backoff.max)?,
                    jitter: fields.share("jitter", defaults.backoff.jitter)?,
                },
                connect_timeout: fields.timeout("connectTimeout", defaults.connect_timeout)?,
                stable_after: fields.millis("stableAfter", defaults.stable_after)?,
                outbox: Limits {
                    messages: fields.count("maxQueuedMessages", defaults.outbox.messages)?,
                    bytes: fields.count("maxQueuedBytes", defaults.outbox.bytes)?,
                    buffered: defaults.outbox.buffered,
                },
                delivery: fields.delivery()?,
                watch: Watch {
                    ping_interval: fields.millis("pingInterval", defaults.watch.ping_interval)?,
                    pong_timeout: fields.timeout("pongTimeout", defaults.watch.pong_timeout)?,
                },
                asks_app: fields.function("shouldReconnect", "a function")?,
                on_loopback: matches!(&url, Source::Fixed(url) if is_loopback(url)),
                key_from_provider: api_key == Source::Provider,
            },
            url,
            api_key,
        })
    }
}

/// The URL for a WebSocket: `http` becomes `ws`, `https` becomes `wss`; `None` for any other
/// scheme, and for a URL without a host.
pub fn websocket_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim_ascii().split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return None,
    };
    // The constructor of a WebSocket refuses a fragment (WHATWG WebSockets, "new WebSocket").
    let rest = rest.split('#').next().unwrap_or_default();
    let has_host = rest.starts_with(|c: char| !matches!(c, '/' | '?' | ':'));
    let has_blank = rest.bytes().any(|byte| byte <= b' ');
    (has_host && !has_blank).then(|| [scheme, "://", rest].concat())
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

struct Fields<'a>(&'a dyn Fn(&'static str) -> Value);

impl Fields<'_> {
    fn package_name(&self) -> Result<String, OptionError> {
        match (self.0)("packageName") {
            Value::Text(name) if !name.trim_ascii().is_empty() => Ok(name),
            _ => Err(wrong("packageName", "a non-empty string")),
        }
    }

    fn api_key(&self) -> Result<Source, OptionError> {
        match (self.0)("apiKey") {
            Value::Text(key) if !key.is_empty() => Ok(Source::Fixed(key)),
            Value::Function => Ok(Source::Provider),
            _ => Err(OptionError {
                field: "apiKey",
                allowed: "a non-empty string, or a function that gives one",
                secret: true,
            }),
        }
    }

    fn url(&self) -> Result<(&'static str, Source), OptionError> {
        for field in ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"] {
            let url = match (self.0)(field) {
                Value::Missing => continue,
                Value::Text(url) => websocket_url(&url).map(Source::Fixed),
                Value::Function => Some(Source::Provider),
                _ => None,
            };
            let url = url.ok_or(wrong(field, URL_ALLOWED))?;
            return Ok((field, url));
        }
        Ok(("augmentOSWebsocketUrl", Source::Fixed(DEFAULT_URL.into())))
    }

    fn boolean(&self, field: &'static str, default: bool) -> Result<bool, OptionError> {
        match (self.0)(field) {
            Value::Missing => Ok(default),
            Value::Bool(value) => Ok(value),
            _ => Err(wrong(field, "true or false")),
        }
    }

    fn attempts(&self, default: Option<u32>) -> Result<Option<u32>, OptionError> {
        match (self.0)("maxReconnectAttempts") {
            Value::Missing => Ok(default),
            Value::Number(f64::INFINITY) => Ok(None),
            Value::Number(n) if is_count(n) => Ok(Some(n as u32)),
            _ => Err(wrong(
                "maxReconnectAttempts",
                "a whole number from 0 to 4294967295, or Infinity",
            )),
        }
    }

    fn count(&self, field: &'static str, default: usize) -> Result<usize, OptionError> {
        match (self.0)(field) {
            Value::Missing => Ok(default),
            Value::Number(n) if is_count(n) => Ok(n as usize),
            _ => Err(wrong(field, "a whole number from 0 to 4294967295")),
        }
    }

    fn millis(&self, field: &'static str, default: Duration) -> Result<Duration, OptionError> {
        match (self.0)(field) {
            Value::Missing => Ok(default),
            Value::Number(n) if (0.0..=MAX_MILLIS).contains(&n) => {
                Ok(Duration::from_millis(n as u64))
            }
            _ => Err(wrong(
                field,
                "a number of milliseconds from 0 to 2147483647",
            )),
        }
    }

    fn timeout(&self, field: &'static str, default: Duration) -> Result<Duration, OptionError> {
        match self.millis(field, default) {
            Ok(time) if time > Duration::ZERO => Ok(time),
            _ => Err(wrong(
                field,
                "a number of milliseconds from 1 to 2147483647",
            )),
        }
    }

    fn share(&self, field: &'static str, default: f64) -> Result<f64, OptionError> {
        match (self.0)(field) {
            Value::Missing => Ok(default),
            Value::Number(n) if (0.0..=1.0).contains(&n) => Ok(n),
            _ => Err(wrong(field, "a number from 0 to 1")),
        }
    }

    fn log_level(&self) -> Result<LogLevel, OptionError> {
        let name = match (self.0)("logLevel") {
            Value::Missing => return Ok(LogLevel::default()),
            Value::Text(name) => name,
            _ => String::new(),
        };
        match name.as_str() {
            "silent" => Ok(LogLevel::Silent),
            "error" => Ok(LogLevel::Error),
            "warn" => Ok(LogLevel::Warn),
            "info" => Ok(LogLevel::Info),
            "debug" => Ok(LogLevel::Debug),
            _ => Err(wrong(
                "logLevel",
                "\"silent\", \"error\", \"warn\", \"info\" or \"debug\"",
            )),
        }
    }

    fn delivery(&self) -> Result<Guarantee, OptionError> {
        let allowed = "\"at-most-once\" or \"at-least-once\"";
        match (self.0)("delivery") {
            Value::Missing => Ok(Guarantee::default()),
            Value::Text(name) if name == "at-most-once" => Ok(Guarantee::AtMostOnce),
            Value::Text(name) if name == "at-least-once" => Ok(Guarantee::AtLeastOnce),
            _ => Err(wrong("delivery", allowed)),
        }
    }

    fn object(&self, field: &'static str) -> Result<(), OptionError> {
        match (self.0)(field) {
            Value::Missing | Value::Object => Ok(()),
            _ => Err(wrong(
                field,
                "an object with the methods error, warn, info and debug",
            )),
        }
    }

    /// Whether a function was given.
    fn function(&self, field: &'static str, allowed: &'static str) -> Result<bool, OptionError> {
        match (self.0)(field) {
            Value::Missing => Ok(false),
            Value::Function => Ok(true),
            _ => Err(wrong(field, allowed)),
        }
    }
}

const fn wrong(field: &'static str, allowed: &'static str) -> OptionError {
    OptionError {
        field,
        allowed,
        secret: false,
    }
}

fn is_count(n: f64) -> bool {
    (0.0..=f64::from(u32::MAX)).contains(&n) && n.fract() == 0.0
}
