//! Plays plans: scenarios, and faults from a seed.

use super::Cloud;
use crate::events::{Fact, Phase};
use crate::faults::Target;
use crate::faults::playback::{Plan, Players};
use crate::identity::PlayId;
use crate::time::Instant;
use crate::timers::Timer;

/// A plan that is being played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playing {
    /// The plan's name.
    pub name: String,
    /// Whom the steps are for that are for everybody.
    pub target: Target,
    /// When it began.
    pub since: Instant,
}

impl Cloud {
    /// Plays a plan from its beginning. Steps that are for everybody are for `target`. The same
    /// plan for the same target begins anew.
    pub fn play(&mut self, plan: Plan, target: Target, now: Instant) {
        self.context.set_time(now);
        let name = plan.name();
        let same = |id: &str, whose: &Target| id == name && *whose == target;
        let mut over = self
            .players
            .ids(|player| same(&player.name, &player.target));
        if over.is_empty() && self.players.len() >= Players::MOST {
            over = self.players.ids(|_| true);
            over.truncate(1);
        }
        for id in over {
            self.end_play(id, Phase::Stopped);
        }
        let id = self.players.add(plan, target.clone(), self.context.now());
        let phase = Phase::Started;
        self.announce(None, Fact::Scenario { name, phase });
        if self.is_for_nobody(&target) {
            return self.end_play(id, Phase::Stopped);
        }
        self.schedule_play(id);
    }

    /// Stops the plans that are played for `target`, and ends the faults of that target; those of
    /// everybody when it is [`Target::All`].
    pub fn stop_playing(&mut self, target: &Target, now: Instant) {
        self.context.set_time(now);
        let meant = |whose: &Target| *target == Target::All || whose == target;
        for id in self.players.ids(|player| meant(&player.target)) {
            self.end_play(id, Phase::Stopped);
        }
        self.clear_faults(target, now);
    }

    /// Stops the plans that are played for exactly this target.
    pub(super) fn end_plays_for(&mut self, target: &Target) {
        for id in self.players.ids(|player| player.target == *target) {
            self.end_play(id, Phase::Stopped);
        }
    }

    /// What is being played.
    pub fn playing(&self) -> Vec<Playing> {
        let players = self.players.iter();
        players
            .map(|player| Playing {
                name: player.name.clone(),
                target: player.target.clone(),
                since: player.started,
            })
            .collect()
    }

    /// Does the steps that are due.
    pub(super) fn play_on(&mut self, id: PlayId) {
        let now = self.context.now();
        while let Some(action) = self.players.get_mut(id).and_then(|p| p.take_due(now)) {
            self.act(&action, now);
        }
        self.schedule_play(id);
    }

    fn schedule_play(&mut self, id: PlayId) {
        match self.players.get_mut(id).map(|player| player.next_due()) {
            Some(Some(due)) => self.context.timers.set(Timer::Plan(id), due),
            Some(None) => self.end_play(id, Phase::Ended),
            // A step of the plan may have stopped it.
            None => {}
        }
    }

    fn end_play(&mut self, id: PlayId, phase: Phase) {
        self.context.timers.stop(&Timer::Plan(id));
        if let Some(player) = self.players.remove(id) {
            let name = player.name;
            self.announce(None, Fact::Scenario { name, phase });
        }
    }
}
