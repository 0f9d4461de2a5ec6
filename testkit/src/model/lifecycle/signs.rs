//! Signs of the environment: the state of the network, navigations, pages that wake up, and requests
//! of the cloud.

use tpa_session::session::CloseKind;

use super::effect::cause;
use super::{Announcement, By, Delay, Lifecycle, Phase};
use crate::model::sequence::Step;
use crate::model::{Hints, MAX_IMMEDIATE_DELAY};

/// Time between two signs that hasten an attempt, ms.
const HASTE_INTERVAL: u64 = 5000;
/// Time after a navigation in which a 1001 is the browser's own, ms.
const NAVIGATION_WINDOW: u64 = 1000;
/// Age of a connection up to which a request of the cloud may have crossed with it, ms.
const CROSSING_TIME: u64 = 5000;

impl Lifecycle {
    /// True if attempts are delayed since there is no network.
    pub fn is_offline(&self) -> bool {
        self.offline && !self.config.on_loopback
    }

    /// An attempt that is waited for does not count from now on, and is delayed.
    pub(super) fn go_offline(&mut self) {
        let was_offline = std::mem::replace(&mut self.offline, true);
        if self.phase == Phase::Waiting && !was_offline && self.is_offline() {
            let was_free = std::mem::replace(&mut self.uncounted, true);
            let floor = if was_free { 0 } else { self.offline_floor() };
            self.announce(Delay::AsAnnounced(floor));
        }
    }

    /// Earliest time of an attempt without a network, unless its time was given.
    pub(super) fn offline_floor(&self) -> u64 {
        if self.is_offline() && !self.has_given_time() {
            self.offline_from
        } else {
            0
        }
    }

    /// A sign that there is a network: it hastens an attempt if one is announced.
    pub(super) fn sign(&mut self, hints: Hints) {
        if hints.announces {
            let from = self.haste_time();
            self.haste_from = from.saturating_add(HASTE_INTERVAL);
            self.uncounted = true;
            let shortest = from - self.now;
            self.announce(Delay::Within(shortest, shortest + MAX_IMMEDIATE_DELAY));
        }
    }

    /// True if a sign announces an attempt earlier than at `due`.
    pub fn will_announce(&self, due: Option<u64>) -> bool {
        let latest = self.haste_time().saturating_add(MAX_IMMEDIATE_DELAY);
        self.phase == Phase::Waiting
            && !self.has_given_time()
            && due.is_some_and(|due| due > latest)
    }

    fn has_given_time(&self) -> bool {
        self.not_before.is_some_and(|at| at > self.now)
    }

    /// Earliest time of an attempt that a sign hastens now.
    fn haste_time(&self) -> u64 {
        self.haste_from.max(self.now)
    }

    /// A closure by the browser. Its next attempt does not count, unless one was hastened a short
    /// time ago.
    pub(super) fn close_by_browser(&mut self) {
        if self.haste_from <= self.now {
            self.haste_from = self.now.saturating_add(HASTE_INTERVAL);
            self.uncounted = true;
        }
    }

    pub(super) const fn navigate(&mut self, shown_again: bool) {
        self.navigated = Some(self.now);
        self.shown_again = shown_again;
    }

    /// Time since a navigation, while a closure may be the browser's own.
    pub fn since_navigation(&self) -> Option<u64> {
        let since = self.now - self.navigated?;
        (since <= NAVIGATION_WINDOW).then_some(since)
    }

    pub(super) fn reconnect_now(&mut self) {
        if self.phase == Phase::Waiting {
            self.uncounted = true;
            self.announce(Delay::Exactly(0));
            self.retry(true);
        }
    }

    /// The cloud asks for a session that it believes to be lost.
    pub(super) fn reopen(&mut self) {
        if self.phase == Phase::Waiting && !self.reopened {
            self.reopened = true;
            self.reconnect_now();
        }
        if self
            .connected
            .is_some_and(|at| self.now - at > CROSSING_TIME)
        {
            self.reopened = true;
            self.uncounted = true;
            let reason = "The cloud has lost the connection";
            let cause = cause(4008, reason, CloseKind::Abnormal);
            self.end(cause, None, By::Session);
        }
    }

    pub(super) fn announce(&mut self, delay: Delay) {
        let announcement = self.announcement(delay);
        self.announcements.extend(announcement);
        self.steps.push(Step::Reconnecting);
    }

    /// Announcement of the next attempt with this delay.
    pub(super) fn announcement(&self, delay: Delay) -> Option<Announcement> {
        let mut cause = self.cause.clone()?;
        if self.is_offline() {
            cause.kind = CloseKind::Offline;
        }
        Some(Announcement {
            attempt: self.attempts.saturating_add(u32::from(!self.uncounted)),
            counted: !self.uncounted,
            cause,
            delay,
            at: self.now,
        })
    }

    /// The next announcement that a sign caused.
    pub fn next_announcement(&mut self) -> Option<Announcement> {
        self.announcements.pop_front()
    }
}
