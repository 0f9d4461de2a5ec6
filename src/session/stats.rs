//! Counters of a session, for people who wonder how it is doing.

use super::output::Event;
use super::record::{Field, Record};
use super::time::{Duration, Instant};

/// Counters since the session was made, over all runs, and what is kept now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// When the cloud last showed itself, on the caller's monotonic clock.
    pub last_heard: Option<Instant>,
    /// Messages that wait to be sent.
    pub queued: usize,
    /// Their bytes (UTF-8).
    pub queued_bytes: usize,
    /// Messages that were sent and may have to be sent again.
    pub unconfirmed: usize,
}

impl Record for Stats {
    fn each(&self, field: &mut dyn FnMut(&'static str, Field<'_>)) {
        field("attempts", self.attempts.into());
        field("connections", self.connections.into());
        field("sent", self.sent.into());
        field("dropped", self.dropped.into());
        field("errors", self.errors.into());
        field("pings", self.pings.into());
        field("pongs", self.pongs.into());
        field(
            "roundTrip",
            self.round_trip.map_or(Field::Absent, Field::from),
        );
        field("queued", self.queued.into());
        field("queuedBytes", self.queued_bytes.into());
        field("unconfirmed", self.unconfirmed.into());
        // `last_heard` is on a clock that means nothing to anyone else.
    }
}

impl Stats {
    pub(super) fn note<P>(&mut self, event: &Event<P>) {
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
