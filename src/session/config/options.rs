//! Options of a session and their validation.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an option refuses all values that it does not list"
)]

use std::cell::Cell;
use std::sync::Arc;

use crate::session::time::{MAX_MILLIS, MILLIS_ALLOWED};
use crate::session::{
    Backoff, Config, DEFAULT_URL, Delivery, Duration, Limits, LogLevel, URL_ALLOWED, URL_OPTIONS,
    Watch, is_loopback, websocket_url,
};

/// Source of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A constant.
    Fixed(String),
    /// A function of the app, which the shell stores and calls at every attempt.
    Provider,
}

/// Validated options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Reverse-DNS name of the app.
    pub package_name: String,
    /// Key of the app.
    pub api_key: Source,
    /// Name of the option for the URL that was given.
    pub url_field: &'static str,
    /// URL of the cloud; `ws:` or `wss:` if fixed.
    pub url: Source,
    /// Most bytes of a frame from the cloud.
    pub max_frame_bytes: u32,
    /// Least important level that is logged.
    pub log_level: LogLevel,
    /// Settings of the state machine.
    pub config: Arc<Config>,
}

/// Value of an option, as far as the validation looks at it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not given.
    Missing,
    /// A boolean.
    Bool(bool),
    /// A number, including NaN and the infinities.
    Number(f64),
    /// A string.
    Text(String),
    /// A function, or a class.
    Function,
    /// An object that is not a function.
    Object,
    /// Any other value.
    Other,
}

/// Invalid option. The caller knows its value and shows it unless it is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// Name of the option.
    pub field: &'static str,
    /// Allowed values.
    pub allowed: &'static str,
    /// The value must not be shown.
    pub secret: bool,
}

impl Options {
    /// Reads and validates all options; `get` returns the value of an option.
    ///
    /// # Errors
    ///
    /// Names the first option that is invalid.
    pub fn read(get: &dyn Fn(&'static str) -> Value) -> Result<Self, OptionError> {
        let reader = OptionReader {
            get,
            error: Cell::new(None),
        };
        let defaults = Config::default();
        let api_key = reader.api_key();
        let (url_field, url) = reader.url();
        reader.object("logger");
        reader.function("WebSocket", "a constructor of WebSockets");
        let millis = |field, default: Duration, allowed| {
            let default = default.as_millis() as f64;
            Duration::from_millis(reader.number(field, default, allowed) as u64)
        };
        let count = |field, default: usize| reader.number(field, default as f64, &COUNT) as usize;
        let options = Self {
            package_name: reader.package_name(),
            url_field,
            log_level: reader.log_level(),
            max_frame_bytes: reader.number("maxFrameBytes", MAX_FRAME_BYTES, &BYTES) as u32,
            config: Arc::new(Config {
                auto_reconnect: reader.boolean("autoReconnect", defaults.auto_reconnect),
                max_reconnect_attempts: reader.attempts(defaults.max_reconnect_attempts),
                give_up_after: millis("giveUpAfter", defaults.give_up_after, &MILLIS),
                backoff: Backoff {
                    initial: millis("reconnectDelay", defaults.backoff.initial, &MILLIS),
                    max: millis("maxReconnectDelay", defaults.backoff.max, &MILLIS),
                    jitter: reader.number("jitter", defaults.backoff.jitter, &SHARE),
                },
                connect_timeout: millis("connectTimeout", defaults.connect_timeout, &TIMEOUT),
                stable_after: millis("stableAfter", defaults.stable_after, &MILLIS),
                outbox: Limits {
                    messages: count("maxQueuedMessages", defaults.outbox.messages),
                    bytes: count("maxQueuedBytes", defaults.outbox.bytes),
                    buffered: defaults.outbox.buffered,
                },
                delivery: reader.delivery(),
                watch: Watch {
                    ping_interval: millis("pingInterval", defaults.watch.ping_interval, &MILLIS),
                    pong_timeout: millis("pongTimeout", defaults.watch.pong_timeout, &TIMEOUT),
                },
                asks_app: reader.function("shouldReconnect", "a function"),
                close_rules: defaults.close_rules,
                on_loopback: matches!(&url, Source::Fixed(url) if is_loopback(url)),
                key_from_provider: api_key == Source::Provider,
                browser_closes_cleanly: defaults.browser_closes_cleanly,
            }),
            url,
            api_key,
        };
        match reader.error.take() {
            Some(error) => Err(error),
            None => Ok(options),
        }
    }
}

/// Default for a frame from the cloud.
const MAX_FRAME_BYTES: f64 = 4_194_304.0;

/// Reader of options. It stores the first error and continues with the default value: returning
/// at each option would double the wasm of all.
struct OptionReader<'a> {
    get: &'a dyn Fn(&'static str) -> Value,
    /// The first error.
    error: Cell<Option<OptionError>>,
}

/// Set of allowed numbers.
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
    allowed: MILLIS_ALLOWED,
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
const BYTES: Numbers = Numbers {
    least: 1.0,
    allowed: "a whole number from 1 to 4294967295",
    ..COUNT
};
const ATTEMPTS: Numbers = Numbers {
    or_infinity: true,
    allowed: "a whole number from 0 to 4294967295, or Infinity",
    ..COUNT
};

impl OptionReader<'_> {
    fn package_name(&self) -> String {
        match (self.get)("packageName") {
            Value::Text(name) if !name.trim_ascii().is_empty() => name,
            _ => {
                self.refuse("packageName", "a non-empty string");
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
                self.refuse(field, URL_ALLOWED);
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
                self.refuse(field, "true or false");
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
                self.refuse(field, numbers.allowed);
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
            self.refuse(
                "logLevel",
                "\"silent\", \"error\", \"warn\", \"info\" or \"debug\"",
            );
            LogLevel::default()
        })
    }

    fn delivery(&self) -> Delivery {
        let name = match (self.get)("delivery") {
            Value::Missing => return Delivery::default(),
            Value::Text(name) => name,
            _ => String::new(),
        };
        let delivery = Delivery::ALL
            .into_iter()
            .find(|delivery| delivery.name() == name);
        delivery.unwrap_or_else(|| {
            self.refuse("delivery", "\"at-most-once\" or \"at-least-once\"");
            Delivery::default()
        })
    }

    fn object(&self, field: &'static str) {
        if !matches!((self.get)(field), Value::Missing | Value::Object) {
            self.refuse(
                field,
                "an object with the methods error, warn, info and debug",
            );
        }
    }

    /// True if a function was given.
    fn function(&self, field: &'static str, allowed: &'static str) -> bool {
        match (self.get)(field) {
            Value::Missing => false,
            Value::Function => true,
            _ => {
                self.refuse(field, allowed);
                false
            }
        }
    }

    fn refuse(&self, field: &'static str, allowed: &'static str) {
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
