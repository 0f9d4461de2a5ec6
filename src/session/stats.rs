//! Counters of a session, for people who wonder how it is doing.

use serde::Serialize;

use super::output::Event;
use super::time::{Duration, Instant};

/// Counters since the session was made, over all runs, and what is kept now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Attempts to connect, the first ones included.
    pub attempts: u32,
    /// Attempts that the cloud acknowledged.
    pub connections: u32,
    /// Messages of the app that went to a socket; one that was sent again counts again.
    pub sent: u32,
    /// Messages that were reported dropped.
    pub dropped: u32,
    /// Malformed frames, and errors that the cloud reported.
    pub errors: u32,
    /// Pings sent.
    pub pings: u32,
    /// Pongs received.
    pub pongs: u32,
    /// From the last ping to its pong, ms.
    pub round_trip: Option<Duration>,
    /// When the cloud last showed itself, on the caller's monotonic clock. Not serialized: the
    /// clock means nothing to anyone else.
    #[serde(skip)]
    pub last_heard: Option<Instant>,
    /// Messages that wait to be sent.
    pub queued: usize,
    /// Their bytes (UTF-8).
    pub queued_bytes: usize,
    /// Messages that were sent and may have to be sent again.
    pub unconfirmed: usize,
}

impl Stats {
    pub(super) fn record<P>(&mut self, event: &Event<P>) {
        match event {
            Event::Dropped(..) => count(&mut self.dropped),
            Event::Error(_) => count(&mut self.errors),
            Event::Connected => count(&mut self.connections),
            Event::Connecting(_) => count(&mut self.attempts),
            Event::Disconnected(_) | Event::Reconnecting(_) | Event::StateChange(_) => {}
        }
    }
}

/// Counts one more; a session may outlive its counters.
pub(super) const fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}
