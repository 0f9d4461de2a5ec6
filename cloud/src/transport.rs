//! Transports: the state of each socket below the level of sessions, and the effects of faults on
//! its frames.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::faults::Target;
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::lane::{Lane, Passage};
use crate::output::Delivery;
use crate::protocol::Dialect;
use crate::time::Instant;

/// Stage of a socket's life.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Open, without an ack. The identity may be incomplete.
    Handshaking(Arc<Identity>),
    /// Acknowledged, as a member of the user session.
    Member(Arc<Identity>, UserSessionId),
    /// Open, but no longer the app's current connection: it receives only pings.
    Detached(Arc<Identity>, UserSessionId),
    /// Ended; only the socket is not closed yet.
    Closing,
}

#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) stage: Stage,
    pub(crate) dialect: Dialect,
    pub(crate) received: u64,
    pub(crate) frozen: bool,
    /// Frames to the peer.
    pub(crate) down: Lane<Delivery>,
    /// Frames of the peer.
    pub(crate) up: Lane<Arrival>,
}

/// A frame of the peer that a fault holds.
#[derive(Debug)]
pub(crate) enum Arrival {
    Text(String),
    Binary(Vec<u8>),
    Ping,
    Pong,
}

impl Transport {
    pub(crate) fn new(identity: Arc<Identity>, dialect: Dialect) -> Self {
        Self {
            stage: Stage::Handshaking(identity),
            dialect,
            received: 0,
            frozen: false,
            down: Lane::default(),
            up: Lane::default(),
        }
    }

    /// Returns the identity; `None` once the connection has ended.
    pub(crate) fn identity(&self) -> Option<&Arc<Identity>> {
        match &self.stage {
            Stage::Handshaking(identity)
            | Stage::Member(identity, _)
            | Stage::Detached(identity, _) => Some(identity),
            Stage::Closing => None,
        }
    }

    /// Reports whether the connection does not receive frames.
    pub(crate) fn is_deaf(&self) -> bool {
        matches!(self.stage, Stage::Detached(..))
    }

    /// Returns the user session, after the acknowledgement.
    pub(crate) fn user_session(&self) -> Option<&UserSessionId> {
        match &self.stage {
            Stage::Member(_, user) | Stage::Detached(_, user) => Some(user),
            Stage::Handshaking(_) | Stage::Closing => None,
        }
    }

    /// Reports whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closing)
    }

    /// Sends a frame through the faults of the connection.
    pub(crate) fn send(
        &mut self,
        what: Delivery,
        now: Instant,
        max_bytes: usize,
    ) -> Passage<Delivery> {
        let is_close = matches!(what, Delivery::Close { .. });
        let cost = what.cost();
        self.down.pass(what, cost, now, max_bytes, is_close)
    }
}

/// All sockets that are not closed.
#[derive(Debug, Default)]
pub(crate) struct Transports {
    transports: BTreeMap<ConnectionId, Transport>,
}

impl Transports {
    pub(crate) fn insert(&mut self, id: ConnectionId, transport: Transport) {
        self.transports.insert(id, transport);
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) {
        self.transports.remove(&id);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Transport> {
        self.transports.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Transport> {
        self.transports.get_mut(&id)
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ConnectionId, &Transport)> {
        self.transports
            .iter()
            .map(|(id, transport)| (*id, transport))
    }

    pub(crate) fn len(&self) -> usize {
        self.transports.len()
    }

    /// Returns the numbers of handshaking, connected and closing sockets.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Stage) -> bool| {
            let transports = self.transports.values();
            transports.filter(|transport| is(&transport.stage)).count()
        };
        (
            count(|stage| matches!(stage, Stage::Handshaking(_))),
            count(|stage| matches!(stage, Stage::Member(..) | Stage::Detached(..))),
            count(|stage| matches!(stage, Stage::Closing)),
        )
    }

    pub(crate) fn all(&self) -> Vec<ConnectionId> {
        self.transports.keys().copied().collect()
    }

    /// Returns the connected TPAs.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Arc<Identity>> {
        self.transports
            .values()
            .filter_map(|transport| match &transport.stage {
                Stage::Member(who, _) => Some(who),
                Stage::Handshaking(_) | Stage::Detached(..) | Stage::Closing => None,
            })
    }

    /// Returns the connections of a target that have not ended.
    pub(crate) fn matching(&self, target: &Target) -> Vec<ConnectionId> {
        self.transports
            .iter()
            .filter(|(_, transport)| transport.identity().is_some_and(|who| target.includes(who)))
            .map(|(id, _)| *id)
            .collect()
    }
}
