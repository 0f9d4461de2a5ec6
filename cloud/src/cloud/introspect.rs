//! Who knows whom, for whoever checks that nobody knows the dead.

use std::collections::BTreeSet;

use super::Cloud;
use crate::identity::ConnectionId;
use crate::transport::{Link, Stage};

/// What keeps connections by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The sockets that have not introduced themselves, or have no ack.
    Handshakes,
    /// The sockets of connected TPAs.
    Members,
    /// The sockets that are only closing.
    Closing,
    /// The connection registry of a user session.
    Registry,
    /// The health monitor of a user session.
    HealthMonitor,
    /// The subscriptions of a user session.
    Subscriptions,
    /// The rooms in which apps meet.
    Rooms,
    /// The figures: whose lifetime is still to be noted.
    Metrics,
    /// The deadlines, but for those that see a closing socket off: what is held for it goes out,
    /// and it is cut. Once it is gone, those too.
    Deadlines,
    /// The faults that go on, or wait, for one connection only.
    Faults,
    /// The plans that are played for one connection only.
    Plans,
}

impl Cloud {
    /// Each part with each connection that it knows. One whose [`Fact::Closed`](crate::Fact)
    /// was told is known as [`Part::Closing`], if at all.
    pub fn known(&self) -> BTreeSet<(Part, ConnectionId)> {
        let mut known = BTreeSet::new();
        let mut add = |part, ids: &mut dyn Iterator<Item = ConnectionId>| {
            known.extend(ids.map(|id| (part, id)));
        };
        add_links(&mut add, self.context.links.iter());
        for session in self.sessions.values() {
            add(
                Part::Registry,
                &mut session.members().map(|who| who.connection_id),
            );
            add(Part::HealthMonitor, &mut session.watched());
            add(Part::Subscriptions, &mut session.subscribers());
        }
        add(Part::Rooms, &mut self.rooms.all_members());
        add(Part::Metrics, &mut self.context.metrics.alive());
        let links = &self.context.links;
        let is_closing = |id| links.get(id).is_some_and(Link::is_over);
        let deadlines = self.context.timers.of_connections();
        let deadlines = deadlines.filter(|(timer, id)| !(timer.sees_off() && is_closing(*id)));
        add(Part::Deadlines, &mut deadlines.map(|(_, id)| id));
        add(Part::Faults, &mut self.faults.connections());
        add(Part::Plans, &mut self.players.connections());
        known
    }
}

fn add_links<'a>(
    add: &mut impl FnMut(Part, &mut dyn Iterator<Item = ConnectionId>),
    links: impl Iterator<Item = (ConnectionId, &'a Link)>,
) {
    for (id, link) in links {
        let part = match link.stage {
            Stage::Handshaking(_) => Part::Handshakes,
            Stage::Member(..) => Part::Members,
            Stage::Closing => Part::Closing,
        };
        add(part, &mut std::iter::once(id));
    }
}
