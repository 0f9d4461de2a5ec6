//! What happened last, for a bug report.

use std::collections::VecDeque;

use super::input::SocketId;
use super::liveness::Suspicion;
use super::output::{Connecting, Disconnected, Event, Reconnecting, SessionError, StateChange};
use super::time::Instant;

/// How much of the past is kept.
const LENGTH: usize = 256;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// When, on the caller's monotonic clock.
    pub at: Instant,
    /// The socket of the attempt at that time.
    pub connection: SocketId,
    /// What.
    pub happening: Happening,
}

/// What may happen. The larger ones are boxed, since most are small.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
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
    Suspect(Suspicion),
}

impl Happening {
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
pub(super) struct Timeline(VecDeque<Transition>);

impl Timeline {
    pub(super) fn push(&mut self, transition: Transition) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(transition);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Transition> {
        self.0.iter()
    }
}
