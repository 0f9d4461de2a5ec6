//! The health monitor of one user session: it sends pings and finds stale connections. The cloud
//! closes them.

use std::time::Duration;

use litemap::LiteMap;

use crate::context::Context;
use crate::events::{Event, Fact};
use crate::identity::ConnectionId;
use crate::output::Delivery;
use crate::time::Instant;
use crate::timers::Timer;

/// Pings are sent at multiples of this fraction of their interval, because many at once cost less
/// than each on its own.
const PING_TURNS: u32 = 100;

#[derive(Debug, Default)]
pub(crate) struct HealthMonitor {
    last_seen: LiteMap<ConnectionId, Instant>,
}

impl HealthMonitor {
    pub(crate) fn handle_event(&mut self, event: &Event, context: &mut Context) {
        let Some(who) = &event.who else { return };
        let id = who.connection_id;
        if event.fact == Fact::Acked {
            self.last_seen.insert(id, context.now());
            schedule_ping(id, context);
            let stale = context.now() + context.config.stale_after;
            context.timers.set(Timer::Stale(id), stale);
        } else if matches!(event.fact, Fact::Closed { .. }) {
            self.last_seen.remove(&id);
        }
    }

    /// Records that something was received.
    pub(crate) fn record_activity(&mut self, id: ConnectionId, now: Instant) {
        if let Some(last_seen) = self.last_seen.get_mut(&id) {
            *last_seen = now;
        }
    }

    /// Returns the monitored connections.
    #[cfg(feature = "test-util")]
    pub(crate) fn watched(&self) -> impl Iterator<Item = ConnectionId> {
        self.last_seen.keys().copied()
    }

    pub(crate) fn last_seen(&self, id: ConnectionId) -> Option<Instant> {
        self.last_seen.get(&id).copied()
    }

    pub(crate) fn ping(&self, id: ConnectionId, context: &mut Context) {
        context.deliver(id, Delivery::Ping);
        schedule_ping(id, context);
    }

    /// Returns for how long a connection has been silent, if that is too long. Otherwise schedules
    /// the next check; activity itself moves no timer, because it is frequent.
    pub(crate) fn check(&self, id: ConnectionId, context: &mut Context) -> Option<Duration> {
        let last_seen = self.last_seen(id)?;
        let silent = context.now().since(last_seen);
        if silent >= context.config.stale_after {
            return Some(silent);
        }
        let next = last_seen + context.config.stale_after;
        context.timers.set(Timer::Stale(id), next);
        None
    }
}

/// Sets the next ping, an interval after the last; the first is up to a turn early.
fn schedule_ping(id: ConnectionId, context: &mut Context) {
    let interval = context.config.ping_interval;
    let turn = (interval / PING_TURNS).as_millis() as u64;
    let due = (context.now() + interval).as_millis();
    let due = Instant::from_millis(due - due.checked_rem(turn).unwrap_or(0));
    context.timers.set(Timer::Ping(id), due);
}
