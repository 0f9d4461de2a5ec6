//! Facts that the cloud reports.

use testkit::ensure;
use testkit::model::Violation;
use tpa_cloud::{ConnectionId, Direction, Fact, Identity, Side};

use super::{CloudModel, Held, Stage, millis};

impl CloudModel {
    pub(super) fn happened(
        &mut self,
        fact: &Fact,
        who: Option<&Identity>,
        now: u64,
    ) -> Result<(), Violation> {
        if let Some(who) = who {
            let id = who.connection_id;
            let connection = self.of(id, "an event of")?;
            let over = matches!(connection.stage, Stage::Closing(_));
            ensure!(!over, "registry", "{fact:?} of {id}, which is over");
        }
        match (fact, who) {
            (Fact::Acked, Some(who)) => self.acknowledged(who, now)?,
            (Fact::Superseded { by }, Some(who)) => {
                self.figures.superseded += 1;
                self.superseded = Some((who.connection_id, *by));
            }
            (Fact::Stale { .. }, Some(who)) => {
                self.figures.stale += 1;
                let connection = self.of(who.connection_id, "stale")?;
                let silent = now - connection.heard;
                ensure!(
                    silent >= millis(self.config.stale_after),
                    "stale",
                    "{} is called stale after {silent} ms",
                    who.connection_id
                );
                self.stale = Some(who.connection_id);
            }
            (Fact::Closed { code, reason, by }, Some(who)) => {
                self.closed(who.connection_id, *code, reason, *by, now)?;
            }
            (
                Fact::Fault {
                    fault,
                    direction,
                    connections,
                    for_ms,
                },
                _,
            ) => {
                self.check_hit()?;
                let end = for_ms.map(|millis| now + millis);
                self.apply_fault(fault, *direction, connections, (now, end))?;
            }
            (
                Fact::AppStopped {
                    package_name,
                    user_session_id,
                    ..
                },
                _,
            ) => {
                ensure!(
                    self.stopping,
                    "closures",
                    "{package_name} stopped for no reason"
                );
                self.displays.stop(user_session_id.as_str(), package_name);
                let session = format!("{user_session_id}-{package_name}");
                self.held.remove(&session);
                for connection in self.connections.values_mut() {
                    connection.released |= connection.session.as_ref() == Some(&session);
                }
            }
            (Fact::Subscriptions { .. }, Some(who)) => {
                self.of(who.connection_id, "subscribed")?.released = false;
            }
            (Fact::Released { .. }, Some(who)) => {
                let connection = self.of(who.connection_id, "released")?;
                connection.released = connection.streams.is_some();
            }
            _ => {}
        }
        self.changed |= !matches!(fact, Fact::Message { .. });
        Ok(())
    }

    fn apply_fault(
        &mut self,
        fault: &'static str,
        direction: Option<Direction>,
        connections: &[ConnectionId],
        (now, end): (u64, Option<u64>),
    ) -> Result<(), Violation> {
        let is_frozen = fault == "freeze" && direction == Some(Direction::Both);
        match fault {
            "delay" => self.delays = true,
            // Freezes without an end have held frames until now.
            "clear" => {
                let all = self.connections.values_mut();
                for connection in all.filter(|connection| connection.lost_frames) {
                    connection.held_until = connection.held_until.max(now);
                }
            }
            "restart" if self.forgets => self.displays.forget(),
            "restart" => self.displays.may_be_forgotten(),
            "freeze" | "slow" => {
                self.held_until = self.held_until.max(end.unwrap_or(0));
                for id in connections {
                    let connection = self.of(*id, fault)?;
                    connection.held_until = connection.held_until.max(end.unwrap_or(0));
                    connection.lost_frames |= fault == "freeze" && end.is_none();
                    if is_frozen {
                        connection.thaws = end;
                    }
                }
            }
            _ => {}
        }
        let name = if is_frozen { "freeze both" } else { fault };
        self.hit = Some((name, connections.to_vec()));
        Ok(())
    }

    fn acknowledged(&mut self, who: &Identity, now: u64) -> Result<(), Violation> {
        self.figures.acknowledged += 1;
        ensure!(
            self.acks_shut <= now,
            "faults",
            "{} gets an ack, which faults suppress until {}",
            who.connection_id,
            self.acks_shut
        );
        let id = who.connection_id;
        let session = who.session_id.clone().unwrap_or_default();
        let other = self.members().find(|(_, of)| *of == session);
        ensure!(
            other.is_none(),
            "supersession",
            "{id} is acknowledged for {session}, which {other:?} has"
        );
        let held = self.held.remove(&session).filter(|held| now < held.until);
        let connection = self.of(id, "acknowledged")?;
        if let Some(held) = held {
            connection.streams = Some(held.streams);
            connection.may_lack_streams = held.may_be_forgotten;
        }
        ensure!(connection.has_key, "handshake", "{id} has no key");
        connection.stage = Stage::Member;
        connection.session = Some(session);
        connection.heard = now;
        connection.pinged = now;
        Ok(())
    }

    fn closed(
        &mut self,
        id: ConnectionId,
        code: u16,
        reason: &str,
        by: Side,
        now: u64,
    ) -> Result<(), Violation> {
        let (superseded, stale) = (self.superseded.take(), self.stale.take());
        let (shutting_down, stopping) = (self.shutting_down, self.stopping);
        let timeout = millis(self.config.handshake_timeout);
        let connection = self.of(id, "closed")?;
        let age = now - connection.opened;
        let reason_is_right = match (code, reason) {
            (4008, _) => stale == Some(id),
            (4009, "Superseded by another connection") => {
                superseded.is_some_and(|(old, _)| old == id)
            }
            (1008, "Handshake timeout") => connection.stage == Stage::Handshaking && age >= timeout,
            (1001, "Server shutting down") => shutting_down,
            (1000, "App stopped") => stopping,
            _ => true,
        };
        ensure!(
            reason_is_right || by == Side::Peer,
            "closures",
            "{id} is closed with {code} {reason:?} for no reason"
        );
        ensure!(
            stale.is_none_or(|stale| stale == id && code == 4008),
            "closures",
            "{id} is closed with {code}, and {stale:?} was stale"
        );
        connection.stage = Stage::Closing(now);
        let released = connection.released;
        if let (Some(session), Some(streams), false) = (
            connection.session.clone(),
            connection.streams.take(),
            released,
        ) {
            let may_be_forgotten = connection.may_lack_streams;
            let until = now + millis(self.config.app_restart_after);
            let held = Held {
                streams,
                until,
                may_be_forgotten,
            };
            self.held.insert(session, held);
        }
        Ok(())
    }
}
