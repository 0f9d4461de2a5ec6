//! Counters of a session.

use serde::{Serialize, Serializer};

use crate::session::fields::{self, Value};
use crate::session::{Duration, Event, Instant, SessionError};

/// Counters since the session was created, over all runs, and the current size of its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Attempts to connect, including the first ones.
    pub attempts: u32,
    /// Attempts that the cloud acknowledged.
    pub connections: u32,
    /// Messages of the app that were passed to a socket. One that was sent again counts again.
    pub sent: u32,
    /// Messages that were reported as dropped, and messages of the app after the end.
    pub dropped: u32,
    /// Malformed frames, and errors that the cloud reported.
    pub errors: u32,
    /// Pings sent.
    pub pings: u32,
    /// Pongs received.
    pub pongs: u32,
    /// Time from the last answered ping to its pong, ms.
    pub round_trip: Option<Duration>,
    /// Time of the last sign of activity of the cloud, on the caller's monotonic clock. Not
    /// serialized: others do not know that clock.
    pub last_heard: Option<Instant>,
    /// Queued messages.
    pub queued: usize,
    /// Bytes (UTF-8) of the queued messages.
    pub queued_bytes: usize,
    /// Messages that were sent and may have to be sent again.
    pub unconfirmed: usize,
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let round_trip = self.round_trip.map(Duration::as_u32);
        let fields = [
            ("attempts", Value::Count(self.attempts)),
            ("connections", Value::Count(self.connections)),
            ("sent", Value::Count(self.sent)),
            ("dropped", Value::Count(self.dropped)),
            ("errors", Value::Count(self.errors)),
            ("pings", Value::Count(self.pings)),
            ("pongs", Value::Count(self.pongs)),
            ("roundTrip", round_trip.map_or(Value::Missing, Value::Count)),
            ("queued", as_u32(self.queued)),
            ("queuedBytes", as_u32(self.queued_bytes)),
            ("unconfirmed", as_u32(self.unconfirmed)),
        ];
        fields::serialize(&fields, serializer)
    }
}

impl Stats {
    /// Counts an event.
    pub(super) fn record<P>(&mut self, event: &Event<P>) {
        match event {
            Event::Dropped(..) => increment(&mut self.dropped),
            Event::Error(SessionError::Unanswered) => {}
            Event::Error(_) => increment(&mut self.errors),
            Event::Connected => increment(&mut self.connections),
            Event::Connecting(_) => increment(&mut self.attempts),
            Event::Disconnected(_)
            | Event::Reconnecting(_)
            | Event::StateChange(_)
            | Event::Sent(_) => {}
        }
    }
}

/// Adds one; wraps, because a session may outlive its counters.
pub(super) const fn increment(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

/// A count as 32 bits, for the reason given for [`Duration`].
fn as_u32(count: usize) -> Value<'static> {
    Value::Count(u32::try_from(count).unwrap_or(u32::MAX))
}
