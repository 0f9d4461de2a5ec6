//! Injected faults that wait for new connections.

use super::fault::{FaultRequest, Share, Target};
use super::kinds::{Effect, Fault, Obstacle};
#[cfg(feature = "test-util")]
use crate::identity::ConnectionId;
use crate::identity::Identity;
use crate::protocol::PhotoError;
use crate::time::Instant;

/// The faults that are armed for new connections.
#[derive(Debug, Default)]
pub(crate) struct ArmedFaults {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    target: Target,
    share: Share,
    /// `None`: for the next connection only.
    until: Option<Instant>,
}

impl ArmedFaults {
    /// Bounds the memory; the oldest fault is dropped.
    const MAX_ARMED: usize = 256;

    /// Keeps a fault for new connections, if it affects any.
    pub(crate) fn arm(&mut self, request: &FaultRequest, now: Instant) {
        self.expire(now);
        if request.period.is_none() && request.fault.obstacle().is_none() {
            return;
        }
        if self.armed.len() == Self::MAX_ARMED {
            self.armed.remove(0);
        }
        self.armed.push(Armed {
            fault: request.fault.clone(),
            target: request.target.clone(),
            share: request.share,
            until: request.period.map(|period| now + period),
        });
    }

    /// Removes the faults of a target, or all faults for [`Target::All`].
    pub(crate) fn clear(&mut self, target: &Target) {
        self.armed
            .retain(|armed| *target != Target::All && armed.target != *target);
    }

    /// Connections that faults are armed for by id.
    #[cfg(feature = "test-util")]
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.armed
            .iter()
            .filter_map(|armed| armed.target.connection())
    }

    /// Reports whether a socket is to be reset before its handshake. `number` counts the sockets.
    pub(crate) fn refuses_socket(&mut self, number: u64, now: Instant) -> bool {
        let reset = |obstacle, target: &Target| {
            (obstacle == Obstacle::Reset && *target == Target::All).then_some(())
        };
        self.take(number, now, reset).is_some()
    }

    /// Reports whether a connection is to be reset during its handshake.
    pub(crate) fn refuses(&mut self, who: &Identity, now: Instant) -> bool {
        let reset = |obstacle, target: &Target| {
            let is_narrow = *target != Target::All && target.includes(who);
            (obstacle == Obstacle::Reset && is_narrow).then_some(())
        };
        self.take(who.connection_id.0, now, reset).is_some()
    }

    /// Returns the error code to answer a connection's handshake with.
    pub(crate) fn rejects(&mut self, who: &Identity, now: Instant) -> Option<&'static str> {
        self.take(
            who.connection_id.0,
            now,
            |obstacle, target| match obstacle {
                Obstacle::Error(code) if target.includes(who) => Some(code),
                Obstacle::Error(_) | Obstacle::Reset | Obstacle::NoAnswer | Obstacle::NoPhoto => {
                    None
                }
            },
        )
    }

    /// Reports whether a connection's handshake is to remain unanswered.
    pub(crate) fn drops_ack(&mut self, who: &Identity, now: Instant) -> bool {
        let dropped = |obstacle, target: &Target| {
            (obstacle == Obstacle::NoAnswer && target.includes(who)).then_some(())
        };
        self.take(who.connection_id.0, now, dropped).is_some()
    }

    /// Returns the error that a photo request of a connection is to be answered with.
    pub(crate) fn fails_photo(&mut self, who: &Identity, now: Instant) -> Option<PhotoError> {
        self.take(who.connection_id.0, now, |obstacle, target| {
            (obstacle == Obstacle::NoPhoto && target.includes(who)).then_some(PhotoError {
                code: "PHOTO_CAPTURE_FAILED",
                message: "The glasses could not take a photo",
            })
        })
    }

    /// Effects of the armed faults on a new connection, each with the end of its period.
    pub(crate) fn effects(
        &mut self,
        who: &Identity,
        now: Instant,
        stage: impl Fn(&Fault) -> Vec<Effect>,
    ) -> Vec<(Effect, Instant)> {
        self.expire(now);
        let armed = self.armed.iter();
        armed
            .filter(|armed| armed.target.includes(who) && armed.share.includes(who.connection_id.0))
            .filter_map(|armed| Some((stage(&armed.fault), armed.until?)))
            .flat_map(|(effects, until)| effects.into_iter().map(move |effect| (effect, until)))
            .collect()
    }

    /// Finds the first fault that `select` accepts. Removes it if it is for one connection only.
    fn take<T>(
        &mut self,
        number: u64,
        now: Instant,
        select: impl Fn(Obstacle, &Target) -> Option<T>,
    ) -> Option<T> {
        self.expire(now);
        let mut armed = self.armed.iter().enumerate();
        let (index, found) = armed.find_map(|(index, armed)| {
            let obstacle = armed.fault.obstacle()?;
            let found = armed
                .share
                .includes(number)
                .then(|| select(obstacle, &armed.target));
            Some((index, found??))
        })?;
        if self.armed[index].until.is_none() {
            self.armed.remove(index);
        }
        Some(found)
    }

    /// Returns the earliest end of a period.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.armed.iter().filter_map(|armed| armed.until).min()
    }

    /// Removes the faults whose period has ended.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.armed
            .retain(|armed| armed.until.is_none_or(|until| now < until));
    }
}
