//! Search for a message that the cloud refuses by closing the connection.
//!
//! After a closure that blames a message, each connection first has to answer a ping. Then few
//! messages go out at a time, at first one, and a ping after them: its pong acquits them. What is
//! alone out when the cloud closes the connection again is refused.

#[cfg(feature = "test-util")]
use std::hash::{Hash, Hasher};

use crate::session::close::MESSAGE_TOO_BIG;
use crate::session::{Close, DropReason, Duration, Event, Instant, Payload, Session, Timer};

/// Longest time from handing a message over to a closure that may be its fault.
pub(super) const BLAME: Duration = Duration::from_millis(2000);
/// Most messages that are suspected in one outage.
const MOST_SUSPECTS: u8 = 8;
/// Most attempts in one outage that are not counted since they brought the search forward.
const MOST_FREE_ATTEMPTS: u8 = 64;

/// Progress on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// It has not answered a ping yet.
    Unproved,
    /// It must last as long without the suspect as the last one did with it.
    Control,
    /// Messages may go out, one window at a time.
    Open,
}

/// Message that was alone out when the connection was closed.
#[derive(Clone, Copy, Debug)]
struct Suspect {
    serial: u64,
    /// Digest of the closure.
    closure: u32,
}

/// State of the search.
#[derive(Clone, Debug)]
pub(super) struct Probe<P> {
    stage: Stage,
    /// Time at which the stage, or the wait for a pong, ends by itself.
    until: Instant,
    /// Most messages that may be out.
    window: u32,
    /// Frames that went out since the last window, subscriptions included.
    out: u32,
    /// A ping went out after them.
    asked: bool,
    /// The only message that is out.
    sole: Option<(u64, P)>,
    suspect: Option<Suspect>,
    suspects: u8,
    free_attempts: u8,
}

impl<P> Probe<P> {
    const fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Unproved,
            until: now,
            window: 1,
            out: 0,
            asked: false,
            sole: None,
            suspect: None,
            suspects: 0,
            free_attempts: 0,
        }
    }

    /// Begins with a new connection.
    fn restart(&mut self, until: Instant) {
        self.stage = Stage::Unproved;
        self.until = until;
        self.window = 1;
        self.clear();
    }

    fn clear(&mut self) {
        self.out = 0;
        self.asked = false;
        self.sole = None;
    }

    /// Goes on after a pong, or after enough time without a closure.
    fn advance(&mut self, now: Instant) {
        match self.stage {
            Stage::Unproved if self.suspect.is_some() => {
                self.stage = Stage::Control;
                self.until = now.after(BLAME);
            }
            Stage::Unproved | Stage::Control => self.stage = Stage::Open,
            Stage::Open => {
                // The suspect was among them, or is not queued any more.
                self.suspect = None;
                self.window = self.window.saturating_mul(2);
                self.clear();
            }
        }
    }

    /// True if a window, or the wait before the first one, may end by itself.
    fn is_waiting(&self) -> bool {
        self.stage != Stage::Open || self.out > 0
    }

    /// Decides on the message that was alone out. One that is not stored will not be sent again,
    /// and is not suspected any longer.
    fn judge(&mut self, serial: u64, close: &Close, is_stored: bool) -> Verdict {
        let known = self
            .suspect
            .take_if(|suspect| suspect.serial == serial && suspect.closure == close.digest());
        if known.is_none() {
            if self.suspects == MOST_SUSPECTS {
                return Verdict::Nothing;
            }
            self.suspects += 1;
        }
        if known.is_some() || close.code == MESSAGE_TOO_BIG {
            return Verdict::Refused;
        }
        let closure = close.digest();
        self.suspect = is_stored.then_some(Suspect { serial, closure });
        Verdict::Suspected
    }

    /// Hashes the state; serials only by their relation.
    #[cfg(feature = "test-util")]
    pub(super) fn fingerprint(
        &self,
        now: Instant,
        name: &impl Fn(&P) -> u64,
        hasher: &mut impl Hasher,
    ) {
        (self.stage, self.window, self.out, self.asked).hash(hasher);
        let until = self.is_waiting().then(|| self.until.since(now));
        (until, self.suspects, self.free_attempts).hash(hasher);
        self.sole
            .as_ref()
            .map(|(_, payload)| name(payload))
            .hash(hasher);
        self.suspect.map(|suspect| suspect.closure).hash(hasher);
    }

    #[cfg(feature = "test-util")]
    pub(super) fn serials(&self) -> impl Iterator<Item = u64> {
        let sole = self.sole.iter().map(|(serial, _)| *serial);
        sole.chain(self.suspect.iter().map(|suspect| suspect.serial))
    }
}

