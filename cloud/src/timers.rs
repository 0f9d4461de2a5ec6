//! Every deadline by name, in one table.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::PlayId;
use crate::identity::{ConnectionId, UserSessionId};
use crate::protocol::View;
use crate::time::Instant;

/// What a deadline is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// When a socket that has not introduced itself is closed.
    Handshake(ConnectionId),
    /// When a connection gets its next protocol-level ping.
    Ping(ConnectionId),
    /// When a connection's silence is next judged.
    Stale(ConnectionId),
    /// When a socket whose close handshake has not ended is cut.
    Cut(ConnectionId),
    /// When frames held by a `delay` fault go out.
    Release(ConnectionId),
    /// When a connection for which too much waits is cut.
    Overflow(ConnectionId),
    /// When a `freeze` fault ends.
    Thaw(ConnectionId),
    /// When a `flap` fault cuts a connection.
    Flap(ConnectionId),
    /// When a user session's scripted streams speak.
    Streams(UserSessionId),
    /// When a user session's next audio chunk is due.
    Audio(UserSessionId),
    /// When a plan's next step is due.
    Plan(PlayId),
    /// When an app that was lost is started again.
    AppRestart(UserSessionId, String),
    /// When a display's time is over.
    DisplayEnd(UserSessionId, View),
}

impl Timer {
    /// The timers that belong to a connection and end with it. `Cut` is not among them: it is
    /// what makes sure of the end.
    pub(crate) fn of_connection(id: ConnectionId) -> [Self; 7] {
        [
            Self::Handshake(id),
            Self::Ping(id),
            Self::Stale(id),
            Self::Release(id),
            Self::Overflow(id),
            Self::Thaw(id),
            Self::Flap(id),
        ]
    }

    /// Whether it is for a socket that is only closing: what is held for it goes out, and it is
    /// cut.
    pub(crate) fn sees_off(&self) -> bool {
        matches!(self, Self::Release(_) | Self::Cut(_))
    }

    /// Whose deadline this is, where it is one connection's.
    fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Handshake(id)
            | Self::Ping(id)
            | Self::Stale(id)
            | Self::Release(id)
            | Self::Cut(id)
            | Self::Overflow(id)
            | Self::Thaw(id)
            | Self::Flap(id) => Some(*id),
            Self::Streams(_)
            | Self::Audio(_)
            | Self::Plan(_)
            | Self::AppRestart(..)
            | Self::DisplayEnd(..) => None,
        }
    }
}

/// The deadlines. Setting one that is set moves it.
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

    /// Moves a deadline forward, or sets it; never moves it back.
    pub(crate) fn hasten(&mut self, timer: Timer, at: Instant) {
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

    /// The deadlines that are set for connections, and for which.
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
