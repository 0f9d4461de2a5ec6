//! Requests for faults, and the connections that they target.

use std::time::Duration;

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
