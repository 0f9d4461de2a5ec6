//! Confirmation of messages: a pong confirms everything that was sent before its ping, because
//! a connection keeps the order (RFC 9293 section 3.1).

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::keepalive::{LATE, PROBE_TIMEOUT};
use crate::session::{
    Duration, Event, FlushError, FlushId, Instant, Output, Payload, Phase, Reply, Session,
    SessionError, Timer,
};

/// Time from sending a message to the ping that requests its confirmation. One ping then serves
/// many messages.
const CONFIRM_DELAY: Duration = Duration::from_millis(1000);

/// Treatment of messages whose connection is lost before they are confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// They are not sent again.
    #[default]
    AtMostOnce,
    /// They are sent again, and may be received twice.
    AtLeastOnce,
}

impl Delivery {
    /// All variants.
    pub const ALL: [Self; 2] = [Self::AtMostOnce, Self::AtLeastOnce];

    /// Value of the option `delivery`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtMostOnce => "at-most-once",
            Self::AtLeastOnce => "at-least-once",
        }
    }
}

/// Progress of messages by serial. Serials count messages in the order in which the app passed
/// them.
#[derive(Clone, Debug, Default)]
pub(super) struct AckTracker {
    /// Newest message of the app.
    accepted: u64,
    /// Newest message that was sent.
    transmitted: u64,
    /// Newest message that is confirmed, or will never be.
    confirmed: u64,
    /// The cloud sent other frames and no pong.
    pub(super) unanswered: bool,
    /// Flushes that wait, oldest first. At most two: calls that come while one is waiting share the
    /// second.
    flushes: Vec<PendingFlush>,
    last_flush: FlushId,
}

/// Flush that waits until everything up to a serial is confirmed.
#[derive(Clone, Copy, Debug)]
struct PendingFlush {
    id: FlushId,
    serial: u64,
    wait: Wait,
}

/// Progress of a flush.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// Not all of its messages have been sent on this connection.
    Unsent,
    Sent {
        at: Instant,
        /// Time that the confirmation may take where pongs come.
        longest: Duration,
        /// The timer was late, and the pong may have been queued behind it until this time.
        postponed: Option<Instant>,
    },
}

impl AckTracker {
    /// Returns the serial of a new message.
    pub(super) const fn accept(&mut self) -> u64 {
        self.accepted += 1;
        self.accepted
    }

    /// Counts messages that were sent at once; returns the serial before them.
    pub(super) fn pass(&mut self, messages: u32) -> u64 {
        let before = self.accepted;
        self.accepted += u64::from(messages);
        self.transmitted(self.accepted);
        before
    }

    pub(super) fn transmitted(&mut self, serial: u64) {
        self.transmitted = self.transmitted.max(serial);
    }

    /// True if a message was sent and is not confirmed.
    pub(super) const fn is_open(&self) -> bool {
        self.transmitted > self.confirmed
    }

    /// Serial of the newest message that was sent.
    pub(super) const fn newest(&self) -> u64 {
        self.transmitted
    }

    /// Handles the loss of the connection; true if sent messages will never be confirmed.
    pub(super) fn cut(&mut self, delivery: Delivery) -> bool {
        let open = self.is_open();
        self.unanswered = false;
        for flush in &mut self.flushes {
            flush.wait = Wait::Unsent;
        }
        match delivery {
            Delivery::AtMostOnce => self.confirmed = self.transmitted,
            Delivery::AtLeastOnce => self.transmitted = self.confirmed,
        }
        open && delivery == Delivery::AtMostOnce
    }

    /// Awaits a confirmation of the messages from this serial on, which are sent once more.
    pub(super) fn rewind(&mut self, serial: u64) {
        self.confirmed = self.confirmed.min(serial.saturating_sub(1));
        self.transmitted = self.confirmed;
    }

    /// Stops waiting for a confirmation of the messages sent so far.
    const fn give_up(&mut self) {
        self.confirmed = self.transmitted;
    }

    fn flush(&mut self) -> FlushId {
        let is_known = self
            .flushes
            .last()
            .is_some_and(|flush| flush.serial == self.accepted);
        if is_known {
            return self.last_flush;
        }
        if self.flushes.len() < 2 {
            self.last_flush = FlushId(self.last_flush.0.wrapping_add(1));
            self.flushes.push(PendingFlush {
                id: self.last_flush,
                serial: self.accepted,
                wait: Wait::Unsent,
            });
        } else if let Some(flush) = self.flushes.last_mut() {
            flush.serial = self.accepted;
            flush.wait = Wait::Unsent;
        }
        self.last_flush
    }

