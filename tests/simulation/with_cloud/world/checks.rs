//! Checks after every step.

use std::sync::atomic::Ordering;

use testkit::ensure;
use testkit::model::Violation;
use tpa_cloud::{Action, SeededPlan};

use super::World;
use crate::with_cloud::cloud_model::millis;

/// In one of this many runs the whole cloud is searched for closed connections, and its metrics
/// are read, after each closure. That is slow.
const THOROUGH: u64 = 16;

impl World<'_> {
    pub(super) fn check(&mut self) -> Result<(), Violation> {
        if self.is_down || !self.cut.is_empty() || !self.thawed.is_empty() {
            return Ok(());
        }
        self.cloud_model.check(&self.cloud, self.now)?;
        let told = self.told.load(Ordering::Relaxed);
        ensure!(
            told == self.cloud_model.figures.events,
            "events",
            "followers received {told} events, callers {}",
            self.cloud_model.figures.events
        );
        let looks_through = std::mem::take(&mut self.looks_through);
        if looks_through && self.schedule.seed.is_multiple_of(THOROUGH) {
            self.look_through()?;
        }
        Ok(())
    }

    /// Searches the cloud's debug output for closed connections, and checks its metrics.
    fn look_through(&self) -> Result<(), Violation> {
        self.cloud_model.check_figures(&self.cloud.metrics())?;
        let mut text = format!("{:?}", self.cloud);
        for id in self.cloud_model.closing() {
            // Components that are responsible for closing sockets.
            for own in [
                format!("{id:?}: Transport "),
                format!("Cut({id:?})"),
                format!("Release({id:?})"),
            ] {
                text = text.replace(&own, "");
            }
        }
        for rest in text.split("ConnectionId(").skip(1) {
            let name = rest.split(')').next().unwrap_or_default();
            let id = format!("c{name}").parse().expect("a name");
            ensure!(
                self.cloud_model.is_alive(id),
                "references",
                "a component references {id}: {}",
                &rest[..rest.len().min(200)]
            );
        }
        Ok(())
    }

    /// Checks that the faults were those of the seed, at the same times.
    pub(super) fn check_replay(&mut self) -> Result<(), Violation> {
        let (now, seed) = (self.now, self.schedule.seed);
        let plan = SeededPlan::new(seed).map(|step| {
            let Action::Fault(request) = &step.action else {
                return (millis(step.at), "something else", None);
            };
            let period = request.period.map(millis);
            (millis(step.at), request.fault.name(), period)
        });
        let plan: Vec<_> = plan.take_while(|(at, ..)| *at <= now).collect();
        ensure!(
            self.faults == plan,
            "replay",
            "seed {seed} caused {:?} instead of {plan:?}",
            self.faults
        );
        self.coverage.replays += 1;
        Ok(())
    }
}
