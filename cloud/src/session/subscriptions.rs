//! Subscriptions to streams.

use std::collections::BTreeSet;

use litemap::LiteMap;

use crate::context::Context;
use crate::events::{Event, Fact};
use crate::identity::ConnectionId;
use crate::session::streams;
use crate::time::Instant;

/// Number of apps whose subscriptions are held.
const MAX_HELD: usize = 64;

/// Estimated memory of a list that does not count towards the total.
const FREE_BYTES: usize = 4 * 1024;

/// The subscriptions of one user session, by connection. If a connection ends, they are held for
/// the next one of the same app, which has the grace period to come.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    by_connection: LiteMap<ConnectionId, Subscription>,
    /// By package, with the end of the grace period.
    held: LiteMap<String, (Subscription, Instant)>,
    /// Estimated memory, as far as it counts.
    bytes: usize,
}

#[derive(Debug)]
struct Subscription {
    package: String,
    /// The list as the TPA sent it.
    list: BTreeSet<String>,
    /// The scripted streams that the list selects.
    served: BTreeSet<String>,
    /// The app has released the session or was stopped, so that nothing is held for it.
    is_released: bool,
}

impl Subscription {
    /// Returns the estimated memory.
    fn bytes(&self) -> usize {
        /// An entry in both lists.
        const OVERHEAD: usize = 64;
        let names = self.list.iter().map(|name| OVERHEAD + 2 * name.len());
        names.sum()
    }

    fn is_long(&self) -> bool {
        self.bytes() > FREE_BYTES
    }
}

impl Subscriptions {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events do not affect subscriptions"
    )]
    pub(crate) fn handle_event(&mut self, event: &Event, context: &Context) {
        let package = event.package_name().unwrap_or_default();
        if let Fact::Evicted { .. } = event.fact {
            self.held.clear();
            self.by_connection
                .retain(|_, subscription| !subscription.is_long());
            self.bytes = 0;
        }
        if let Fact::AppStopped { .. } = event.fact {
            self.held.remove(package);
            let all = self.by_connection.iter_mut().map(|(_, known)| known);
            for subscription in all.filter(|known| known.package == package) {
                subscription.is_released = true;
            }
            self.measure();
        }
        let Some(who) = &event.who else { return };
        let id = who.connection_id;
        match &event.fact {
            Fact::Subscriptions { subscriptions } => {
                let list = subscriptions.iter().cloned().collect();
                let served = streams::served(&list);
                let subscription = Subscription {
                    package: package.to_owned(),
                    list,
                    served,
                    is_released: false,
                };
                self.by_connection.insert(id, subscription);
                self.measure();
            }
            Fact::Acked => {
                if let Some((subscription, until)) = self.held.remove(package)
                    && context.now() < until
                {
                    self.by_connection.insert(id, subscription);
                }
                self.measure();
            }
            Fact::Released { .. } => {
                if let Some(subscription) = self.by_connection.get_mut(&id) {
                    subscription.is_released = true;
                }
            }
            Fact::Closed { .. } | Fact::Detached { .. } => {
                if let Some(subscription) = self.by_connection.remove(&id)
                    && !subscription.is_released
                {
                    self.hold(subscription, context);
                }
                self.measure();
            }
            _ => {}
        }
    }

    /// Returns the estimated memory: that of long lists, and of all that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn measure(&mut self) {
        let held = self.held.values().map(|(held, _)| held.bytes());
        let lists = self.by_connection.values().map(Subscription::bytes);
        let long = lists.map(|bytes| bytes.saturating_sub(FREE_BYTES));
        self.bytes = held.chain(long).sum();
    }

    fn hold(&mut self, subscription: Subscription, context: &Context) {
        let now = context.now();
        self.held.retain(|_, (_, until)| now < *until);
        if self.held.len() < MAX_HELD {
            let until = now + context.config.app_restart_after;
            let package = subscription.package.clone();
            self.held.insert(package, (subscription, until));
        }
    }

    /// Returns the list that the next connection of an app takes over.
    pub(crate) fn held(&self, package: &str, now: Instant) -> Vec<String> {
        match self.held.get(package) {
            Some((subscription, until)) if now < *until => {
                subscription.list.iter().cloned().collect()
            }
            Some(_) | None => Vec::new(),
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
