//! The options of a session, one method each.

use std::fmt;
use std::time::Duration;

use js_sys::{Object, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::future_to_promise;

use crate::session::{Delivery, LogLevel};
use crate::web::{TpaSession, fields};

use super::Error;

/// The options of a [`TpaSession`], of which all but the first two have a default.
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
/// What is wrong with them is told by [`session`](Self::session).
#[derive(Debug)]
#[must_use = "these are options; `session()` makes a session of them"]
pub struct Options(Object);

impl Options {
    /// Those of an app, by its reverse-DNS name, whose key is in the page.
    pub fn new(package_name: &str, api_key: &str) -> Self {
        Self(Object::new())
            .set("packageName", package_name)
            .set("apiKey", api_key)
    }

    /// Those of an app that is asked for a key at every attempt: a page has no key of its own,
    /// and asks its server for one.
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
        Self(Object::new())
            .set("packageName", package_name)
            .set("apiKey", asked(provider))
    }

    /// Where the cloud listens: a `ws:`, `wss:`, `http:` or `https:` URL. Default
    /// [`DEFAULT_URL`](crate::session::DEFAULT_URL).
    pub fn url(self, url: &str) -> Self {
        self.set("augmentOSWebsocketUrl", url)
    }

    /// The same, asked for at every attempt.
    pub fn url_provider<E: fmt::Display>(
        self,
        provider: impl AsyncFn() -> Result<String, E> + Clone + 'static,
    ) -> Self {
        self.set("augmentOSWebsocketUrl", asked(provider))
    }

    /// Whether a lost connection is made again. Default true.
    pub fn auto_reconnect(self, wanted: bool) -> Self {
        self.set("autoReconnect", wanted)
    }

    /// Attempts to reconnect before giving up; `None` is no limit. Default 3.
    pub fn max_reconnect_attempts(self, attempts: impl Into<Option<u32>>) -> Self {
        let attempts = attempts.into().map_or(f64::INFINITY, f64::from);
        self.set("maxReconnectAttempts", attempts)
    }

    /// Longest wait before the first reconnect; doubles with each attempt. Default 1 s.
    pub fn reconnect_delay(self, delay: Duration) -> Self {
        self.set("reconnectDelay", millis(delay))
    }

    /// Longest wait before any reconnect. Default 30 s.
    pub fn max_reconnect_delay(self, delay: Duration) -> Self {
        self.set("maxReconnectDelay", millis(delay))
    }

    /// Share of each wait that is left to chance, 0 to 1. Default 0.5.
    pub fn jitter(self, share: f64) -> Self {
        self.set("jitter", share)
    }

    /// Time that one attempt has, from dialling to the cloud's ack. Default 5 s.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.set("connectTimeout", millis(timeout))
    }

    /// How long a connection must last before attempts are counted from 0 again. Default 5 s.
    pub fn stable_after(self, time: Duration) -> Self {
        self.set("stableAfter", millis(time))
    }

    /// Longest silence before a ping; zero for no pings. Default 15 s.
    pub fn ping_interval(self, interval: Duration) -> Self {
        self.set("pingInterval", millis(interval))
    }

    /// How long a pong may take, on a connection that has ponged before. Default 5 s.
    pub fn pong_timeout(self, timeout: Duration) -> Self {
        self.set("pongTimeout", millis(timeout))
    }

    /// Most messages that wait while there is no connection. Default 1000.
    pub fn max_queued_messages(self, messages: u32) -> Self {
        self.set("maxQueuedMessages", messages)
    }

    /// Most bytes (UTF-8) that wait while there is no connection. Default 1 MiB.
    pub fn max_queued_bytes(self, bytes: u32) -> Self {
        self.set("maxQueuedBytes", bytes)
    }

    /// What becomes of messages whose connection is lost before the cloud has confirmed them.
    pub fn delivery(self, guarantee: Delivery) -> Self {
        let name = match guarantee {
            Delivery::AtMostOnce => "at-most-once",
            Delivery::AtLeastOnce => "at-least-once",
        };
        self.set("delivery", name)
    }

    /// Least important line that is written to the console. Default [`LogLevel::Warn`].
    pub fn log_level(self, level: LogLevel) -> Self {
        self.set("logLevel", level.name())
    }

    /// An option that only JavaScript can say, by the name that it has there: `logger`,
    /// `shouldReconnect` or `WebSocket`.
    pub fn set(self, name: &str, value: impl Into<JsValue>) -> Self {
        fields::set(&self.0, name, &value.into());
        self
    }

    /// A session that is idle.
    ///
    /// # Errors
    ///
    /// Names the option that is wrong, its value and what is allowed.
    pub fn session(self) -> Result<TpaSession, Error> {
        Ok(TpaSession::new(&self.0)?)
    }
}

/// A provider as JavaScript calls it.
fn asked<E: fmt::Display>(
    provider: impl AsyncFn() -> Result<String, E> + Clone + 'static,
) -> JsValue {
    let ask = move || -> Promise {
        let provider = provider.clone();
        future_to_promise(async move {
            match provider().await {
                Ok(answer) => Ok(answer.into()),
                Err(error) => Err(js_sys::Error::new(&error.to_string()).into()),
            }
        })
    };
    Closure::<dyn Fn() -> Promise>::new(ask).into_js_value()
}

fn millis(duration: Duration) -> f64 {
    duration.as_millis() as f64
}
