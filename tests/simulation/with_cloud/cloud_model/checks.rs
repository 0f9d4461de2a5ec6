//! Comparison of the cloud with the model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::ensure;
use testkit::model::Violation;
use tpa_cloud::{Cloud, Component, ConnectionId, View};

use super::{CloudModel, Stage, millis};
use crate::with_cloud::frames::{package_of, user_of};

impl CloudModel {
    /// Checks the cloud when every output is carried out.
    pub fn check(&mut self, cloud: &Cloud, now: u64) -> Result<(), Violation> {
        ensure!(
            self.superseded.is_none() && self.stale.is_none(),
            "closures",
            "not closed: superseded {:?}, stale {:?}",
            self.superseded,
            self.stale
        );
        self.check_hit()?;
        self.check_deadlines(now)?;
        let references = cloud.references();
        self.settle_held_streams(&references);
        self.check_references(&references)?;
        if std::mem::take(&mut self.changed) {
            self.check_snapshot(&cloud.sessions(), now)?;
        }
        Ok(())
    }

    /// Finds out which held streams a restart has forgotten.
    fn settle_held_streams(&mut self, references: &BTreeSet<(Component, ConnectionId)>) {
        for (id, connection) in &mut self.connections {
            let may_lack = std::mem::take(&mut connection.may_lack_streams);
            if may_lack && !references.contains(&(Component::Subscriptions, *id)) {
                connection.streams = None;
            }
        }
    }

    /// Checks that the last fault had its effect on the connections that it hit.
    pub(super) fn check_hit(&mut self) -> Result<(), Violation> {
        let Some((fault, hit)) = self.hit.take() else {
            return Ok(());
        };
        if fault == "restart" {
            if self.forgets {
                self.held.clear();
            }
            for held in self.held.values_mut() {
                held.may_be_forgotten = true;
            }
        }
        for id in hit {
            let Some(connection) = self.connections.get(&id) else {
                continue;
            };
            let is_over = matches!(connection.stage, Stage::Closing(_));
            let is_done = match fault {
                "close" | "cut" | "flap" | "restart" => is_over,
                "freeze both" => is_over || connection.frozen,
                _ => true,
            };
            ensure!(is_done, "faults", "{fault} does nothing to {id}");
        }
        Ok(())
    }

    /// Checks that everything that is due has happened.
    fn check_deadlines(&self, now: u64) -> Result<(), Violation> {
        let config = &self.config;
        let on_time = |since: u64, most| now <= since + millis(most) + self.lateness;
        for (id, connection) in &self.connections {
            let is_closing = matches!(connection.stage, Stage::Closing(_));
            let held_until = connection.held_until;
            ensure!(
                connection.cut || !connection.frozen || !is_closing,
                "closures",
                "{id} is frozen, so that no close gets through, and not cut"
            );
            ensure!(
                is_closing || connection.thaws.is_none_or(|at| now <= at + self.lateness),
                "faults",
                "{id} is still frozen, since {:?}",
                connection.thaws
            );
            match connection.stage {
                Stage::Handshaking => ensure!(
                    on_time(connection.opened, config.handshake_timeout),
                    "progress",
                    "{id} has not introduced itself since {}",
                    connection.opened
                ),
                Stage::Member => {
                    let may_be_held = now <= held_until + self.slack() + self.lateness;
                    ensure!(
                        may_be_held
                            || connection.frozen
                            || on_time(connection.pinged + self.slack(), config.ping_interval),
                        "pings",
                        "{id} was last pinged at {}",
                        connection.pinged
                    );
                    let is_silent = connection.lost_frames || self.delays || may_be_held;
                    ensure!(
                        connection.unanswered == 0 || is_silent,
                        "pongs",
                        "{id} waits for {}",
                        connection.unanswered
                    );
                    ensure!(
                        on_time(connection.heard, config.stale_after),
                        "stale",
                        "{id} was last heard at {}",
                        connection.heard
                    );
                }
                Stage::Closing(since) => ensure!(
                    connection.cut
                        || on_time(since.max(held_until) + self.slack(), config.close_timeout),
                    "closures",
                    "{id} is closing since {since}"
                ),
            }
        }
        Ok(())
    }