    /// True if a flush waits.
    pub(super) fn is_flushing(&self) -> bool {
        !self.flushes.is_empty()
    }

    /// Removes the first flush if it is complete. `queued` is the serial of the first queued
    /// message.
    fn take_flushed(&mut self, queued: Option<u64>) -> Option<FlushId> {
        let first = self.flushes.first()?;
        let is_received = !self.is_open() || self.confirmed >= first.serial;
        if first.is_sent(queued) && is_received {
            self.take_flush()
        } else {
            None
        }
    }

    /// Removes the first flush.
    fn take_flush(&mut self) -> Option<FlushId> {
        (!self.flushes.is_empty()).then(|| self.flushes.remove(0).id)
    }

    /// Number of flushes that are newer than this one.
    #[cfg(feature = "test-util")]
    pub(super) const fn age(&self, flush: FlushId) -> u32 {
        self.last_flush.0.wrapping_sub(flush.0)
    }

    /// Hashes the state. Serials, including those of the messages in `kept`, are only compared
    /// with each other, so each counts by its rank.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(&self, kept: &[u64], now: Instant, hasher: &mut impl Hasher) {
        let mut serials = vec![self.accepted, self.transmitted, self.confirmed];
        serials.extend(self.flushes.iter().map(|flush| flush.serial));
        serials.extend(kept);
        let mut order = serials.clone();
        order.sort_unstable();
        order.dedup();
        let ranks: Vec<_> = serials
            .iter()
            .map(|serial| order.binary_search(serial))
            .collect();
        ranks.hash(hasher);
        (self.unanswered, self.flushes.len()).hash(hasher);
        for flush in &self.flushes {
            self.age(flush.id).hash(hasher);
            let wait = match flush.wait {
                Wait::Unsent => None,
                Wait::Sent {
                    at,
                    longest,
                    postponed,
                } => Some((now.since(at), longest, postponed.map(|at| at.since(now)))),
            };
            wait.hash(hasher);
        }
    }
}

impl PendingFlush {
    /// True if all of its messages that will be sent were. `queued` is the serial of the first
    /// queued message.
    fn is_sent(&self, queued: Option<u64>) -> bool {
        queued.is_none_or(|first| first > self.serial)
    }
}

impl<P: Payload> Session<P> {
    /// Executes [`Command::Flush`](crate::session::Command::Flush).
    pub(super) fn flush(&mut self) -> Reply {
        let flush = self.acks.flush();
        if self.phase == Phase::Idle {
            self.fail_flushes(FlushError::NotStarted);
        } else if !self.is_active() {
            self.fail_flushes(FlushError::Ended);
        }
        if !self.will_confirm() {
            self.timers.stop(Timer::Confirm);
        }
        Reply::Flush(flush)
    }

    pub(super) fn fail_flushes(&mut self, error: FlushError) {
        while let Some(flush) = self.acks.take_flush() {
            self.output(Output::Flushed(flush, Err(error)));
        }
    }

    /// True if messages are kept after they were sent.
    pub(super) fn keeps_sent(&self) -> bool {
        self.config.delivery == Delivery::AtLeastOnce && !self.acks.unanswered
    }

    /// Settles the flushes that are complete, or all if the cloud confirms nothing.
    pub(super) fn settle_flushes(&mut self) {
        if self.acks.unanswered {
            self.fail_flushes(FlushError::Unsupported);
        }
        let queued = self.first_unsent();
        while let Some(flush) = self.acks.take_flushed(queued) {
            self.output(Output::Flushed(flush, Ok(())));
        }
    }

    /// Requests a confirmation of sent messages if something depends on it, at once or later.
    pub(super) fn request_confirmation(&mut self) {
        if !self.is_connected() || !self.needs_confirmation() {
            return;
        }
        let armed = self.timers.get(Timer::Confirm);
        if self.acks.is_flushing() {
            if armed.is_none() && !self.will_confirm() {
                self.ping();
            }
            self.limit_flushes();
        }
        let at = if armed.is_some() || self.will_confirm() && self.liveness.expects_pong() {
            // Timer::Pong decides whether the cloud is still there.
            armed
        } else {
            // A cloud that may ignore pings is not asked again and again.
            let is_asked =
                !self.liveness.expects_pong() && self.liveness.link.pings.oldest().is_some();
            let wait = if is_asked {
                self.config.watch.pong_timeout
            } else {
                CONFIRM_DELAY
            };
            Some(self.now.after(wait))
        };
        let at = Instant::earliest(at, self.flush_due());
        self.timers.set_or_stop(Timer::Confirm, at);
    }

