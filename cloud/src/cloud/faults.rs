//! How faults befall connections.

use super::disconnect::Ending;
use super::{Cloud, known_sessions};
use crate::events::Fact;
use crate::faults::action::Action;
use crate::faults::{Fault, FaultRequest, Target};
use crate::identity::{ConnectionId, Identity};
use crate::output::{Delivery, Output};
use crate::time::Instant;
use crate::timers::Timer;
use crate::transport::Link;

/// Frames that no client can read: not JSON, without a type, and not even an object.
const MALFORMED: [&str; 4] = ["this is not JSON", r#"{"noType":true}"#, "null", "[1,2,3]"];

impl Cloud {
    /// Carries out an action. Returns the connections that it hit at once.
    pub fn act(&mut self, action: &Action, now: Instant) -> Vec<ConnectionId> {
        match action {
            Action::Fault(request) => self.inject(request, now),
            Action::ClearFaults(target) => {
                self.clear_faults(target, now);
                Vec::new()
            }
            Action::Frame { frame, target } => self.send_frame(target, frame, now),
            Action::StopApps { target, reason } => self.stop_apps(target, reason, now),
        }
    }

    /// Makes a fault happen. Returns the connections that it hit at once.
    pub fn inject(&mut self, request: &FaultRequest, now: Instant) -> Vec<ConnectionId> {
        self.context.set_time(now);
        let until = request.period.map(|period| self.context.now() + period);
        let hit = if request.fault.awaits_arrivals() {
            Vec::new()
        } else {
            self.context.links.matching(&request.target)
        };
        let fact = Fact::Fault {
            fault: request.fault.name(),
            connections: hit.clone(),
            for_ms: request.period.map(|period| period.as_millis() as u64),
        };
        self.announce(None, fact);
        for id in &hit {
            self.befall(*id, &request.fault, until);
        }
        if matches!(request.fault, Fault::Restart { .. }) {
            self.stay_away(request);
        } else {
            self.arm(request);
        }
        hit
    }

    /// Ends the faults of a target that go on or wait; all of them when it is everybody.
    pub fn clear_faults(&mut self, target: &Target, now: Instant) {
        self.context.set_time(now);
        self.faults.clear(target);
        let meant = match target {
            // Also those that are closing.
            Target::All => self.context.links.all(),
            Target::Package(_) | Target::Session(_) | Target::Connection(_) => {
                self.context.links.matching(target)
            }
        };
        for id in &meant {
            self.thaw(*id);
            self.context.timers.stop(&Timer::Flap(*id));
            let now = self.context.now();
            let link = self.context.links.get_mut(*id);
            if link.is_some_and(|link| link.hurry(now)) {
                self.context.timers.set(Timer::Release(*id), now);
            }
        }
        let fact = Fact::Fault {
            fault: "clear",
            connections: Vec::new(),
            for_ms: None,
        };
        self.announce(None, fact);
    }

    /// The faults on the line that go on for `who`. Asked at the opening and once more when it is
    /// known who it is.
    pub(super) fn apply_line_faults(&mut self, who: &Identity) {
        for (fault, until) in self.faults.going_on(who, self.context.now()) {
            if matches!(fault, Fault::Freeze | Fault::Delay(_)) {
                self.befall(who.connection_id, &fault, Some(until));
            }
        }
    }

    /// The faults that go on for `who` and come after the ack.
    pub(super) fn apply_member_faults(&mut self, who: &Identity) {
        let id = who.connection_id;
        for (fault, until) in self.faults.going_on(who, self.context.now()) {
            match fault {
                Fault::Close { .. } | Fault::Cut | Fault::Malformed => {
                    self.befall(id, &fault, Some(until));
                }
                Fault::Flap(uptime) if !self.is_over(id) => {
                    let end = self.context.now() + uptime;
                    self.context.timers.set(Timer::Flap(id), end);
                }
                Fault::Flap(_) => {}
                // Before the ack, or before there is a connection.
                Fault::Freeze
                | Fault::Delay(_)
                | Fault::Refuse
                | Fault::Reject(_)
                | Fault::DropAcks => {}
                // Armed as `Refuse`.
                Fault::Restart { .. } => {}
            }
        }
    }

    fn befall(&mut self, id: ConnectionId, fault: &Fault, until: Option<Instant>) {
        // Of two faults at once the first may have ended it.
        if self.is_over(id) {
            return;
        }
        match fault {
            Fault::Close { code, reason }
            | Fault::Restart {
                close: Some((code, reason)),
            } => {
                self.end(id, Ending::close(*code, reason.clone()));
            }
            Fault::Cut | Fault::Flap(_) | Fault::Restart { close: None } => {
                self.end(id, Ending::cut());
            }
            Fault::Freeze => self.freeze(id, until),
            Fault::Delay(by) => {
                if let Some(link) = self.context.links.get_mut(id) {
                    link.delay(*by, until);
                }
            }
            Fault::Malformed => {
                for frame in MALFORMED {
                    self.context.deliver(id, Delivery::Text(frame.to_owned()));
                }
            }
            // These await arrivals.
            Fault::Refuse | Fault::Reject(_) | Fault::DropAcks => {}
        }
    }

    /// Keeps a fault for whoever comes, unless it is for a connection that cannot come.
    fn arm(&mut self, request: &FaultRequest) {
        if !self.is_for_nobody(&request.target) {
            self.faults.arm(request, self.context.now());
        }
    }

    /// Whether only a connection is meant that is over: none is named twice.
    pub(super) fn is_for_nobody(&self, target: &Target) -> bool {
        target.connection().is_some_and(|id| self.is_over(id))
    }

    fn is_over(&self, id: ConnectionId) -> bool {
        self.context.links.get(id).is_none_or(Link::is_over)
    }

    fn freeze(&mut self, id: ConnectionId, until: Option<Instant>) {
        let Some(link) = self.context.links.get_mut(id) else {
            return;
        };
        if !std::mem::replace(&mut link.frozen, true) {
            self.context.push(Output::Freeze {
                to: id,
                frozen: true,
            });
        }
        match until {
            Some(until) => self.context.timers.set(Timer::Thaw(id), until),
            None => self.context.timers.stop(&Timer::Thaw(id)),
        }
    }

    pub(super) fn thaw(&mut self, id: ConnectionId) {
        self.context.timers.stop(&Timer::Thaw(id));
        let Some(link) = self.context.links.get_mut(id) else {
            return;
        };
        if std::mem::replace(&mut link.frozen, false) {
            self.context.push(Output::Freeze {
                to: id,
                frozen: false,
            });
        }
    }

    /// The second half of a restart: nobody is let in for a time, and what was known is forgotten.
    fn stay_away(&mut self, request: &FaultRequest) {
        let refuse = FaultRequest {
            fault: Fault::Refuse,
            ..request.clone()
        };
        self.arm(&refuse);
        if request.target == Target::All {
            self.forget_sessions(|_| true);
            self.sessions = known_sessions(&self.context.config);
        }
    }
}