    /// Checks that no component references a closed connection, and that certain components
    /// reference each live one.
    fn check_references(
        &self,
        references: &BTreeSet<(Component, ConnectionId)>,
    ) -> Result<(), Violation> {
        let mut expected = BTreeSet::new();
        for (id, connection) in &self.connections {
            let parts: &[Component] = match connection.stage {
                Stage::Handshaking => {
                    &[Component::Handshakes, Component::Metrics, Component::Timers]
                }
                Stage::Member => &[
                    Component::Members,
                    Component::Metrics,
                    Component::Timers,
                    Component::Registry,
                    Component::HealthMonitor,
                ],
                Stage::Closing(_) => &[Component::Closing],
            };
            expected.extend(parts.iter().map(|part| (*part, *id)));
            if connection.streams.is_some() && connection.stage == Stage::Member {
                expected.insert((Component::Subscriptions, *id));
            }
        }
        for (part, id) in references {
            let stage = self.connections.get(id).map(|connection| connection.stage);
            let may_know = match part {
                Component::Rooms => stage == Some(Stage::Member),
                Component::Faults | Component::Plans => {
                    matches!(stage, Some(Stage::Member | Stage::Handshaking))
                }
                _ => expected.contains(&(*part, *id)),
            };
            ensure!(may_know, "references", "{part:?} knows {id}: {stage:?}");
        }
        for (part, id) in &expected {
            let knows = references.contains(&(*part, *id));
            ensure!(knows, "references", "{part:?} does not know {id}");
        }
        Ok(())
    }

    /// Checks the snapshot that the cloud shows to people.
    fn check_snapshot(&mut self, sessions: &Value, now: u64) -> Result<(), Violation> {
        let sessions = sessions.as_array().expect("a list");
        let mut found = BTreeMap::new();
        for session in sessions {
            let user = session["userSessionId"].as_str().expect("a user");
            for connection in session["connections"].as_array().expect("a list") {
                let package = connection["packageName"].as_str().expect("a package");
                let name = connection["connectionId"]
                    .as_str()
                    .expect("a name")
                    .to_owned();
                let streams = &session["subscriptions"][package];
                let streams: BTreeSet<String> =
                    serde_json::from_value(streams.clone()).expect("a list");
                found.insert(name, (user.to_owned(), package.to_owned(), streams));
            }
        }
        let expected: BTreeMap<_, _> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.stage == Stage::Member)
            .map(|(id, connection)| {
                let session = connection.session.as_deref().unwrap_or_default();
                let (user, package) = (user_of(session), package_of(session));
                let streams = connection.streams.clone().unwrap_or_default();
                (
                    id.to_string(),
                    (user.to_owned(), package.to_owned(), streams),
                )
            })
            .collect();
        ensure!(
            found == expected,
            "snapshot",
            "{found:?} are there instead of {expected:?}"
        );
        self.displays.check(sessions, now, self.lateness)
    }

    /// Checks the metrics.
    pub fn check_figures(&self, text: &str) -> Result<(), Violation> {
        let count = |is: fn(&Stage) -> bool| {
            let connections = self.connections.values();
            connections.filter(|one| is(&one.stage)).count() as u64
        };
        let figures = &self.figures;
        for (name, expected) in [
            (
                "connections{state=\"handshaking\"}",
                count(|stage| *stage == Stage::Handshaking),
            ),
            (
                "connections{state=\"connected\"}",
                count(|stage| *stage == Stage::Member),
            ),
            (
                "connections{state=\"closing\"}",
                count(|stage| matches!(stage, Stage::Closing(_))),
            ),
            ("connections_opened_total", figures.opened),
            ("connections_acknowledged_total", figures.acknowledged),
            ("connections_stale_total", figures.stale),
            ("connections_superseded_total", figures.superseded),
            ("pings_sent_total", figures.pings),
        ] {
            let found = figure(text, name);
            ensure!(
                found == Some(expected),
                "figures",
                "{name} is {found:?} instead of {expected}"
            );
        }
        let found = figure(text, "pongs_received_total");
        let pongs = figures.pongs..=figures.pongs + figures.pongs_at_end;
        ensure!(
            found.is_some_and(|found| pongs.contains(&found)),
            "figures",
            "{found:?} pongs instead of {pongs:?}"
        );
        Ok(())
    }

    /// Text that the cloud shows to this user in this view.
    pub fn shows(cloud: &Cloud, user: &str, view: View) -> Option<String> {
        let sessions = cloud.sessions();
        let mut sessions = sessions.as_array().expect("a list").iter();
        let session = sessions.find(|session| session["userSessionId"] == user)?;
        let view = serde_json::to_value(view).expect("a name");
        let layout = &session["displays"][view.as_str().expect("a name")];
        layout["text"].as_str().map(str::to_owned)
    }
}

/// Value of a metric.
fn figure(text: &str, name: &str) -> Option<u64> {
    let line = format!("tpa_cloud_{name} ");
    let value = text.lines().find_map(|text| text.strip_prefix(&line))?;
    value.parse().ok()
}
