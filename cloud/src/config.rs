//! Options of a cloud.

use std::fmt;
use std::time::Duration;

use crate::constant_time;

/// Length of the sound in one binary frame.
pub(crate) const AUDIO_CHUNK: Duration = Duration::from_millis(100);

/// Options of a [`Cloud`](crate::Cloud). The defaults are those of the production clouds.
#[derive(Debug, Clone)]
pub struct Config {
    /// API key that TPAs must present.
    pub api_key: ApiKey,
    /// Interval of protocol-level pings.
    pub ping_interval: Duration,
    /// Silence after which a connection is closed.
    pub stale_after: Duration,
    /// Interval of the scripted streams; may be shorter than a millisecond.
    pub stream_interval: Duration,
    /// Interval of audio chunks; real time by default.
    pub audio_interval: Duration,
    /// Answers `ping` frames; older clouds ignore them.
    pub pong: bool,
    /// Refuses user sessions other than `user_sessions`.
    pub strict_sessions: bool,
    /// User sessions that exist from the start.
    pub user_sessions: Vec<String>,
    /// Time for a lost app to reconnect before it is restarted.
    pub app_restart_after: Duration,
    /// Form of a restart.
    pub restart: RestartForm,
    /// Time for a started app to be acknowledged, including its webhook's time.
    pub app_start_timeout: Duration,
    /// Treatment of an app's older connection.
    pub old_connection: OldConnection,
    /// URL of this cloud for started apps: scheme, host and port.
    pub public_url: String,
    /// Time for the first frame of a socket, and for each part of an HTTP request.
    pub handshake_timeout: Duration,
    /// Time for a close handshake before the socket is reset.
    pub close_timeout: Duration,
    /// Code of the close frames at a shutdown.
    pub shutdown_code: ShutdownCode,
    /// Limit of received frames, in bytes.
    pub max_frame_bytes: usize,
    /// Limit of open sockets.
    pub max_connections: usize,
    /// Limit of the send buffer of a connection, in bytes. Peers that do not read are reset.
    pub max_send_buffer_bytes: usize,
    /// Reports the text of each frame with its event, for tests of apps. The first frame of a
    /// connection has the API key, so its text is never reported.
    pub message_content: bool,
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
            restart: RestartForm::StopStart,
            app_start_timeout: Duration::from_secs(5),
            old_connection: OldConnection::Close,
            public_url: "ws://localhost:8002".to_owned(),
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(2),
            shutdown_code: ShutdownCode::ServiceRestart,
            max_frame_bytes: 1024 * 1024,
            max_connections: 16_384,
            max_send_buffer_bytes: 4 * 1024 * 1024,
            message_content: false,
        }
    }
}

/// Code of the close frames at a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownCode {
    /// 1012. Apps reconnect to the restarted server.
    ServiceRestart,
    /// 1001, which the production clouds send. It ends the sessions of the apps.
    GoingAway,
}

/// Form of a restart of an app whose connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartForm {
    /// A `stop_request`, whose response is awaited, and a `session_request`.
    StopStart,
    /// A `session_request` only.
    Start,
}

/// Treatment of an app's connection when the app opens another one for the same session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldConnection {
    /// It is closed with 4009.
    Close,
    /// It stays open, receives nothing, and its frames are still handled. When it ends, the cloud
    /// forgets the app's current connection, which then receives nothing either.
    Deaf,
    /// It stays open, receives nothing, and its frames and its end are ignored.
    Detach,
}

/// Accepted API keys.
#[derive(Clone)]
pub enum ApiKey {
    /// Every key except the empty one.
    Any,
    /// This key only.
    Exactly(String),
}

impl ApiKey {
    /// Reports whether a key is accepted, in constant time.
    pub fn accepts(&self, key: &str) -> bool {
        match self {
            Self::Any => !key.is_empty(),
            Self::Exactly(expected) => constant_time::eq(expected, key),
        }
    }
}

/// Redacted, so that the key does not reach a log.
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
