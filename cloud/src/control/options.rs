//! Options of a cloud as JSON, for shells that are not written in Rust.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::config::{ApiKey, Config, OldConnection, RestartForm, ShutdownCode};
use crate::faults::request::{self, BadRequest};
use crate::json::{self, checked};

impl Config {
    /// Reads options, named as those of the command line in camel case. Missing ones keep their
    /// defaults.
    ///
    /// # Errors
    ///
    /// The error names the field, its value and what is allowed.
    pub fn from_json(text: &str) -> Result<Self, BadRequest> {
        let options: Options = json::parse(request::object(text.as_bytes())?, &[])?;
        let mut config = Self::default();
        options.apply(&mut config);
        Ok(config)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    #[serde(deserialize_with = "api_key")]
    api_key: Option<ApiKey>,
    #[serde(deserialize_with = "time")]
    ping_interval: Option<Duration>,
    #[serde(deserialize_with = "time")]
    stale_after: Option<Duration>,
    #[serde(deserialize_with = "time")]
    restart_app_after: Option<Duration>,
    #[serde(deserialize_with = "restart")]
    restart: Option<RestartForm>,
    #[serde(deserialize_with = "time")]
    start_timeout: Option<Duration>,
    #[serde(deserialize_with = "old_connection")]
    old_connection: Option<OldConnection>,
    #[serde(deserialize_with = "flag")]
    pong: Option<bool>,
    #[serde(deserialize_with = "flag")]
    strict_sessions: Option<bool>,
    #[serde(deserialize_with = "user_sessions")]
    user_sessions: Option<Vec<String>>,
    #[serde(deserialize_with = "public_url")]
    public_url: Option<String>,
    #[serde(deserialize_with = "short_time")]
    stream_interval: Option<Duration>,
    #[serde(deserialize_with = "short_time")]
    audio_interval: Option<Duration>,
    #[serde(deserialize_with = "count")]
    max_frame: Option<usize>,
    #[serde(deserialize_with = "count")]
    max_connections: Option<usize>,
    #[serde(deserialize_with = "count")]
    max_send_buffer: Option<usize>,
    #[serde(deserialize_with = "time")]
    handshake_timeout: Option<Duration>,
    #[serde(deserialize_with = "time")]
    close_timeout: Option<Duration>,
    #[serde(deserialize_with = "shutdown_code")]
    shutdown_code: Option<ShutdownCode>,
    #[serde(deserialize_with = "flag")]
    message_content: Option<bool>,
}

impl Options {
    fn apply(self, config: &mut Config) {
        fn set<T>(option: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *option = given;
            }
        }
        set(&mut config.api_key, self.api_key);
        set(&mut config.ping_interval, self.ping_interval);
        set(&mut config.stale_after, self.stale_after);
        set(&mut config.app_restart_after, self.restart_app_after);
        set(&mut config.restart, self.restart);
        set(&mut config.app_start_timeout, self.start_timeout);
        set(&mut config.old_connection, self.old_connection);
        set(&mut config.pong, self.pong);
        set(&mut config.strict_sessions, self.strict_sessions);
        set(&mut config.user_sessions, self.user_sessions);
        set(&mut config.public_url, self.public_url);
        set(&mut config.stream_interval, self.stream_interval);
        set(&mut config.audio_interval, self.audio_interval);
        set(&mut config.max_frame_bytes, self.max_frame);
        set(&mut config.max_connections, self.max_connections);
        set(&mut config.max_send_buffer_bytes, self.max_send_buffer);
        set(&mut config.handshake_timeout, self.handshake_timeout);
        set(&mut config.close_timeout, self.close_timeout);
        set(&mut config.shutdown_code, self.shutdown_code);
        set(&mut config.message_content, self.message_content);
    }
}

/// Returns the one of some names that a value is.
fn named<T: Copy>(value: &Value, names: [(&str, T); 2]) -> Option<T> {
    let value = value.as_str()?;
    let found = names.iter().find(|(name, _)| *name == value)?;
    Some(found.1)
}

fn api_key<'de, D: Deserializer<'de>>(d: D) -> Result<Option<ApiKey>, D::Error> {
    checked(d, "a key, or \"any\"", |value| match value.as_str()? {
        "" => None,
        "any" => Some(Some(ApiKey::Any)),
        key => Some(Some(ApiKey::Exactly(key.to_owned()))),
    })
}

fn at_least(value: &Value, least: Duration) -> Option<Option<Duration>> {
    let time = match value.as_str() {
        Some(text) => humantime::parse_duration(text).ok()?,
        None => Duration::from_millis(value.as_u64()?),
    };
    (time >= least).then_some(Some(time))
}

fn time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    const TIME: &str = "a number of milliseconds from 1, or a time such as \"15s\" or \"500ms\"";
    checked(d, TIME, |value| at_least(value, Duration::from_millis(1)))
}

fn short_time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    const TIME: &str = "a number of milliseconds from 1, or a time such as \"1s\" or \"10us\"";
    checked(d, TIME, |value| at_least(value, Duration::from_micros(10)))
}

