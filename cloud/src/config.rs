//! What a cloud can be told to do differently.

use std::fmt;
use std::time::Duration;

use crate::constant_time;

/// Length of the sound in one binary frame.
pub(crate) const AUDIO_CHUNK: Duration = Duration::from_millis(100);

/// Options of a [`Cloud`](crate::Cloud). The defaults are those of the real clouds.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key that a TPA must present.
    pub api_key: ApiKey,
    /// How often an idle connection gets a protocol-level ping.
    pub ping_interval: Duration,
    /// How long a connection may be silent before it is taken for dead.
    pub stale_after: Duration,
    /// How often the scripted streams say something; may be less than a millisecond.
    pub stream_interval: Duration,
    /// How often an audio chunk is sent; with the default as fast as it would be heard.
    pub audio_interval: Duration,
    /// Whether a `ping` frame is answered; older clouds ignore it.
    pub pong: bool,
    /// Whether user sessions other than `user_sessions` are refused.
    pub strict_sessions: bool,
    /// The user sessions that are there from the start.
    pub user_sessions: Vec<String>,
    /// How long an app whose connection was lost may take to come back before it is started
    /// again.
    pub app_restart_after: Duration,
    /// Where apps that are started find this cloud: scheme, host and port.
    pub public_url: String,
    /// How long a new socket may take to introduce itself.
    pub handshake_timeout: Duration,
    /// How long a close handshake may take before the socket is cut.
    pub close_timeout: Duration,
    /// The longest frame that is accepted, in bytes.
    pub max_frame_bytes: usize,
    /// How many sockets may be open at once.
    pub max_connections: usize,
    /// How much may wait to be sent on one connection, in bytes. Whoever does not read is cut.
    pub max_send_buffer_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_key: ApiKey::Exactly("dev-key".to_owned()),
            ping_interval: Duration::from_secs(15),
            stale_after: Duration::from_secs(45),
            stream_interval: Duration::from_secs(1),
            audio_interval: AUDIO_CHUNK,
            pong: true,
            strict_sessions: false,
            user_sessions: Vec::new(),
            app_restart_after: Duration::from_secs(5),
            public_url: "ws://localhost:8002".to_owned(),
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(2),
            max_frame_bytes: 1024 * 1024,
            max_connections: 16_384,
            max_send_buffer_bytes: 4 * 1024 * 1024,
        }
    }
}

/// Which API keys are accepted.
#[derive(Clone)]
pub enum ApiKey {
    /// Every key that is not empty.
    Any,
    /// This key and no other.
    Exactly(String),
}

impl ApiKey {
    /// Whether `key` is accepted. Takes the same time for every wrong key.
    pub fn accepts(&self, key: &str) -> bool {
        match self {
            Self::Any => !key.is_empty(),
            Self::Exactly(expected) => constant_time::eq(expected, key),
        }
    }
}

/// Redacted, so that no log line can hold the key by accident.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::Exactly(_) => f.write_str("Exactly(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_key_is_accepted() {
        let key = ApiKey::Exactly("dev-key".to_owned());
        assert!(key.accepts("dev-key"));
        for wrong in ["", "dev-ke", "dev-keyy", "dev-kez", "dev-key\0"] {
            assert!(!key.accepts(wrong), "{wrong:?}");
        }
        assert!(ApiKey::Any.accepts("anything"));
        assert!(!ApiKey::Any.accepts(""));
    }

    #[test]
    fn debug_output_hides_the_key() {
        let config = Config {
            api_key: ApiKey::Exactly("hunter2".to_owned()),
            ..Config::default()
        };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
