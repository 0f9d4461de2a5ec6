//! The wire protocol: frames, close codes and the handshake.

pub(crate) mod close;
pub(crate) mod frame_spec;
pub(crate) mod handshake;
mod incoming;
mod outgoing;

use serde::Serialize;
use serde_json::Value;

pub(crate) use incoming::{AppRequest, ConnectionInit, FromTpa, ToApps, read_frame};
pub(crate) use outgoing::{
    ack, app_stopped, connection_error, custom_message, dashboard_mode_changed, data_stream,
    default_settings, pong, settings_update,
};

/// Which cloud a client takes this one for; they differ in one field name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `/tpa-ws`.
    AugmentOs,
    /// `/app-ws`, of later releases.
    MentraOs,
}

/// A place where an app can show something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The whole display.
    Main,
    /// The dashboard, seen when looking up.
    Dashboard,
    /// On top of everything.
    AlwaysOn,
}

impl View {
    /// The view that the wire calls `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "main" => Some(Self::Main),
            "dashboard" => Some(Self::Dashboard),
            "always_on" => Some(Self::AlwaysOn),
            _ => None,
        }
    }
}

/// What the first of a room says about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomConfig {
    /// How many it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_users: Option<u64>,
    /// Whether it is to be kept quiet; only passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_private: Option<bool>,
    /// Anything; only passed on.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
}
