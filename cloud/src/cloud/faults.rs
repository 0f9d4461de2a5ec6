//! Injection of faults.

use super::disconnect::Ending;
use super::{Cloud, known_sessions};
use crate::events::Fact;
use crate::faults::action::Action;
use crate::faults::kinds::Effect;
use crate::faults::{Direction, Fault, FaultRequest, Share, Target};
use crate::identity::{ConnectionId, Identity};
use crate::lane::Lane;
use crate::output::{Delivery, Output};
use crate::time::Instant;
use crate::timers::Timer;
use crate::transport::{Arrival, Transport};

impl Cloud {
    /// Performs an action. Returns the connections that it affects immediately.
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

    /// Injects a fault. Returns the connections that it affects immediately.
    pub fn inject(&mut self, request: &FaultRequest, now: Instant) -> Vec<ConnectionId> {
        self.context.set_time(now);
        let until = request.period.map(|period| self.context.now() + period);
        let hit = if request.fault.obstacle().is_some() {
            Vec::new()
        } else {
            let mut hit = self.context.transports.matching(&request.target);
            hit.retain(|id| request.share.includes(id.0));
            hit
        };
        let fact = Fact::Fault {
            fault: request.fault.name(),
            direction: request.fault.direction(),
            connections: hit.clone(),
            for_ms: request.period.map(|period| period.as_millis() as u64),
        };
        self.broadcast(None, fact);
        for id in &hit {
            for effect in request.fault.on_inject() {
                self.apply_effect(*id, effect, until);
            }
        }
        self.arm(request);
        hit
    }

    /// Ends the faults of a target, or all faults for [`Target::All`].
    pub fn clear_faults(&mut self, target: &Target, now: Instant) {
        self.context.set_time(now);
        self.faults.clear(target);
        self.schedule_armed_fault_end();
        let targets = match target {
            // Includes closing connections.
            Target::All => self.context.transports.all(),
            Target::Package(_) | Target::Session(_) | Target::Connection(_) => {
                self.context.transports.matching(target)
            }
        };
        for id in &targets {
            self.thaw(*id);
            self.context.timers.stop(&Timer::Flap(*id));
            let now = self.context.now();
            if let Some(transport) = self.context.transports.get_mut(*id) {
                if transport.down.clear(now) {
                    self.context.timers.set(Timer::Release(*id), now);
                }
                if transport.up.clear(now) {
                    self.context.timers.set(Timer::Arrive(*id), now);
                }
            }
        }
        let fact = Fact::Fault {
            fault: "clear",
            direction: None,
            connections: Vec::new(),
            for_ms: None,
        };
        self.broadcast(None, fact);
    }

    /// Applies the armed faults that act before the handshake. Called when the socket opens and
    /// once more when the connection's identity is known.
    pub(super) fn apply_open_faults(&mut self, who: &Identity) {
        let now = self.context.now();
        for (effect, until) in self.faults.effects(who, now, Fault::on_open) {
            self.apply_effect(who.connection_id, effect, Some(until));
        }
    }

    /// Applies the armed faults that act after the acknowledgement.
    pub(super) fn apply_ack_faults(&mut self, who: &Identity) {
        let now = self.context.now();
        for (effect, until) in self.faults.effects(who, now, Fault::on_ack) {
            self.apply_effect(who.connection_id, effect, Some(until));
        }
    }

    fn apply_effect(&mut self, id: ConnectionId, effect: Effect, until: Option<Instant>) {
        // An earlier fault may have ended the connection.
        if self.is_closed(id) {
            return;
        }
        match effect {
            Effect::Close { code, reason } => {
                self.end(id, Ending::close(code, reason));
            }
            Effect::Cut => {
                self.end(id, Ending::cut());
            }
            Effect::CutAfter(uptime) => {
                let end = self.context.now() + uptime;
                self.context.timers.set(Timer::Flap(id), end);
            }
            Effect::Freeze(direction) => {
                if direction == Direction::Both {
                    self.freeze(id, until);
                }
                self.affect(
                    id,
                    direction,
                    |up| up.freeze(until),
                    |down| down.freeze(until),
                );
            }
            Effect::Delay(by, direction) => {
                self.affect(
                    id,
                    direction,
                    |up| up.delay(by, until),
                    |down| down.delay(by, until),
                );
            }
            Effect::Slow(rate, direction) => {
                self.affect(
                    id,
                    direction,
                    |up| up.slow(rate, until),
                    |down| down.slow(rate, until),
                );
            }
            Effect::Send(frame) => self.context.deliver_text(id, frame.to_owned()),
        }
    }

    /// Applies an effect to the lanes of a direction.
    fn affect(
        &mut self,
        id: ConnectionId,
        direction: Direction,
        on_up: impl FnOnce(&mut Lane<Arrival>),
        on_down: impl FnOnce(&mut Lane<Delivery>),
    ) {
        let Some(transport) = self.context.transports.get_mut(id) else {
            return;
        };
        if matches!(direction, Direction::Up | Direction::Both) {
            on_up(&mut transport.up);
        }
        if matches!(direction, Direction::Down | Direction::Both) {
            on_down(&mut transport.down);
        }
        // The end of a freeze may be known only now.
        if let Some(due) = transport.up.next_release() {
            self.context.timers.set(Timer::Arrive(id), due);
        }
        if let Some(due) = transport.down.next_release() {
            self.context.timers.set(Timer::Release(id), due);
        }
    }

    /// Arms a fault for new connections. A fault for a closed connection has no effect.
    fn arm(&mut self, request: &FaultRequest) {
        let fault = request.fault.armed_as();
        let armed = FaultRequest {
            fault: fault.unwrap_or_else(|| request.fault.clone()),
            ..request.clone()
        };
        if !self.is_target_closed(&request.target) {
            self.faults.arm(&armed, self.context.now());
            self.schedule_armed_fault_end();
        }
        let hits_all = request.target == Target::All && request.share == Share::ALL;
        if request.fault.forgets_sessions() && hits_all {
            self.remove_sessions(|_| true);
            self.sessions = known_sessions(&self.context.config);
        }
    }

    /// Ends the faults whose period is over.
    pub(super) fn end_armed_faults(&mut self) {
        self.faults.expire(self.context.now());
        self.schedule_armed_fault_end();
    }

    /// Sets the timer for the next end. A shell whose clock only follows its timers, as in a test
    /// with fake ones, would not reach it otherwise while there is no connection.
    fn schedule_armed_fault_end(&mut self) {
        match self.faults.next_end() {
            Some(at) => self.context.timers.set(Timer::ArmedFaultEnd, at),
            None => self.context.timers.stop(&Timer::ArmedFaultEnd),
        }
    }

    /// Reports whether the target is a single connection that is closed. Ids are not reused.
    pub(super) fn is_target_closed(&self, target: &Target) -> bool {
        target.connection().is_some_and(|id| self.is_closed(id))
    }

    fn is_closed(&self, id: ConnectionId) -> bool {
        self.context
            .transports
            .get(id)
            .is_none_or(Transport::is_closed)
    }

    fn freeze(&mut self, id: ConnectionId, until: Option<Instant>) {
        let Some(transport) = self.context.transports.get_mut(id) else {
            return;
        };
        if !std::mem::replace(&mut transport.frozen, true) {
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
        let Some(transport) = self.context.transports.get_mut(id) else {
            return;
        };
        if std::mem::replace(&mut transport.frozen, false) {
            self.context.push(Output::Freeze {
                to: id,
                frozen: false,
            });
        }
    }
}
