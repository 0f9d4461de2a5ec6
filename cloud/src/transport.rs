//! Transports: the state of each socket below the level of sessions, and the effects of faults on
//! its frames.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::faults::Target;
use crate::identity::{ConnectionId, Identity, UserSessionId};
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
    delay: Option<Delay>,
    held: VecDeque<(Instant, Delivery)>,
    held_bytes: usize,
}

#[derive(Debug)]
struct Delay {
    by: Duration,
    until: Option<Instant>,
}

impl Transport {
    pub(crate) fn new(identity: Arc<Identity>, dialect: Dialect) -> Self {
        Self {
            stage: Stage::Handshaking(identity),
            dialect,
            received: 0,
            frozen: false,
            delay: None,
            held: VecDeque::new(),
            held_bytes: 0,
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

    pub(crate) fn delay(&mut self, by: Duration, until: Option<Instant>) {
        self.delay = Some(Delay { by, until });
    }

    /// Ends a delay. Returns whether frames are held; they are due immediately.
    pub(crate) fn end_delay(&mut self, now: Instant) -> bool {
        self.delay = None;
        for (due, _) in &mut self.held {
            *due = now;
        }
        !self.held.is_empty()
    }

    /// Sends a frame through the faults of the connection.
    pub(crate) fn send(&mut self, what: Delivery, now: Instant, max_bytes: usize) -> SendOutcome {
        if self.frozen {
            return SendOutcome::Lost;
        }
        let delay = match &self.delay {
            Some(delay) if delay.until.is_none_or(|until| now < until) => delay.by,
            Some(_) | None => Duration::ZERO,
        };
        // Frames stay in order.
        let last = self.held.back().map_or(now, |(due, _)| *due);
        let due = last.max(now + delay);
        if due <= now && self.held.is_empty() {
            return SendOutcome::Send(what);
        }
        let is_close = matches!(what, Delivery::Close { .. });
        if !is_close && self.held_bytes + what.cost() > max_bytes {
            return SendOutcome::Full;
        }
        self.held_bytes += what.cost();
        self.held.push_back((due, what));
        SendOutcome::Held(due)
    }

    /// Returns the next held frame that is due.
    pub(crate) fn release(&mut self, now: Instant) -> Option<Delivery> {
        if self.held.front()?.0 > now {
            return None;
        }
        let (_, what) = self.held.pop_front()?;
        self.held_bytes -= what.cost();
        Some(what)
    }

    /// Returns the time at which the next held frame is due.
    pub(crate) fn next_release(&self) -> Option<Instant> {
        self.held.front().map(|(due, _)| *due)
    }

    /// Returns the time at which the last held frame is due.
    pub(crate) fn last_release(&self) -> Option<Instant> {
        self.held.back().map(|(due, _)| *due)
    }

    pub(crate) fn discard_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }
}

/// Outcome of [`Transport::send`].
pub(crate) enum SendOutcome {
    /// To be sent immediately.
    Send(Delivery),
    /// Held at least until then.
    Held(Instant),
    /// Refused, because the limit of held bytes is reached.
    Full,
    /// Lost, because the connection is frozen.
    Lost,
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