/// Result of a closure while one message was out.
enum Verdict {
    Refused,
    Suspected,
    /// The search is over for this outage.
    Nothing,
}

impl<P: Payload> Session<P> {
    /// Starts the search on a connection that was acknowledged.
    pub(super) fn start_probe(&mut self) {
        let timeout = self.config.watch.pong_timeout;
        if !self.is_connected() {
            return;
        }
        if let Some(probe) = &mut self.probe {
            probe.restart(self.now.after(timeout));
            if self.liveness.link.pings.oldest().is_none() {
                self.ping();
            }
        }
    }

    /// Handles a pong. The messages before its ping are confirmed already.
    pub(super) fn on_probe_answered(&mut self) {
        self.window_is_open();
        if self.probe.is_some() {
            self.drop_expired();
        }
        let first = self.outbox.first_queued();
        let Some(probe) = &mut self.probe else {
            return;
        };
        // A suspect that has expired, or was replaced, is not looked for.
        let is_gone = |serial| first.is_none_or(|first| first > serial);
        if probe.out == 0
            && let Some(_) = probe.suspect.take_if(|suspect| is_gone(suspect.serial))
            && probe.stage == Stage::Control
        {
            probe.stage = Stage::Open;
        }
        if probe.stage == Stage::Unproved || (probe.out > 0 && !self.acks.is_open()) {
            probe.advance(self.now);
        }
        let is_over = !probe.is_waiting();
        if is_over && self.first_unsent().is_none() && self.has_lasted() {
            self.probe = None;
        }
        self.drain_outbox(0);
    }

    /// True if the connection has lasted, so that the outage before it is over.
    fn has_lasted(&self) -> bool {
        let stable = self.timers.get(Timer::Stable);
        stable.is_none_or(|at| at <= self.now)
    }

    /// True if another message may go out now.
    pub(super) fn window_is_open(&mut self) -> bool {
        self.window_opens().is_none()
    }

    /// Time from which another message may go out, if the cloud does not answer before; `None`
    /// if the search does not hold anything back.
    pub(super) fn window_opens(&mut self) -> Option<Instant> {
        let probe = self.probe.as_mut()?;
        while probe.is_waiting() && probe.until <= self.now {
            probe.advance(self.now);
        }
        let is_closed = probe.stage != Stage::Open || probe.out >= probe.window;
        is_closed.then_some(probe.until)
    }

    /// Records a message that goes out; `None` for another frame that may be refused.
    pub(super) fn watch_frame(&mut self, message: Option<(u64, &P)>) {
        let until = self.now.after(self.config.watch.pong_timeout);
        if let Some(probe) = &mut self.probe {
            probe.out += 1;
            probe.asked = false;
            probe.until = until;
            let sole = message.filter(|_| probe.out == 1);
            probe.sole = sole.map(|(serial, payload)| (serial, payload.clone()));
        }
    }

    /// Sends a ping after the messages that went out.
    pub(super) fn ask_about_window(&mut self) {
        if self.is_connected()
            && let Some(probe) = &mut self.probe
            && probe.stage == Stage::Open
            && probe.out > 0
            && !std::mem::replace(&mut probe.asked, true)
        {
            self.ping();
        }
    }

    /// Looks for the message that made the peer close the connection.
    pub(super) fn blame(&mut self, close: &Close) {
        if !self.is_connected() {
            return;
        }
        let now = self.now;
        let repeated = self.outbox.record_closure(now);
        let has_lasted = self.has_lasted();
        self.window_is_open();
        if let Some(probe) = &mut self.probe {
            if has_lasted {
                (probe.suspects, probe.free_attempts) = (0, 0);
            }
            if probe.out == 0 {
                // It happens without the suspect too.
                probe
                    .suspect
                    .take_if(|suspect| suspect.closure == close.digest());
            }
        }
        if !(repeated || close.blames_a_message()) || !self.acks.is_open() {
            return;
        }
        let Some(probe) = &mut self.probe else {
            self.probe = Some(Box::new(Probe::new(self.now)));
            return;
        };
        let sole = probe.sole.take();
        let mut verdict = Verdict::Nothing;
        if let Some((serial, payload)) = sole {
            verdict = probe.judge(serial, close, self.outbox.holds(serial));
            if let Verdict::Refused = verdict {
                self.outbox.remove(serial);
                self.emit(Event::Dropped(payload, DropReason::Refused));
            }
        } else if probe.window > 1 && probe.out > 0 {
            verdict = Verdict::Suspected;
        }
        if let Verdict::Nothing = verdict {
            return;
        }
        if let Some(probe) = &mut self.probe
            && probe.free_attempts < MOST_FREE_ATTEMPTS
        {
            probe.free_attempts += 1;
            self.run.next_attempt_free = true;
        }
    }
}
