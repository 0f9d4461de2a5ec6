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
        if let (Some(who), Fact::Closed { .. }) = (&event.who, &event.fact) {
            self.by_connection.remove(&who.connection_id);
        }
    }

    /// Replaces what `id` had.
    pub(crate) fn replace(&mut self, id: ConnectionId, list: Vec<String>) {
        self.by_connection.insert(id, list.into_iter().collect());
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