fn restart<'de, D: Deserializer<'de>>(d: D) -> Result<Option<RestartForm>, D::Error> {
    let forms = [
        ("stop-start", RestartForm::StopStart),
        ("start", RestartForm::Start),
    ];
    checked(d, "stop-start or start", |value| {
        named(value, forms).map(Some)
    })
}

fn old_connection<'de, D: Deserializer<'de>>(d: D) -> Result<Option<OldConnection>, D::Error> {
    checked(d, "close, deaf or detach", |value| {
        match value.as_str()? {
            "close" => Some(Some(OldConnection::Close)),
            "deaf" => Some(Some(OldConnection::Deaf)),
            "detach" => Some(Some(OldConnection::Detach)),
            _ => None,
        }
    })
}

fn flag<'de, D: Deserializer<'de>>(d: D) -> Result<Option<bool>, D::Error> {
    checked(d, "true or false", |value| value.as_bool().map(Some))
}

fn user_sessions<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<String>>, D::Error> {
    checked(d, "a list of ids that are not empty", |value| {
        let ids = value.as_array()?.iter();
        let id = |id: &Value| Some(id.as_str().filter(|id| !id.is_empty())?.to_owned());
        ids.map(id).collect::<Option<Vec<String>>>().map(Some)
    })
}

fn public_url<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    checked(d, "a URL that begins with ws:// or wss://", |value| {
        let url = value.as_str()?.trim_end_matches('/');
        let is_valid = url.starts_with("ws://") || url.starts_with("wss://");
        is_valid.then(|| Some(url.to_owned()))
    })
}

fn count<'de, D: Deserializer<'de>>(d: D) -> Result<Option<usize>, D::Error> {
    checked(d, "a whole number above 0", |value| {
        let count = value.as_u64().filter(|count| *count > 0)?;
        usize::try_from(count).ok().map(Some)
    })
}

fn shutdown_code<'de, D: Deserializer<'de>>(d: D) -> Result<Option<ShutdownCode>, D::Error> {
    checked(d, "1012 or 1001", |value| match value.as_u64()? {
        1012 => Some(Some(ShutdownCode::ServiceRestart)),
        1001 => Some(Some(ShutdownCode::GoingAway)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_options_keep_their_defaults() {
        let config = Config::from_json(r#"{"pingInterval": "1s", "pong": null}"#).unwrap();
        assert_eq!(config.ping_interval, Duration::from_secs(1));
        assert_eq!(config.stale_after, Config::default().stale_after);
        assert!(config.pong);
    }

    #[test]
    fn every_option_is_read() {
        let text = r#"{"apiKey": "k", "pingInterval": 1, "staleAfter": 2, "restartAppAfter": 3,
            "restart": "start", "startTimeout": 4, "oldConnection": "deaf", "pong": false,
            "strictSessions": true, "userSessions": ["u"], "publicUrl": "wss://a/",
            "streamInterval": "10us", "audioInterval": 5, "maxFrame": 6, "maxConnections": 7,
            "maxSendBuffer": 8, "handshakeTimeout": 9, "closeTimeout": 10, "shutdownCode": 1001,
            "messageContent": true}"#;
        let config = Config::from_json(text).unwrap();
        let millis = |time: Duration| time.as_millis();
        assert!(config.api_key.accepts("k") && !config.api_key.accepts("dev-key"));
        let times = [
            config.ping_interval,
            config.stale_after,
            config.app_restart_after,
            config.app_start_timeout,
            config.audio_interval,
            config.handshake_timeout,
            config.close_timeout,
        ];
        assert_eq!(times.map(millis), [1, 2, 3, 4, 5, 9, 10]);
        assert_eq!(config.stream_interval, Duration::from_micros(10));
        assert_eq!(config.restart, RestartForm::Start);
        assert_eq!(config.old_connection, OldConnection::Deaf);
        assert_eq!(config.shutdown_code, ShutdownCode::GoingAway);
        assert!(!config.pong && config.strict_sessions && config.message_content);
        assert_eq!(config.user_sessions, ["u"]);
        assert_eq!(config.public_url, "wss://a");
        let sizes = [
            config.max_frame_bytes,
            config.max_connections,
            config.max_send_buffer_bytes,
        ];
        assert_eq!(sizes, [6, 7, 8]);
    }

    #[test]
    fn errors_name_the_option() {
        for (text, field) in [
            ("[]", ""),
            (r#"{"apiKey": ""}"#, "apiKey"),
            (r#"{"pingInterval": 0}"#, "pingInterval"),
            (r#"{"staleAfter": "soon"}"#, "staleAfter"),
            (r#"{"restart": "no"}"#, "restart"),
            (r#"{"oldConnection": 1}"#, "oldConnection"),
            (r#"{"pong": "yes"}"#, "pong"),
            (r#"{"userSessions": [""]}"#, "userSessions"),
            (r#"{"publicUrl": "http://a"}"#, "publicUrl"),
            (r#"{"maxFrame": 1.5}"#, "maxFrame"),
            (r#"{"shutdownCode": 1000}"#, "shutdownCode"),
            (r#"{"pings": 1}"#, "pings"),
        ] {
            let error = Config::from_json(text).unwrap_err();
            assert_eq!(error.field, field, "{text}: {error}");
        }
    }
}
