//! The wire protocol: frames, close codes and the handshake.

pub(crate) mod close;
pub(crate) mod frame_spec;
pub(crate) mod handshake;
mod incoming;
mod kept;
mod outgoing;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::lenient;
pub(crate) use incoming::{
    AppRequest, ConnectionInit, DashboardSection, FromTpa, Release, ToApps, read_frame,
};
pub(crate) use outgoing::{
    Ack, DataStream, ack, app_stopped, connection_error, custom_message, dashboard_mode_changed,
    data_stream, default_settings, device_state, pong, settings_update,
};

/// The cloud release that a client expects; the releases differ in one field name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `/tpa-ws`.
    AugmentOs,
    /// `/app-ws`, of later releases.
    MentraOs,
}

/// Error of the glasses in place of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhotoError {
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

/// A part of the glasses' display.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The whole display.
    #[default]
    Main,
    /// The dashboard, visible when the wearer looks up.
    Dashboard,
    /// An overlay over the other views.
    AlwaysOn,
}

impl View {
    /// Returns the name in frames.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Dashboard => "dashboard",
            Self::AlwaysOn => "always_on",
        }
    }
}

/// Properties of a room, given by the app that creates it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomConfig {
    /// The largest number of members; unlimited by default.
    #[serde(
        default,
        deserialize_with = "lenient",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_users: Option<u64>,
    /// Forwarded to the members, otherwise unused.
    #[serde(
        default,
        deserialize_with = "lenient",
        skip_serializing_if = "Option::is_none"
    )]
    pub is_private: Option<bool>,
    /// Forwarded to the members, otherwise unused.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
}
