//! What the cloud's parts share: the time, the deadlines, the links, and the one queue of outputs.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::config::Config;
use crate::events::{Event, Fact};
use crate::identity::{ConnectionId, Identity};
use crate::links::Links;
use crate::time::{Instant, WallClock};
use crate::timers::{Timer, Timers};

/// What the caller is to carry out.
#[derive(Debug, Clone)]
pub enum Output {
    /// Put something on a connection.
    Deliver {
        /// The connection.
        to: ConnectionId,
        /// What to put on it.
        what: Delivery,
    },
    /// End a connection at once, without a close frame, with a TCP reset.
    Cut {
        /// The connection.
        to: ConnectionId,
    },
    /// Neither read from nor write to a connection, or do so again.
    Freeze {
        /// The connection.
        to: ConnectionId,
        /// Whether it freezes or thaws.
        frozen: bool,
    },
    /// Tell whoever watches.
    Event(Event),
}

/// What can be put on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A protocol-level ping.
    Ping,
    /// A close frame. Nothing is delivered after it.
    Close {
        /// Its code.
        code: u16,
        /// Its reason.
        reason: String,
    },
}

#[derive(Debug)]
pub(crate) struct Effects {
    pub(crate) config: Config,
    pub(crate) now: Instant,
    pub(crate) links: Links,
    pub(crate) timers: Timers,
    clock: WallClock,
    outputs: VecDeque<Output>,
}

impl Effects {
    pub(crate) fn new(config: Config, clock: WallClock, now: Instant) -> Self {
        Self {
            config,
            now,
            links: Links::default(),
            timers: Timers::default(),
            clock,
            outputs: VecDeque::new(),
        }
    }

    /// The date, for frames and events.
    pub(crate) fn date(&self) -> String {
        self.clock.iso(self.now)
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Makes an event of a fact and tells whoever watches.
    pub(crate) fn announce(&mut self, who: Option<Arc<Identity>>, fact: Fact) -> Event {
        let event = Event {
            fact,
            who,
            at: self.date(),
        };
        self.push(Output::Event(event.clone()));
        event
    }

    /// Puts something on a connection, now or when the faults on its link allow. One that is over
    /// gets nothing but its close frame.
    pub(crate) fn deliver(&mut self, to: ConnectionId, what: Delivery) {
        let Some(link) = self.links.get_mut(to) else {
            return;
        };
        if link.is_over() && !matches!(what, Delivery::Close { .. }) {
            return;
        }
        match link.gate(what, self.now) {
            Gate::Now(what) => self.push(Output::Deliver { to, what }),
            Gate::Held(until) => {
                if !self.timers.is_set(&Timer::Release(to)) {
                    self.timers.set(Timer::Release(to), until);
                }
            }
            Gate::Lost => {}
        }
    }

    pub(crate) fn deliver_text(&mut self, to: ConnectionId, text: String) {
        self.deliver(to, Delivery::Text(text));
    }
}

/// What a link does with a delivery.
pub(crate) enum Gate {
    /// It goes out.
    Now(Delivery),
    /// It waits at least until then.
    Held(Instant),
    /// A frozen cloud produces nothing.
    Lost,
}
