//! Signs that the connection may have died during a pause, and sleep as one of them.

use crate::session::{Duration, Instant, Payload, Session, TimelineEvent};

/// Delay of a timer, or lead that the wall clock gains on the monotonic one, from which the
/// computer slept: so long that a cloud drops a silent connection.
const ASLEEP: Duration = Duration::from_millis(45_000);

/// Sign that the connection may have died unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WakeHint {
    /// The page was resumed after it was frozen, or came back online.
    Resumed,
    /// The page is visible again.
    Shown,
    /// An address of the machine changed.
    AddressChanged,
    /// The program did not run for so long that the cloud has dropped the connection.
    Slept,
}

impl<P: Payload> Session<P> {
    /// Detects sleep by the delay of a timer that was due at `due`.
    pub(super) fn check_lateness(&mut self, due: Instant) {
        let since = due.max(self.liveness.link.acknowledged_at);
        if self.now.since(since) > ASLEEP {
            self.on_wake_hint(WakeHint::Slept);
        }
    }

    /// Detects sleep by the wall clock, which shows `wall` milliseconds.
    pub(super) fn check_wall_clock(&mut self, wall: u64) {
        let wall = Instant::from_millis(wall);
        if let Some((before, at)) = self.wall.replace((wall, self.now))
            && wall > before.after(self.now.since(at)).after(ASLEEP)
        {
            self.on_wake_hint(WakeHint::Slept);
        }
    }

    pub(super) fn on_wake_hint(&mut self, hint: WakeHint) {
        self.record(TimelineEvent::Wake(hint));
        self.ask_now(hint);
    }

    /// Asks with a ping whether the connection is alive. Where the cloud does not pong, any frame
    /// answers, and only sleep is reason enough to ask.
    pub(super) fn ask_now(&mut self, hint: WakeHint) {
        let slept = hint == WakeHint::Slept;
        if slept || self.liveness.expects_pong() {
            self.send_probe(slept);
        }
    }
}