    /// Starts the time of the flushes whose messages have all been sent.
    fn limit_flushes(&mut self) {
        let queued = self.first_unsent();
        let longest = self.liveness.longest_wait(&self.config.watch);
        for flush in &mut self.acks.flushes {
            if let Wait::Unsent = flush.wait
                && flush.is_sent(queued)
            {
                flush.wait = Wait::Sent {
                    at: self.now,
                    longest,
                    postponed: None,
                };
            }
        }
    }

    /// Time at which the first flush fails. Pongs put off the verdict on the connection, and those
    /// of other pings, or of a cloud that answers a part of them, may do so for ever.
    fn flush_due(&self) -> Option<Instant> {
        match self.acks.flushes.first()?.wait {
            Wait::Unsent => None,
            Wait::Sent {
                at,
                longest,
                postponed,
            } => {
                let wait = if self.liveness.expects_pong() {
                    longest
                } else {
                    self.config.watch.pong_timeout
                };
                Some(at.after(wait)).max(postponed)
            }
        }
    }

    /// Settles the flushes whose time is over.
    fn fail_overdue_flushes(&mut self) {
        while let Some(due) = self.flush_due().filter(|due| *due <= self.now) {
            if let Some(first) = self.acks.flushes.first_mut()
                && let Wait::Sent { postponed, .. } = &mut first.wait
                && postponed.is_none()
                && self.now.since(due) > LATE
            {
                *postponed = Some(self.now.after(PROBE_TIMEOUT));
            } else if let Some(flush) = self.acks.take_flush() {
                let error = FlushError::Unsupported;
                self.outputs.push_back(Output::Flushed(flush, Err(error)));
            }
        }
    }

    /// True if something depends on the confirmation of sent messages.
    fn needs_confirmation(&self) -> bool {
        self.acks.is_open() && (self.acks.is_flushing() || self.keeps_sent())
    }

    /// True if a pong is to come that confirms messages.
    fn will_confirm(&self) -> bool {
        let expects_pong = self.liveness.expects_pong();
        let timeout = self.config.watch.pong_timeout;
        let pings = &self.liveness.link.pings;
        pings.is_conclusive()
            && pings.out().last().is_some_and(|newest| {
                newest.serial > self.acks.confirmed
                    && (expects_pong || self.now < newest.sent_at.after(timeout))
            })
    }

    /// Confirms the messages up to this serial.
    pub(super) fn confirm(&mut self, serial: u64) {
        self.acks.unanswered = false;
        self.acks.confirmed = self.acks.confirmed.max(serial);
        self.outbox.confirm(self.acks.confirmed);
        self.replay.confirm(serial);
        self.timers.stop(Timer::Confirm);
    }

    /// Serves [`Timer::Confirm`].
    pub(super) fn on_confirm_due(&mut self) {
        if !self.is_connected() || !self.needs_confirmation() {
            return;
        }
        let timeout = self.config.watch.pong_timeout;
        let expects_pong = self.liveness.expects_pong();
        if !expects_pong && self.liveness.is_ignoring_pings(timeout) {
            return self.stop_confirming();
        }
        let mut out = self.liveness.link.pings.out().iter();
        let is_asked = out.any(|ping| !expects_pong || ping.serial > self.acks.confirmed);
        if !is_asked {
            self.ping();
        }
        self.fail_overdue_flushes();
    }

    /// Reacts to a cloud that is there and answers no pings, or whose answers prove nothing.
    pub(super) fn stop_confirming(&mut self) {
        self.acks.unanswered = true;
        self.acks.give_up();
        if self.config.delivery == Delivery::AtLeastOnce {
            while let Some((message, ids, sent_at)) = self.outbox.take_in_flight() {
                self.keep_state(&message, ids, sent_at);
            }
            self.emit(Event::Error(SessionError::Unconfirmable));
        }
    }
}
