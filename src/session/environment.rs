//! Signs of the environment: the state of the network, and pages that are left and shown again.

use crate::session::backoff::{MAX_IMMEDIATE_DELAY, immediate_delay};
use crate::session::{
    Close, Duration, GOING_AWAY, Instant, NO_CLOSE_FRAME, Origin, Payload, Phase, Session,
    TimelineEvent, Timer, WakeHint,
};

/// Time from one attempt to the next while the environment reports that there is no network. The
/// report may be wrong for good, e.g. with some VPNs.
const OFFLINE_INTERVAL: Duration = Duration::from_millis(30_000);
/// Shortest time between two attempts that a sign hastened: a network that comes and goes once a
/// second must not cause an attempt each time.
const HASTE_INTERVAL: Duration = Duration::from_millis(5000);
/// Time after a navigation started, or the page was shown again, in which a closure may be the
/// browser's own.
const NAVIGATION_WINDOW: Duration = Duration::from_millis(1000);

/// State of the environment, over all runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Environment {
    /// The environment reports that there is no network.
    pub(super) offline: bool,
    /// Earliest time of the next attempt while it does.
    pub(super) offline_attempt: Instant,
    /// Earliest time of the next attempt that a sign hastens.
    pub(super) haste: Instant,
    /// Last time at which a navigation started, or the page was shown again.
    pub(super) navigated: Option<Instant>,
    /// At that time the page was shown again.
    pub(super) shown_again: bool,
}

impl<P: Payload> Session<P> {
    /// True if attempts are delayed because the environment reports that there is no network.
    pub(super) fn is_offline(&self) -> bool {
        self.environment.offline && !self.config.on_loopback
    }

    /// Sets the earliest time of the next attempt without a network: some time after an attempt
    /// without one, or after any other that is not counted.
    pub(super) fn delay_next_offline(&mut self, is_free: bool) {
        if is_free || self.is_offline() {
            self.environment.offline_attempt = self.now.after(OFFLINE_INTERVAL);
        }
    }

    /// Time of an attempt that is due at `due` with a network.
    pub(super) fn delayed_while_offline(&self, due: Instant) -> Instant {
        if self.is_offline() && !self.has_given_time() {
            due.max(self.environment.offline_attempt)
        } else {
            due
        }
    }

    /// True if the app or the table of closures gave the time of the next attempt.
    fn has_given_time(&self) -> bool {
        self.run.not_before.is_some_and(|at| at > self.now)
    }

    /// Handles [`Input::Offline`](crate::session::Input::Offline).
    pub(super) fn on_offline(&mut self) {
        self.record(TimelineEvent::Offline);
        let is_known = std::mem::replace(&mut self.environment.offline, true);
        if let (Some(due), false) = (self.timers.get(Timer::Retry), is_known)
            && self.is_offline()
        {
            let is_free = std::mem::replace(&mut self.run.next_attempt_free, true);
            let due = if is_free {
                due
            } else {
                self.delayed_while_offline(due)
            };
            self.schedule(due);
        }
    }

    /// Handles [`Input::Online`](crate::session::Input::Online).
    pub(super) fn on_online(&mut self) {
        self.environment.offline = false;
        self.record(TimelineEvent::Online);
        self.on_sign_of_network();
        if self.is_connected() {
            self.on_wake_hint(WakeHint::Resumed);
        }
    }

    /// Handles [`Input::Wake`](crate::session::Input::Wake).
    pub(super) fn on_wake(&mut self, hint: WakeHint) {
        match hint {
            WakeHint::Resumed => {
                self.on_navigation(true);
                self.on_sign_of_network();
            }
            WakeHint::AddressChanged => self.on_sign_of_network(),
            WakeHint::Shown | WakeHint::Slept => {}
        }
        self.on_wake_hint(hint);
    }

    /// Makes the attempt that is waited for almost at once, unless it is due sooner, its time was
    /// given, or another attempt was hastened shortly before. A hastened attempt is not counted.
    pub(super) fn on_sign_of_network(&mut self) {
        let Some(due) = self.timers.get(Timer::Retry) else {
            return;
        };
        let from = self.now.max(self.environment.haste);
        if self.has_given_time() || due <= from.after(MAX_IMMEDIATE_DELAY) {
            return;
        }
        self.environment.haste = from.after(HASTE_INTERVAL);
        self.run.next_attempt_free = true;
        let delay = immediate_delay(&mut self.rng);
        self.schedule(from.after(delay));
    }

    /// Executes [`Command::ReconnectNow`](crate::session::Command::ReconnectNow).
    pub(super) fn reconnect_now(&mut self) {
        if self.phase == Phase::Waiting {
            self.run.next_attempt_free = true;
            self.schedule(self.now);
            self.retry();
        }
    }

    /// Handles [`Input::Leaving`](crate::session::Input::Leaving), and pages that are shown again.
    pub(super) const fn on_navigation(&mut self, shown_again: bool) {
        self.environment.navigated = Some(self.now);
        self.environment.shown_again = shown_again;
    }

    /// True shortly after a navigation started, or the page was shown again.
    pub(super) fn is_near_navigation(&self) -> bool {
        let navigated = self.environment.navigated;
        navigated.is_some_and(|at| self.now.since(at) <= NAVIGATION_WINDOW)
    }

    /// Origin of a closure that a socket reported.
    pub(super) fn origin_of(&self, close: &Close) -> Origin<'static> {
        let is_silent = self.config.browser_closes_cleanly && close.reason.is_empty();
        let is_browsers = match close.code {
            GOING_AWAY => is_silent || self.is_near_navigation(),
            // Browsers break the sockets of a page that they keep in the back/forward cache, and
            // report it when the page is shown again.
            NO_CLOSE_FRAME => self.environment.shown_again && self.is_near_navigation(),
            _ => false,
        };
        if is_browsers {
            Origin::Browser
        } else {
            Origin::Peer
        }
    }

    /// Handles a closure by the browser: the next attempt is not counted, unless a sign hastened
    /// one shortly before. A server that closes like the browser is thus given up in the end.
    pub(super) fn on_closed_by_browser(&mut self) {
        if self.environment.haste <= self.now {
            self.environment.haste = self.now.after(HASTE_INTERVAL);
            self.run.next_attempt_free = true;
        }
    }
}
