//! Requests for faults, and the connections that they target.

use std::time::Duration;

use serde::Serialize;

use super::kinds::Fault;
use crate::identity::{ConnectionId, Identity};

/// A request for a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRequest {
    /// The fault.
    pub fault: Fault,
    /// The connections that it affects.
    pub target: Target,
    /// Time during which it also affects new connections. Without it, `refuse`, `reject` and
    /// `drop_acks` affect the next connection, and the others only open connections.
    pub period: Option<Duration>,
    /// The share of the target's connections that it affects.
    pub share: Share,
}

/// A share of connections. Their numbers determine which it includes, spread evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// Every connection.
    pub const ALL: Self = Self(Self::PARTS);

    const PARTS: u32 = 1_000_000;

    /// Creates a share; `None` outside of 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        let is_valid = (0.0..=1.0).contains(&share);
        is_valid.then(|| Self((share * f64::from(Self::PARTS)).round() as u32))
    }

    /// Reports whether the share includes the connection with this number.
    pub(crate) fn includes(self, number: u64) -> bool {
        // Multiples of the golden ratio are spread evenly between 0 and 1.
        let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        (spread * u64::from(Self::PARTS)) >> 32 < u64::from(self.0)
    }
}

/// Direction of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the app to the cloud.
    Up,
    /// From the cloud to the app.
    Down,
    /// Both.
    #[default]
    Both,
}

/// The connections that a fault or a frame is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Every connection.
    All,
    /// The connections of an app, in all user sessions.
    Package(String),
    /// The connection of one app in one user session, by session id.
    Session(String),
    /// One connection.
    Connection(ConnectionId),
}

impl Target {
    /// The connection, if the target is a single one.
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Connection(id) => Some(*id),
            Self::All | Self::Package(_) | Self::Session(_) => None,
        }
    }

    /// Reports whether the target includes a connection.
    pub fn includes(&self, who: &Identity) -> bool {
        match self {
            Self::All => true,
            Self::Package(package) => who.package_name.as_ref() == Some(package),
            Self::Session(session) => who.session_id.as_ref() == Some(session),
            Self::Connection(id) => who.connection_id == *id,
        }
    }
}
