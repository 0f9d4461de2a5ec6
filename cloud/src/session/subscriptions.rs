//! Subscriptions to streams.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::{Event, Fact};
use crate::identity::ConnectionId;
use crate::session::streams;

/// The subscriptions of one user session, by connection.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    by_connection: BTreeMap<ConnectionId, Subscription>,
}

#[derive(Debug)]
struct Subscription {
    /// The list as the TPA sent it.
    list: BTreeSet<String>,
    /// The scripted streams that the list selects.
    served: BTreeSet<String>,
}

impl Subscriptions {
    pub(crate) fn handle_event(&mut self, event: &Event) {
        let Some(who) = &event.who else { return };
        if let Fact::Subscriptions { subscriptions } = &event.fact {
            let list = subscriptions.iter().cloned().collect();
            let served = streams::served(&list);
            let subscription = Subscription { list, served };
            self.by_connection.insert(who.connection_id, subscription);
        } else if matches!(event.fact, Fact::Closed { .. }) {
            self.by_connection.remove(&who.connection_id);
        }
    }

    /// Returns the connections with a list.
    #[cfg(feature = "test-util")]
    pub(crate) fn subscribers(&self) -> impl Iterator<Item = ConnectionId> {
        self.by_connection.keys().copied()
    }

    pub(crate) fn of(&self, id: ConnectionId) -> Vec<String> {
        let list = self
            .by_connection
            .get(&id)
            .map(|subscription| &subscription.list);
        list.into_iter().flatten().cloned().collect()
    }

    /// Reports whether a connection subscribes to a stream.
    pub(crate) fn is_subscribed(&self, id: ConnectionId, stream: &str) -> bool {
        let subscription = self.by_connection.get(&id);
        subscription.is_some_and(|Subscription { list, .. }| {
            ["*", "all", stream].iter().any(|name| list.contains(*name))
        })
    }

    /// Returns each connection with each scripted stream that it receives.
    pub(crate) fn served(&self) -> impl Iterator<Item = (ConnectionId, &str)> {
        self.by_connection.iter().flat_map(|(id, subscription)| {
            let served = subscription.served.iter();
            served.map(|stream| (*id, stream.as_str()))
        })
    }
}
