//! What happened last, for a bug report.

use std::collections::VecDeque;

use super::input::SocketId;
use super::liveness::WakeHint;
use super::output::{Connecting, Disconnected, Event, Reconnecting, SessionError, StateChange};
use super::time::Instant;

/// How much of the past is kept.
const LENGTH: usize = 256;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// When, on the caller's monotonic clock.
    pub at: Instant,
    /// The socket of the attempt at that time.
    pub connection: SocketId,
    /// What.
    pub event: TimelineEvent,
}

/// What may happen. The larger ones are boxed, since most are small.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TimelineEvent {
    /// As the app was told.
    Connecting(Connecting),
    /// As the app was told.
    Disconnected(Box<Disconnected>),
    /// As the app was told.
    Reconnecting(Box<Reconnecting>),
    /// As the app was told.
    StateChange(StateChange),
    /// As the app was told.
    Error(Box<SessionError>),
    /// The environment says that there is no network.
    Offline,
    /// The environment says that there is a network again.
    Online,
    /// There was reason to doubt the connection.
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
            Self::Wake(WakeHint::Slept) => "slept",
        }
    }

    /// What an event is to the timeline. Messages are not part of it: there are too many.
    pub(super) fn of<P>(event: &Event<P>) -> Option<Self> {
        match event {
            Event::Connecting(event) => Some(Self::Connecting(*event)),
            Event::Disconnected(event) => Some(Self::Disconnected(Box::new(event.clone()))),
            Event::Reconnecting(event) => Some(Self::Reconnecting(Box::new(event.clone()))),
            Event::StateChange(event) => Some(Self::StateChange(*event)),
            Event::Error(error) => Some(Self::Error(Box::new(error.clone()))),
            // A change of the state says so.
            Event::Connected => None,
            Event::Dropped(..) => None,
        }
    }
}

/// The last [`LENGTH`] transitions.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline(VecDeque<TimelineEntry>);

impl Timeline {
    pub(super) fn push(&mut self, entry: TimelineEntry) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.0.iter()
    }
}
