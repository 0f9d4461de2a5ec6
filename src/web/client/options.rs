//! Options of a session.

use std::fmt;
use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::session::{Cause, Delivery, LogLevel, Reconnect, Value};
use crate::web::dial::Provider;
use crate::web::driver::Driver;
use crate::web::events::ShouldReconnect;
use crate::web::options::{SessionOptions, validate};

use super::{Error, TpaSession};

/// Options of a [`TpaSession`]. All but the package name and the key have a default.
///
/// ```no_run
/// use tpa_session::web::Options;
///
/// # fn main() -> Result<(), tpa_session::web::Error> {
/// let session = Options::new("org.example.captions", "dev-key")
///     .url("http://localhost:8002/tpa-ws")
///     .max_reconnect_attempts(None)
///     .session()?;
/// # Ok(())
/// # }
/// ```
///
/// [`session`](Self::session) reports what is wrong with them.
#[must_use = "options do nothing before `session()` is called"]
pub struct Options {
    /// By the names that the core knows them by.
    values: Vec<(&'static str, Value)>,
    api_key_provider: Option<Provider>,
    url_provider: Option<Provider>,
    should_reconnect: Option<ShouldReconnect>,
    web_socket: Option<Function>,
    logger: Option<JsValue>,
}

const API_KEY: &str = "apiKey";
const URL: &str = "augmentOSWebsocketUrl";

impl Options {
    /// Options of an app, by its reverse-DNS name, with a fixed key.
    pub fn new(package_name: &str, api_key: &str) -> Self {
        Self::of(package_name).set(API_KEY, Value::Text(api_key.into()))
    }

    /// Options of an app whose key is asked for at each attempt. A page asks its own server:
    /// never ship an API key to a browser.
    ///
    /// ```no_run
    /// # async fn ask_own_server() -> Result<String, std::io::Error> { unimplemented!() }
    /// # use tpa_session::web::Options;
    /// let options = Options::with_key_provider("org.example.captions", ask_own_server);
    /// ```
    pub fn with_key_provider<E: fmt::Display>(
        package_name: &str,
        provider: impl AsyncFn() -> Result<String, E> + Clone + 'static,
    ) -> Self {
        let mut options = Self::of(package_name).set(API_KEY, Value::Function);
        options.api_key_provider = Some(rust_provider(API_KEY, provider));
        options
    }

    fn of(package_name: &str) -> Self {
        Self {
            values: vec![("packageName", Value::Text(package_name.into()))],
            api_key_provider: None,
            url_provider: None,
            should_reconnect: None,
            web_socket: None,
            logger: None,
        }
    }

    /// Sets the URL of the cloud: `ws:`, `wss:`, `http:` or `https:`. Default
    /// [`DEFAULT_URL`](crate::session::DEFAULT_URL).
    pub fn url(mut self, url: &str) -> Self {
        self.url_provider = None;
        self.set(URL, Value::Text(url.into()))
    }

    /// Sets a function that gives the URL at each attempt.
    pub fn url_provider<E: fmt::Display>(
        mut self,
        provider: impl AsyncFn() -> Result<String, E> + Clone + 'static,
    ) -> Self {
        self.url_provider = Some(rust_provider(URL, provider));
        self.set(URL, Value::Function)
    }

    /// Sets whether to reconnect after a lost connection. Default true.
    pub fn auto_reconnect(self, enabled: bool) -> Self {
        self.set("autoReconnect", Value::Bool(enabled))
    }

    /// Sets the number of attempts to reconnect before the session ends; `None` for no limit.
    /// Default 3.
    pub fn max_reconnect_attempts(self, attempts: impl Into<Option<u32>>) -> Self {
        let attempts = attempts.into().map_or(f64::INFINITY, f64::from);
        self.set("maxReconnectAttempts", Value::Number(attempts))
    }

    /// Sets the shortest time for which attempts are made, whatever their number. Default 0.
    pub fn give_up_after(self, time: Duration) -> Self {
        self.set("giveUpAfter", millis(time))
    }

    /// Sets the longest delay before the first reconnect, which doubles with each attempt.
    /// Default 1 s.
    pub fn reconnect_delay(self, delay: Duration) -> Self {
        self.set("reconnectDelay", millis(delay))
    }

    /// Sets the longest delay before any reconnect. Default 30 s.
    pub fn max_reconnect_delay(self, delay: Duration) -> Self {
        self.set("maxReconnectDelay", millis(delay))
    }

    /// Sets the random share of each delay, 0 to 1. Default 0.5.
    pub fn jitter(self, share: f64) -> Self {
        self.set("jitter", Value::Number(share))
    }

    /// Sets the time of one attempt, from dialling to the cloud's ack. Default 5 s.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.set("connectTimeout", millis(timeout))
    }

