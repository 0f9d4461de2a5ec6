//! The newest events of a session, for bug reports.

use crate::session::{
    Connecting, Disconnected, Event, Instant, Payload, Reconnecting, Session, SessionError,
    SocketId, StateChange, WakeHint,
};

/// Number of entries that are kept.
const LENGTH: usize = 256;

/// Number of entries up to which there is no room for more: most sessions have no more, and a
/// process may have thousands of them.
const FEW: usize = 16;

/// Event with its time and socket.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// Time on the caller's monotonic clock.
    pub at: Instant,
    /// Socket of the attempt at that time.
    pub connection: SocketId,
    /// The event.
    pub event: TimelineEvent,
}

/// Event in the timeline. The larger ones are boxed because most are small.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TimelineEvent {
    /// [`Event::Connecting`].
    Connecting(Connecting),
    /// [`Event::Disconnected`].
    Disconnected(Box<Disconnected>),
    /// [`Event::Reconnecting`].
    Reconnecting(Box<Reconnecting>),
    /// [`Event::StateChange`].
    StateChange(StateChange),
    /// [`Event::Error`].
    Error(Box<SessionError>),
    /// The environment reported that there is no network.
    Offline,
    /// The environment reported that there is a network again.
    Online,
    /// The connection may have died during a pause.
    Wake(WakeHint),
}

impl TimelineEvent {
    /// Name in the timeline that the app sees.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connecting(_) => "connecting",
            Self::Disconnected(_) => "disconnected",
            Self::Reconnecting(_) => "reconnecting",
            Self::StateChange(_) => "stateChange",
            Self::Error(_) => "error",
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Wake(WakeHint::Resumed) => "resumed",
            Self::Wake(WakeHint::Shown) => "shown",
            Self::Wake(WakeHint::AddressChanged) => "addressChanged",
            Self::Wake(WakeHint::Slept) => "slept",
        }
    }

    /// Converts an event of the app. Messages are left out because there may be too many, and `Connected` because a state change says the same.
    pub(super) fn of<P>(event: &Event<P>) -> Option<Self> {
        match event {
            Event::Connecting(event) => Some(Self::Connecting(*event)),
            Event::Disconnected(event) => Some(Self::Disconnected(Box::new(event.clone()))),
            Event::Reconnecting(event) => Some(Self::Reconnecting(Box::new(event.clone()))),
            Event::StateChange(event) => Some(Self::StateChange(*event)),
            Event::Error(error) => Some(Self::Error(Box::new(error.clone()))),
            Event::Connected | Event::Sent(_) | Event::Dropped(..) => None,
        }
    }
}

/// The newest [`LENGTH`] entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline(Vec<TimelineEntry>);

impl Timeline {
    fn push(&mut self, entry: TimelineEntry) {
        if self.0.len() == LENGTH {
            self.0.remove(0);
        } else if self.0.len() < FEW {
            self.0.reserve_exact(1);
        }
        self.0.push(entry);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.0.iter()
    }
}

impl<P: Payload> Session<P> {
    /// Adds an event to the timeline.
    pub(super) fn record(&mut self, event: TimelineEvent) {
        self.timeline.push(TimelineEntry {
            at: self.now,
            connection: self.last_socket,
            event,
        });
    }
}
