//! What the cloud's parts share: the time, the deadlines, the links, and the one queue of outputs.

use std::collections::VecDeque;

use crate::apps::WebhookCall;
use crate::config::Config;
use crate::events::Event;
use crate::identity::ConnectionId;
use crate::links::Links;
use crate::metrics::Metrics;
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
    /// Call an app's webhook, and report to [`Cloud::handle_webhook`](crate::Cloud::handle_webhook).
    Webhook(WebhookCall),
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

impl Delivery {
    /// What one costs while it waits, in bytes. Empty ones cost something too, so that their
    /// number is bounded.
    pub fn cost(&self) -> usize {
        const OVERHEAD: usize = 64;
        let payload = match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Ping | Self::Close { .. } => 0,
        };
        payload + OVERHEAD
    }
}

#[derive(Debug)]
pub(crate) struct Effects {
    pub(crate) config: Config,
    pub(crate) links: Links,
    pub(crate) timers: Timers,
    pub(crate) clock: WallClock,
    pub(crate) metrics: Metrics,
    now: Instant,
    date: String,
    outputs: VecDeque<Output>,
}

impl Effects {
    pub(crate) fn new(config: Config, clock: WallClock, now: Instant) -> Self {
        Self {
            config,
            links: Links::default(),
            timers: Timers::default(),
            clock,
            metrics: Metrics::new(),
            now,
            date: clock.iso(now),
            outputs: VecDeque::new(),
        }
    }

    /// Time that goes back is taken for no time.
    pub(crate) fn set_time(&mut self, now: Instant) {
        if now > self.now {
            self.now = now;
            // Here and not where it is asked for: a busy millisecond has many frames.
            self.date = self.clock.iso(now);
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// The date, for frames and events.
    pub(crate) fn date(&self) -> String {
        self.date.clone()
    }

    pub(crate) fn push(&mut self, output: Output) {
        if let Output::Deliver { what, .. } = &output {
            self.metrics.sent(what);
        }
        self.outputs.push_back(output);
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.outputs.pop_front()
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
        match link.gate(what, self.now, self.config.max_send_buffer_bytes) {
            Gate::Now(what) => self.push(Output::Deliver { to, what }),
            Gate::Held(until) => {
                if !self.timers.is_set(&Timer::Release(to)) {
                    self.timers.set(Timer::Release(to), until);
                }
            }
            // Ended when the present call is over: whoever delivers may be in the middle of
            // something that concerns this connection.
            Gate::Full => self.timers.set(Timer::Overflow(to), self.now),
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
    /// More waits already than may.
    Full,
    /// A frozen cloud produces nothing.
    Lost,
}
