//! State that all components share: time, timers, transports and the queue of outputs.

use std::collections::VecDeque;

use crate::config::Config;
use crate::identity::ConnectionId;
use crate::lane::Passage;
use crate::metrics::Metrics;
use crate::output::{Delivery, Output};
use crate::time::{Instant, WallClock};
use crate::timers::{Timer, Timers};
use crate::transport::Transports;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) transports: Transports,
    pub(crate) timers: Timers,
    pub(crate) clock: WallClock,
    pub(crate) metrics: Metrics,
    /// Estimated memory of what all user sessions keep for apps.
    pub(crate) kept_bytes: usize,
    now: Instant,
    date: String,
    outputs: VecDeque<Output>,
    last_call: u64,
}

impl Context {
    pub(crate) fn new(config: Config, clock: WallClock, now: Instant) -> Self {
        Self {
            config,
            transports: Transports::default(),
            timers: Timers::default(),
            clock,
            metrics: Metrics::new(),
            kept_bytes: 0,
            now,
            date: clock.iso(now),
            outputs: VecDeque::new(),
            last_call: 0,
        }
    }

    /// Advances the time; an earlier time is ignored.
    pub(crate) fn set_time(&mut self, now: Instant) {
        if now > self.now {
            self.now = now;
            // Formatted once, because a busy millisecond has many frames.
            self.date = self.clock.iso(now);
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Returns the date for frames and events.
    pub(crate) fn date(&self) -> String {
        self.date.clone()
    }

    /// Returns an id for a webhook call.
    pub(crate) fn next_call_id(&mut self) -> u64 {
        self.last_call += 1;
        self.last_call
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

    /// Sends something on a connection, now or when its faults allow. After the end of the
    /// connection only the close frame is sent.
    pub(crate) fn deliver(&mut self, to: ConnectionId, what: Delivery) {
        let Some(transport) = self.transports.get_mut(to) else {
            return;
        };
        if transport.is_closed() && !matches!(what, Delivery::Close { .. }) {
            return;
        }
        if transport.is_deaf() && matches!(what, Delivery::Text(_) | Delivery::Binary(_)) {
            return;
        }
        match transport.send(what, self.now, self.config.max_send_buffer_bytes) {
            Passage::Now(what) => self.push(Output::Deliver { to, what }),
            Passage::Held(until) => {
                if !self.timers.is_set(&Timer::Release(to)) {
                    self.timers.set(Timer::Release(to), until);
                }
            }
            // Ended by a timer, because the caller may still be using the connection.
            Passage::Full => self.timers.set(Timer::Overflow(to), self.now),
            Passage::Lost => {}
        }
    }

    pub(crate) fn deliver_text(&mut self, to: ConnectionId, text: String) {
        self.deliver(to, Delivery::Text(text));
    }
}
