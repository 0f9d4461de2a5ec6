//! The connection registry of a user session.

use std::sync::Arc;

use litemap::LiteMap;

use crate::events::{Event, Fact};
use crate::identity::{ConnectionId, Identity};

/// The connections of one user session; at most one for each package.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    members: LiteMap<ConnectionId, Arc<Identity>>,
}

impl Registry {
    pub(crate) fn handle_event(&mut self, event: &Event) {
        let Some(who) = &event.who else { return };
        if event.fact == Fact::Acked {
            self.members.insert(who.connection_id, Arc::clone(who));
        } else if matches!(event.fact, Fact::Closed { .. } | Fact::Detached { .. }) {
            self.members.remove(&who.connection_id);
        }
    }

    pub(crate) fn connection_of(&self, package: &str) -> Option<ConnectionId> {
        self.members
            .values()
            .find(|who| who.package_name.as_deref() == Some(package))
            .map(|who| who.connection_id)
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Arc<Identity>> {
        self.members.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Identity>> {
        self.members.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}
