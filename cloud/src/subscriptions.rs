//! Who wants to hear what.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::{Event, Fact};
use crate::identity::ConnectionId;
use crate::streams;

/// The subscriptions of one user session, by connection: they end with it.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    by_connection: BTreeMap<ConnectionId, BTreeSet<String>>,
}

impl Subscriptions {
    pub(crate) fn follow(&mut self, event: &Event) {
        let Some(who) = &event.who else { return };
        if let Fact::Subscriptions { subscriptions } = &event.fact {
            let list = subscriptions.iter().cloned().collect();
            self.by_connection.insert(who.connection_id, list);
        } else if matches!(event.fact, Fact::Closed { .. }) {
            self.by_connection.remove(&who.connection_id);
        }
    }

    pub(crate) fn of(&self, id: ConnectionId) -> Vec<String> {
        let list = self.by_connection.get(&id).into_iter().flatten();
        list.cloned().collect()
    }

    /// Each connection with each stream that it wants and that is scripted. `all` and `*` stand
    /// for every stream under its plain name.
    pub(crate) fn wanted(&self) -> BTreeSet<(ConnectionId, &str)> {
        let mut wanted = BTreeSet::new();
        for (id, list) in &self.by_connection {
            for stream in list {
                if matches!(stream.as_str(), "all" | "*") {
                    wanted.extend(streams::PLAIN.iter().map(|plain| (*id, *plain)));
                } else if streams::is_scripted(stream) {
                    wanted.insert((*id, stream.as_str()));
                }
            }
        }
        wanted
    }
}
