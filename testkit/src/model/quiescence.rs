//! Session at rest: everything is carried out and the session only waits. A deadline must be set
//! for whatever has to happen next, and for nothing else.

use tpa_session::session::{Config, State, Timer};

use super::events::Events;
use super::lifecycle::Lifecycle;
use super::outbox::Outbox;
use super::sockets::Sockets;
use super::{Snapshot, Violation, ensure};

/// The parts of the model that take part in these rules.
pub struct Parts<'a> {
    pub config: &'a Config,
    pub lifecycle: &'a Lifecycle,
    pub sockets: &'a Sockets,
    pub events: &'a Events,
    pub outbox: &'a Outbox,
}

impl Parts<'_> {
    pub fn check(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        ensure!(
            self.events.state == snapshot.state,
            "events",
            "the app was told {:?} in {:?}",
            self.events.state,
            snapshot.state
        );
        self.check_state(snapshot)?;
        self.check_deadline(snapshot)?;
        self.check_memory(snapshot)
    }

    fn check_state(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        match snapshot.state {
            State::Idle | State::Stopped | State::Waiting => ensure!(
                !self.sockets.has_live(),
                "one socket",
                "a socket is live in {:?}",
                snapshot.state
            ),
            State::Connecting | State::Handshaking => {}
            State::Connected => ensure!(
                self.sockets.open() == Some(snapshot.socket),
                "progress",
                "connected without a socket: {snapshot:?}"
            ),
        }
        Ok(())
    }

    /// The deadline is the earliest of those that are known, or an earlier one of a timer that
    /// the model does not have.
    fn check_deadline(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        let at = snapshot.deadline.map(|(at, _)| at);
        let is_waiting = snapshot.state == State::Waiting;
        let retry = self.events.due().filter(|_| is_waiting);
        let known = [self.lifecycle.next_due(), retry, self.outbox.next_expiry()];
        let known = known.into_iter().flatten().min();
        let is_known_or_earlier = at == known
            || match snapshot.deadline {
                Some((at, Timer::Ping | Timer::Pong | Timer::Confirm | Timer::Drain)) => {
                    snapshot.state == State::Connected && known.is_none_or(|known| at < known)
                }
                _ => false,
            };
        ensure!(
            is_known_or_earlier,
            "progress",
            "something is due at {known:?}: {snapshot:?}"
        );
        ensure!(
            !is_waiting || retry.is_some(),
            "progress",
            "no attempt will follow: {snapshot:?}"
        );
        if snapshot.state == State::Connected {
            self.lifecycle.liveness.check_rest(snapshot)?;
        }
        let drains = matches!(snapshot.deadline, Some((_, Timer::Drain)));
        ensure!(
            !drains || self.outbox.has_queued(),
            "progress",
            "nothing waits for room: {snapshot:?}"
        );
        Ok(())
    }

    fn check_memory(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        let limits = self.config.outbox;
        let (messages, bytes) = snapshot.queued;
        ensure!(
            messages + snapshot.in_flight <= limits.messages && bytes <= limits.bytes,
            "memory",
            "{messages} messages of {bytes} bytes are queued, {} are in flight",
            snapshot.in_flight
        );
        Ok(())
    }
}
