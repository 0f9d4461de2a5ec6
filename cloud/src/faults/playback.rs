//! What plans are being played, and how far each has come.

use std::collections::BTreeMap;
use std::vec;

use crate::faults::Target;
use crate::faults::action::Action;
use crate::faults::scenario::{Scenario, Step};
use crate::faults::seeded::SeededPlan;
use crate::identity::{ConnectionId, PlayId};
use crate::time::Instant;

/// Steps with their times, from a file or from a seed.
#[derive(Debug, Clone)]
pub enum Plan {
    /// A scenario; it ends.
    Scenario(Scenario),
    /// Faults from a seed; they do not.
    Seeded(SeededPlan),
}

impl Plan {
    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Scenario(scenario) => scenario.name.clone(),
            Self::Seeded(plan) => format!("seed-{}", plan.seed()),
        }
    }

    fn into_steps(self) -> Steps {
        match self {
            Self::Scenario(scenario) => Steps::Scenario(scenario.into_steps()),
            Self::Seeded(plan) => Steps::Seeded(plan),
        }
    }
}

#[derive(Debug)]
enum Steps {
    Scenario(vec::IntoIter<Step>),
    Seeded(SeededPlan),
}

impl Steps {
    fn next(&mut self) -> Option<Step> {
        match self {
            Self::Scenario(steps) => steps.next(),
            Self::Seeded(plan) => plan.next(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) name: String,
    /// Whom the steps are for that are for everybody.
    pub(crate) target: Target,
    pub(crate) started: Instant,
    steps: Steps,
    next: Option<Step>,
}

impl Player {
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.next.as_ref().map(|step| self.started + step.at)
    }

    /// The next step's action, when it is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Action> {
        if self.next_due()? > now {
            return None;
        }
        let step = std::mem::replace(&mut self.next, self.steps.next())?;
        Some(step.action.narrowed_to(&self.target))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Players {
    last: u64,
    playing: BTreeMap<PlayId, Player>,
}

impl Players {
    /// More plans at once than anybody follows; bounds the memory.
    pub(crate) const MOST: usize = 64;

    pub(crate) fn add(&mut self, plan: Plan, target: Target, now: Instant) -> PlayId {
        self.last += 1;
        let id = PlayId(self.last);
        let name = plan.name();
        let mut steps = plan.into_steps();
        let next = steps.next();
        let player = Player {
            name,
            target,
            started: now,
            steps,
            next,
        };
        self.playing.insert(id, player);
        id
    }

    pub(crate) fn get_mut(&mut self, id: PlayId) -> Option<&mut Player> {
        self.playing.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: PlayId) -> Option<Player> {
        self.playing.remove(&id)
    }

    /// Those that satisfy `which`, oldest first.
    pub(crate) fn ids(&self, which: impl Fn(&Player) -> bool) -> Vec<PlayId> {
        let playing = self.playing.iter();
        playing
            .filter(|(_, player)| which(player))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The connections that plans are played for by name.
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        let players = self.playing.values();
        players.filter_map(|player| player.target.connection())
    }

    pub(crate) fn len(&self) -> usize {
        self.playing.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Player> {
        self.playing.values()
    }
}