    /// Sets the duration of a connection after which attempts are counted from 0 again. Default
    /// 5 s.
    pub fn stable_after(self, time: Duration) -> Self {
        self.set("stableAfter", millis(time))
    }

    /// Sets the longest silence before a ping; zero for no pings. Default 15 s.
    pub fn ping_interval(self, interval: Duration) -> Self {
        self.set("pingInterval", millis(interval))
    }

    /// Sets the time for a pong, on a connection that has ponged before. Default 5 s.
    pub fn pong_timeout(self, timeout: Duration) -> Self {
        self.set("pongTimeout", millis(timeout))
    }

    /// Sets the number of messages that may wait for a connection. Default 1000.
    pub fn max_queued_messages(self, messages: u32) -> Self {
        self.set("maxQueuedMessages", Value::Number(messages.into()))
    }

    /// Sets the bytes (UTF-8) of messages that may wait for a connection. Default 1 MiB.
    pub fn max_queued_bytes(self, bytes: u32) -> Self {
        self.set("maxQueuedBytes", Value::Number(bytes.into()))
    }

    /// Sets the most bytes of a frame from the cloud. A larger one is dropped. Default 4 MiB.
    pub fn max_frame_bytes(self, bytes: u32) -> Self {
        self.set("maxFrameBytes", Value::Number(bytes.into()))
    }

    /// Sets the guarantee for messages whose connection is lost before the cloud has confirmed
    /// them. Default [`Delivery::AtMostOnce`].
    pub fn delivery(self, delivery: Delivery) -> Self {
        self.set("delivery", Value::Text(delivery.name().into()))
    }

    /// Sets the function that is asked at each closure, and at each failed attempt. `None` leaves
    /// the decision to the table of closures.
    pub fn should_reconnect(mut self, ask: impl Fn(&Cause) -> Option<Reconnect> + 'static) -> Self {
        self.should_reconnect = Some(Box::new(move |cause| Ok(ask(cause))));
        self.set("shouldReconnect", Value::Function)
    }

    /// Sets the least important level that is logged. Default [`LogLevel::Warn`].
    pub fn log_level(self, level: LogLevel) -> Self {
        self.set("logLevel", Value::Text(level.name().into()))
    }

    /// Sets the logger: an object of JavaScript with the methods `error`, `warn`, `info` and
    /// `debug`. Default: the console.
    pub fn logger(mut self, logger: impl Into<JsValue>) -> Self {
        let logger = logger.into();
        let value = if logger.is_object() {
            Value::Object
        } else {
            Value::Other
        };
        self.logger = Some(logger);
        self.set("logger", value)
    }

    /// Sets the constructor of WebSockets. Default: the global one.
    pub fn web_socket(mut self, constructor: Function) -> Self {
        self.web_socket = Some(constructor);
        self.set("WebSocket", Value::Function)
    }

    fn set(mut self, name: &'static str, value: Value) -> Self {
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value));
        self
    }

    fn get(&self, name: &str) -> Value {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map_or(Value::Missing, |(_, value)| value.clone())
    }

    /// Creates an idle session.
    ///
    /// # Errors
    ///
    /// Names the option that is wrong, its value and what is allowed.
    pub fn session(self) -> Result<TpaSession, Error> {
        let show = |name: &str| match self.get(name) {
            Value::Bool(value) => value.into(),
            Value::Number(value) => value.into(),
            Value::Text(value) => value.into(),
            Value::Missing | Value::Function | Value::Object | Value::Other => {
                self.logger.clone().unwrap_or_default()
            }
        };
        let options = validate(&|name| self.get(name), show)?;
        Ok(TpaSession(Driver::new(SessionOptions {
            options,
            api_key_provider: self.api_key_provider,
            url_provider: self.url_provider,
            should_reconnect: self.should_reconnect,
            web_socket: self.web_socket,
            logger: self.logger,
        })))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the key: debug output ends up in logs.
        let names = self.values.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

fn rust_provider<E: fmt::Display>(
    option: &'static str,
    provider: impl AsyncFn() -> Result<String, E> + Clone + 'static,
) -> Provider {
    let ask = move || {
        let provider = provider.clone();
        async move {
            let message = match provider().await {
                Ok(answer) if !answer.is_empty() => return Ok(answer.into()),
                Ok(_) => "the provider gave no non-empty string".to_owned(),
                Err(error) => format!("the provider failed: {error}"),
            };
            Err(js_sys::Error::new(&format!("{option}: {message}")).into())
        }
    };
    Box::new(move |_| future_to_promise(ask()))
}

fn millis(duration: Duration) -> Value {
    Value::Number(duration.as_millis() as f64)
}
