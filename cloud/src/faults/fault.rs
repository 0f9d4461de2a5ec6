//! The fault plan: which failures are wanted, of whom, and for how long.

use std::time::Duration;

use crate::identity::{ConnectionId, Identity};
use crate::time::Instant;

/// A failure that can be made to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The cloud closes the connection with this code and reason.
    Close {
        /// Any code that may be on the wire.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
    /// The connection is reset, without a close frame.
    Cut,
    /// The connection stays open but is silent; nothing is read from it either.
    Freeze,
    /// New connections are reset.
    Refuse,
    /// Introductions are refused with an error frame of this code.
    Reject(&'static str),
    /// What the cloud sends arrives later.
    Delay(Duration),
    /// An introduction gets no answer.
    DropAcks,
    /// Frames are sent that no client can read.
    Malformed,
    /// The connection is reset, and so is each one that comes back, this long after its ack.
    Flap(Duration),
    /// The cloud goes away, forgets everything, and comes back when the fault's time is over.
    Restart {
        /// The close frame's code and reason; without it the connections are reset.
        close: Option<(u16, String)>,
    },
}

impl Fault {
    /// The fault's name on the HTTP interface.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Close { .. } => "close",
            Self::Cut => "cut",
            Self::Freeze => "freeze",
            Self::Refuse => "refuse",
            Self::Reject(_) => "reject",
            Self::Delay(_) => "delay",
            Self::DropAcks => "drop_acks",
            Self::Malformed => "malformed",
            Self::Flap(_) => "flap",
            Self::Restart { .. } => "restart",
        }
    }

    /// Whether the fault befalls those that arrive, rather than those that are there.
    pub(crate) fn awaits_arrivals(&self) -> bool {
        match self {
            Self::Refuse | Self::Reject(_) | Self::DropAcks => true,
            Self::Close { .. }
            | Self::Cut
            | Self::Freeze
            | Self::Delay(_)
            | Self::Malformed
            | Self::Flap(_)
            | Self::Restart { .. } => false,
        }
    }
}

/// Whom a fault or a frame is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everybody.
    All,
    /// The connections of an app, in all user sessions.
    Package(String),
    /// The connection of one app in one user session.
    Session(String),
    /// One connection.
    Connection(ConnectionId),
}

impl Target {
    /// The connection that is meant by name.
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Connection(id) => Some(*id),
            Self::All | Self::Package(_) | Self::Session(_) => None,
        }
    }

    /// Whether `who` is meant.
    pub fn means(&self, who: &Identity) -> bool {
        match self {
            Self::All => true,
            Self::Package(package) => who.package_name.as_ref() == Some(package),
            Self::Session(session) => who.session_id.as_ref() == Some(session),
            Self::Connection(id) => who.connection_id == *id,
        }
    }
}

/// A wish for a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRequest {
    /// What is to happen.
    pub fault: Fault,
    /// To whom.
    pub target: Target,
    /// With a period, also to each connection that comes within it. Without one, `refuse`,
    /// `reject` and `drop_acks` befall the next connection, and the other faults those that are there.
    pub period: Option<Duration>,
}

/// The faults that wait for connections still to come.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    target: Target,
    /// `None`: for the next connection only.
    until: Option<Instant>,
}

impl FaultPlan {
    /// More wishes than anybody has; bounds the memory.
    const MOST: usize = 256;

    pub(crate) fn arm(&mut self, request: &FaultRequest, now: Instant) {
        self.expire(now);
        if request.period.is_none() && !request.fault.awaits_arrivals() {
            return;
        }
        if self.armed.len() == Self::MOST {
            self.armed.remove(0);
        }
        self.armed.push(Armed {
            fault: request.fault.clone(),
            target: request.target.clone(),
            until: request.period.map(|period| now + period),
        });
    }

    /// Forgets the faults of a target; all of them when that is everybody.
    pub(crate) fn clear(&mut self, target: &Target) {
        self.armed
            .retain(|armed| *target != Target::All && armed.target != *target);
    }

    /// The connections that are meant by name.
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.armed
            .iter()
            .filter_map(|armed| armed.target.connection())
    }

    /// Whether a socket is to be refused before anything is known of it.
    pub(crate) fn refuses_arrival(&mut self, now: Instant) -> bool {
        self.take(now, |fault, target| {
            *fault == Fault::Refuse && *target == Target::All
        })
        .is_some()
    }

    /// Whether a connection is to be refused now that it has said who it is.
    pub(crate) fn refuses(&mut self, who: &Identity, now: Instant) -> bool {
        self.take(now, |fault, target| {
            *fault == Fault::Refuse && *target != Target::All && target.means(who)
        })
        .is_some()
    }

    /// With which error a connection is to be refused.
    pub(crate) fn rejects(&mut self, who: &Identity, now: Instant) -> Option<&'static str> {
        let meant =
            |fault: &Fault, target: &Target| matches!(fault, Fault::Reject(_)) && target.means(who);
        let Some(Fault::Reject(error)) = self.take(now, meant) else {
            return None;
        };
        Some(error)
    }

    /// Whether a connection is to get no ack.
    pub(crate) fn drops_ack(&mut self, who: &Identity, now: Instant) -> bool {
        self.take(now, |fault, target| {
            *fault == Fault::DropAcks && target.means(who)
        })
        .is_some()
    }

    /// The faults that are going on for `who`, each with its end.
    pub(crate) fn going_on(&mut self, who: &Identity, now: Instant) -> Vec<(Fault, Instant)> {
        self.expire(now);
        let for_who = self.armed.iter().filter(|armed| armed.target.means(who));
        for_who
            .filter_map(|armed| Some((armed.fault.clone(), armed.until?)))
            .collect()
    }

    /// The first fault that matches. One that was for the next connection only is used up.
    fn take(&mut self, now: Instant, matches: impl Fn(&Fault, &Target) -> bool) -> Option<Fault> {
        self.expire(now);
        let found = |armed: &Armed| matches(&armed.fault, &armed.target);
        let index = self.armed.iter().position(found)?;
        let fault = self.armed[index].fault.clone();
        if self.armed[index].until.is_none() {
            self.armed.remove(index);
        }
        Some(fault)
    }

    fn expire(&mut self, now: Instant) {
        self.armed
            .retain(|armed| armed.until.is_none_or(|until| now < until));
    }
}
