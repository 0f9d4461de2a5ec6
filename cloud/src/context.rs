//! What the cloud's parts share: the time, the deadlines, the links, and the one queue of outputs.

use std::collections::VecDeque;

use crate::config::Config;
use crate::identity::ConnectionId;
use crate::metrics::Metrics;
use crate::output::{Delivery, Output};
use crate::time::{Instant, WallClock};
use crate::timers::{Timer, Timers};
use crate::transport::{Gate, Links};

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) links: Links,
    pub(crate) timers: Timers,
    pub(crate) clock: WallClock,
    pub(crate) metrics: Metrics,
    now: Instant,
    date: String,
    outputs: VecDeque<Output>,
}

impl Context {
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
