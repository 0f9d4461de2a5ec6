//! Counters of a session.

use serde::{Serialize, Serializer};

use crate::session::{Duration, Event, Instant, SessionError};

/// Counters since the session was created, over all runs, and the current size of its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
    #[serde(skip)]
    pub last_heard: Option<Instant>,
    /// Queued messages.
    #[serde(serialize_with = "as_u32")]
    pub queued: usize,
    /// Bytes (UTF-8) of the queued messages.
    #[serde(serialize_with = "as_u32")]
    pub queued_bytes: usize,
    /// Messages that were sent and may have to be sent again.
    #[serde(serialize_with = "as_u32")]
    pub unconfirmed: usize,
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

/// Serializes a count as 32 bits, for the reason given for `Duration`.
fn as_u32<S: Serializer>(count: &usize, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u32(u32::try_from(*count).unwrap_or(u32::MAX))
}
