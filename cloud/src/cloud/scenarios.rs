//! Playback of plans.

use super::Cloud;
use crate::events::{Fact, Phase};
use crate::faults::Target;
use crate::faults::playback::{Plan, Playback};
use crate::identity::PlayId;
use crate::time::Instant;
use crate::timers::Timer;

/// A plan that is being played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playing {
    /// The plan's name.
    pub name: String,
    /// Target of the steps that name none.
    pub target: Target,
    /// Start of the playback.
    pub since: Instant,
}

impl Cloud {
    /// Plays a plan from its beginning. Steps without a target are for `target`. If the plan is
    /// being played for the same target, it restarts.
    pub fn play(&mut self, plan: Plan, target: Target, now: Instant) {
        self.context.set_time(now);
        let name = plan.name();
        let same = |id: &str, whose: &Target| id == name && *whose == target;
        let mut over = self.playback.ids(|play| same(&play.name, &play.target));
        if over.is_empty() && self.playback.len() >= Playback::MAX {
            over = self.playback.ids(|_| true);
            over.truncate(1);
        }
        for id in over {
            self.end_play(id, Phase::Stopped);
        }
        let id = self.playback.add(plan, target.clone(), self.context.now());
        let phase = Phase::Started;
        self.broadcast(None, Fact::Scenario { name, phase });
        if self.is_target_closed(&target) {
            return self.end_play(id, Phase::Stopped);
        }
        self.schedule_play(id);
    }

    /// Stops the plans for `target` and ends the faults of that target. [`Target::All`] stops all
    /// plans and faults.
    pub fn stop_playing(&mut self, target: &Target, now: Instant) {
        self.context.set_time(now);
        let meant = |whose: &Target| *target == Target::All || whose == target;
        for id in self.playback.ids(|play| meant(&play.target)) {
            self.end_play(id, Phase::Stopped);
        }
        self.clear_faults(target, now);
    }

    /// Stops the plans for exactly this target.
    pub(super) fn stop_plans_for(&mut self, target: &Target) {
        for id in self.playback.ids(|play| play.target == *target) {
            self.end_play(id, Phase::Stopped);
        }
    }

    /// Returns the plans that are being played.
    pub fn playing(&self) -> Vec<Playing> {
        let playback = self.playback.iter();
        playback
            .map(|play| Playing {
                name: play.name.clone(),
                target: play.target.clone(),
                since: play.started,
            })
            .collect()
    }

    /// Performs the steps that are due. An endless plan whose session stays away is stopped: the
    /// page that asked for it may have been closed.
    pub(super) fn run_due_steps(&mut self, id: PlayId) {
        let now = self.context.now();
        if let Some(play) = self.playback.get_mut(id) {
            if !self.context.transports.matching(&play.target).is_empty() {
                play.seen = now;
            }
            if play.is_abandoned(now) {
                return self.end_play(id, Phase::Stopped);
            }
        }
        while let Some(action) = self.playback.get_mut(id).and_then(|p| p.take_due(now)) {
            self.act(&action, now);
        }
        self.schedule_play(id);
    }

    fn schedule_play(&mut self, id: PlayId) {
        match self.playback.get_mut(id).map(|play| play.next_due()) {
            Some(Some(due)) => self.context.timers.set(Timer::Plan(id), due),
            Some(None) => self.end_play(id, Phase::Ended),
            // A step of the plan may have stopped it.
            None => {}
        }
    }

    fn end_play(&mut self, id: PlayId, phase: Phase) {
        self.context.timers.stop(&Timer::Plan(id));
        if let Some(play) = self.playback.remove(id) {
            let name = play.name;
            self.broadcast(None, Fact::Scenario { name, phase });
        }
    }
}
