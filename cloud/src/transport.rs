//! Links: what the cloud knows of a socket below the level of sessions, and what the faults on it
//! do to what passes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::faults::Target;
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::output::Delivery;
use crate::protocol::Dialect;
use crate::time::Instant;

/// How far a socket has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Open; who it is may be known, but it has no ack.
    Handshaking(Arc<Identity>),
    /// Let in; the user session's manager looks after it.
    Member(Arc<Identity>, UserSessionId),
    /// Over, except that the socket is not gone yet. Nothing else is kept of it.
    Closing,
}

#[derive(Debug)]
pub(crate) struct Link {
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

impl Link {
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

    /// Whose link it is; `None` once it is over.
    pub(crate) fn identity(&self) -> Option<&Arc<Identity>> {
        match &self.stage {
            Stage::Handshaking(identity) | Stage::Member(identity, _) => Some(identity),
            Stage::Closing => None,
        }
    }

    /// Whether only the socket is left of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Closing)
    }

    pub(crate) fn delay(&mut self, by: Duration, until: Option<Instant>) {
        self.delay = Some(Delay { by, until });
    }

    /// Ends a delay. What was held is due at once.
    pub(crate) fn hurry(&mut self, now: Instant) -> bool {
        self.delay = None;
        for (due, _) in &mut self.held {
            *due = now;
        }
        !self.held.is_empty()
    }

    pub(crate) fn gate(&mut self, what: Delivery, now: Instant, most_bytes: usize) -> Gate {
        if self.frozen {
            return Gate::Lost;
        }
        let delay = match &self.delay {
            Some(delay) if delay.until.is_none_or(|until| now < until) => delay.by,
            Some(_) | None => Duration::ZERO,
        };
        // Order is kept: nothing overtakes what is held.
        let last = self.held.back().map_or(now, |(due, _)| *due);
        let due = last.max(now + delay);
        if due <= now && self.held.is_empty() {
            return Gate::Now(what);
        }
        let is_close = matches!(what, Delivery::Close { .. });
        if !is_close && self.held_bytes + what.cost() > most_bytes {
            return Gate::Full;
        }
        self.held_bytes += what.cost();
        self.held.push_back((due, what));
        Gate::Held(due)
    }

    /// What was held and is due.
    pub(crate) fn release(&mut self, now: Instant) -> Option<Delivery> {
        if self.held.front()?.0 > now {
            return None;
        }
        let (_, what) = self.held.pop_front()?;
        self.held_bytes -= what.cost();
        Some(what)
    }

    /// When the next of what is held is due.
    pub(crate) fn next_release(&self) -> Option<Instant> {
        self.held.front().map(|(due, _)| *due)
    }

    /// When the last of what is held is due.
    pub(crate) fn last_release(&self) -> Option<Instant> {
        self.held.back().map(|(due, _)| *due)
    }

    pub(crate) fn forget_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }
}

/// What a link does with a delivery.
pub(crate) enum Gate {
    /// It goes out.
    Now(Delivery),
    /// It waits at least until then.
    Held(Instant),
    /// More waits already than may.
    Full,
    /// A frozen cloud produces nothing.
    Lost,
}

/// All sockets, from their opening until they are gone.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: BTreeMap<ConnectionId, Link>,
}

impl Links {
    pub(crate) fn insert(&mut self, id: ConnectionId, link: Link) {
        self.links.insert(id, link);
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) {
        self.links.remove(&id);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Link> {
        self.links.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Link> {
        self.links.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ConnectionId, &Link)> {
        self.links.iter().map(|(id, link)| (*id, link))
    }

    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// How many are handshaking, connected and closing.
    pub(crate) fn census(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Stage) -> bool| {
            let links = self.links.values();
            links.filter(|link| is(&link.stage)).count()
        };
        (
            count(|stage| matches!(stage, Stage::Handshaking(_))),
            count(|stage| matches!(stage, Stage::Member(..))),
            count(|stage| matches!(stage, Stage::Closing)),
        )
    }

    pub(crate) fn all(&self) -> Vec<ConnectionId> {
        self.links.keys().copied().collect()
    }

    /// The links that are not over and that `target` means.
    pub(crate) fn matching(&self, target: &Target) -> Vec<ConnectionId> {
        self.links
            .iter()
            .filter(|(_, link)| link.identity().is_some_and(|who| target.means(who)))
            .map(|(id, _)| *id)
            .collect()
    }
}
