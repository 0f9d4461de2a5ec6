//! Timers, by name, in one table.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::PlayId;
use crate::identity::{ConnectionId, UserSessionId};
use crate::protocol::View;
use crate::time::Instant;

/// A timer; each has at most one deadline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Closes a socket without a handshake.
    Handshake(ConnectionId),
    /// Sends a protocol-level ping.
    Ping(ConnectionId),
    /// Checks a connection for silence.
    Stale(ConnectionId),
    /// Resets a socket whose close handshake does not end.
    Cut(ConnectionId),
    /// Sends frames that a `delay` fault holds.
    Release(ConnectionId),
    /// Handles frames that a fault holds on their way to the cloud.
    Arrive(ConnectionId),
    /// Resets a connection whose send buffer is full.
    Overflow(ConnectionId),
    /// Ends a `freeze` fault.
    Thaw(ConnectionId),
    /// Resets a connection for a `flap` fault.
    Flap(ConnectionId),
    /// Sends a user session's scripted streams.
    Streams(UserSessionId),
    /// Sends a user session's audio.
    Audio(UserSessionId),
    /// Performs a plan's next step.
    Plan(PlayId),
    /// Takes the next step of an app's start or restart.
    AppNextStep(UserSessionId, String),
    /// Gives up an app that does not connect after its start.
    AppStartTimeout(UserSessionId, String),
    /// Ends the armed fault whose period ends first.
    ArmedFaultEnd,
    /// Ends a display.
    DisplayEnd(UserSessionId, View),
}

impl Timer {
    /// Returns the timers that are stopped with a connection. `Cut` outlives it, because it ensures
    /// that the socket closes.
    pub(crate) fn of_connection(id: ConnectionId) -> [Self; 8] {
        [
            Self::Handshake(id),
            Self::Ping(id),
            Self::Stale(id),
            Self::Release(id),
            Self::Arrive(id),
            Self::Overflow(id),
            Self::Thaw(id),
            Self::Flap(id),
        ]
    }

    /// Reports whether the timer finishes a closing socket.
    #[cfg(feature = "test-util")]
    pub(crate) fn finishes_closing(&self) -> bool {
        matches!(self, Self::Release(_) | Self::Cut(_))
    }

    /// Returns the connection of the timer, if it belongs to one.
    #[cfg(feature = "test-util")]
    fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Handshake(id)
            | Self::Ping(id)
            | Self::Stale(id)
            | Self::Release(id)
            | Self::Arrive(id)
            | Self::Cut(id)
            | Self::Overflow(id)
            | Self::Thaw(id)
            | Self::Flap(id) => Some(*id),
            Self::Streams(_)
            | Self::Audio(_)
            | Self::Plan(_)
            | Self::AppNextStep(..)
            | Self::AppStartTimeout(..)
            | Self::ArmedFaultEnd
            | Self::DisplayEnd(..) => None,
        }
    }
}

/// The deadlines of the timers that are set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_name: BTreeMap<Timer, Instant>,
    by_time: BTreeSet<(Instant, Timer)>,
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.stop(&timer);
        self.by_time.insert((at, timer.clone()));
        self.by_name.insert(timer, at);
    }

    /// Sets a timer, unless it is set to an earlier time.
    pub(crate) fn set_no_later(&mut self, timer: Timer, at: Instant) {
        if self.by_name.get(&timer).is_none_or(|due| *due > at) {
            self.set(timer, at);
        }
    }

    pub(crate) fn stop(&mut self, timer: &Timer) {
        if let Some((timer, at)) = self.by_name.remove_entry(timer) {
            self.by_time.remove(&(at, timer));
        }
    }

    pub(crate) fn is_set(&self, timer: &Timer) -> bool {
        self.by_name.contains_key(timer)
    }

    pub(crate) fn pop_expired(&mut self, now: Instant) -> Option<Timer> {
        if self.by_time.first()?.0 > now {
            return None;
        }
        let (_, timer) = self.by_time.pop_first()?;
        self.by_name.remove(&timer);
        Some(timer)
    }

    /// Returns the timers of connections.
    #[cfg(feature = "test-util")]
    pub(crate) fn of_connections(&self) -> impl Iterator<Item = (&Timer, ConnectionId)> {
        let all = self.by_name.keys();
        all.filter_map(|timer| Some((timer, timer.connection()?)))
    }

    pub(crate) fn next(&self) -> Option<(Instant, &Timer)> {
        self.by_time.first().map(|(at, timer)| (*at, timer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_once_and_can_be_moved() {
        let (a, b) = (ConnectionId(1), ConnectionId(2));
        let at = Instant::from_millis;
        let mut timers = Timers::default();
        timers.set(Timer::Ping(a), at(10));
        timers.set(Timer::Ping(b), at(20));
        timers.set(Timer::Ping(a), at(30));
        assert_eq!(timers.next(), Some((at(20), &Timer::Ping(b))));
        assert_eq!(timers.pop_expired(at(19)), None);
        assert_eq!(timers.pop_expired(at(40)), Some(Timer::Ping(b)));
        assert_eq!(timers.pop_expired(at(40)), Some(Timer::Ping(a)));
        assert_eq!(timers.pop_expired(at(40)), None);
        timers.set(Timer::Stale(a), at(50));
        timers.stop(&Timer::Stale(a));
        assert_eq!(timers.next(), None);
    }
}
