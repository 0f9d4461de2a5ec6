//! Introspection for tests, behind the feature `test-util`.

use std::collections::BTreeSet;

use super::Cloud;
use crate::identity::ConnectionId;
use crate::transport::{Stage, Transport};

/// A component that stores connection ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// Sockets before their acknowledgement.
    Handshakes,
    /// Sockets of connected TPAs.
    Members,
    /// Sockets of TPAs that have another connection now.
    Detached,
    /// Sockets that are closing.
    Closing,
    /// The connection registry of a user session.
    Registry,
    /// The health monitor of a user session.
    HealthMonitor,
    /// The subscriptions of a user session.
    Subscriptions,
    /// The rooms that apps share.
    Rooms,
    /// The metrics, which measure lifetimes.
    Metrics,
    /// The timers, except for the two that finish a closing socket: held frames are sent and the
    /// socket is reset.
    Timers,
    /// Faults for one connection.
    Faults,
    /// Plans for one connection.
    Plans,
}

impl Cloud {
    /// Lists which components still reference which connections, so that tests can assert that
    /// closed connections are released. After its [`Fact::Closed`](crate::Fact::Closed) a
    /// connection is referenced by [`Component::Closing`] at most.
    pub fn references(&self) -> BTreeSet<(Component, ConnectionId)> {
        let mut references = BTreeSet::new();
        let mut add = |component, ids: &mut dyn Iterator<Item = ConnectionId>| {
            references.extend(ids.map(|id| (component, id)));
        };
        add_transports(&mut add, self.context.transports.iter());
        for session in self.sessions.values() {
            let members = session.members();
            add(
                Component::Registry,
                &mut members.map(|who| who.connection_id),
            );
            add(Component::HealthMonitor, &mut session.watched());
            add(Component::Subscriptions, &mut session.subscribers());
        }
        add(Component::Rooms, &mut self.rooms.all_members());
        add(Component::Metrics, &mut self.context.metrics.alive());
        let transports = &self.context.transports;
        let is_closing = |id| transports.get(id).is_some_and(Transport::is_closed);
        let timers = self.context.timers.of_connections();
        let timers = timers.filter(|(timer, id)| !(timer.finishes_closing() && is_closing(*id)));
        add(Component::Timers, &mut timers.map(|(_, id)| id));
        add(Component::Faults, &mut self.faults.connections());
        add(Component::Plans, &mut self.playback.connections());
        references
    }

    /// Returns the number of frames of a peer that faults hold.
    pub fn held_arrivals(&self, id: ConnectionId) -> usize {
        let transport = self.context.transports.get(id);
        transport.map_or(0, |transport| transport.up.held_count())
    }
}

fn add_transports<'a>(
    add: &mut impl FnMut(Component, &mut dyn Iterator<Item = ConnectionId>),
    transports: impl Iterator<Item = (ConnectionId, &'a Transport)>,
) {
    for (id, transport) in transports {
        let component = match transport.stage {
            Stage::Handshaking(_) => Component::Handshakes,
            Stage::Member(..) => Component::Members,
            Stage::Detached(..) => Component::Detached,
            Stage::Closing => Component::Closing,
        };
        add(component, &mut std::iter::once(id));
    }
}
