//! Plans that are being played.

use std::time::Duration;
use std::vec;

use litemap::LiteMap;

use crate::faults::Target;
use crate::faults::action::Action;
use crate::faults::scenario::{Scenario, Step};
use crate::faults::seeded::SeededPlan;
#[cfg(feature = "test-util")]
use crate::identity::ConnectionId;
use crate::identity::{Identity, PlayId};
use crate::time::Instant;

/// Steps with their times.
#[derive(Debug, Clone)]
pub enum Plan {
    /// Steps of a scenario.
    Scenario(Scenario),
    /// Endless random faults.
    Seeded(SeededPlan),
}

impl Plan {
    /// Returns the name of the plan.
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
pub(crate) struct Play {
    pub(crate) name: String,
    /// Target of the steps that name none.
    pub(crate) target: Target,
    pub(crate) started: Instant,
    /// Time at which a connection of the target was last known.
    pub(crate) seen: Instant,
    steps: Steps,
    next: Option<Step>,
}

impl Play {
    /// Longest time that an endless plan waits for its session, much longer than the delay
    /// between two attempts of an app.
    const MAX_ABSENCE: Duration = Duration::from_secs(120);

    /// Reports whether the plan is endless and its session has been away for too long.
    pub(crate) fn is_abandoned(&self, now: Instant) -> bool {
        let of_session = matches!(self.target, Target::Session(_));
        let is_endless = matches!(self.steps, Steps::Seeded(_));
        of_session && is_endless && now.since(self.seen) > Self::MAX_ABSENCE
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.next.as_ref().map(|step| self.started + step.at)
    }

    /// Returns the next step's action, if it is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Action> {
        if self.next_due()? > now {
            return None;
        }
        let step = std::mem::replace(&mut self.next, self.steps.next())?;
        Some(step.action.with_default_target(&self.target))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Playback {
    last: u64,
    playing: LiteMap<PlayId, Play>,
}

impl Playback {
    /// Bounds the memory.
    pub(crate) const MAX: usize = 64;

    pub(crate) fn add(&mut self, plan: Plan, target: Target, now: Instant) -> PlayId {
        self.last += 1;
        let id = PlayId(self.last);
        let name = plan.name();
        let mut steps = plan.into_steps();
        let next = steps.next();
        let play = Play {
            name,
            target,
            started: now,
            seen: now,
            steps,
            next,
        };
        self.playing.insert(id, play);
        id
    }

    pub(crate) fn get_mut(&mut self, id: PlayId) -> Option<&mut Play> {
        self.playing.get_mut(&id)
    }

    /// Records a connection for the plans that target it.
    pub(crate) fn record(&mut self, who: &Identity, now: Instant) {
        for (_, play) in self.playing.iter_mut() {
            if play.target.includes(who) {
                play.seen = now;
            }
        }
    }

    pub(crate) fn remove(&mut self, id: PlayId) -> Option<Play> {
        self.playing.remove(&id)
    }

    /// Returns the ids of the plans that satisfy `which`, oldest first.
    pub(crate) fn ids(&self, which: impl Fn(&Play) -> bool) -> Vec<PlayId> {
        let playing = self.playing.iter();
        playing
            .filter(|(_, play)| which(play))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Returns the connections that plans target by id.
    #[cfg(feature = "test-util")]
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        let playback = self.playing.values();
        playback.filter_map(|play| play.target.connection())
    }

    pub(crate) fn len(&self) -> usize {
        self.playing.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Play> {
        self.playing.values()
    }
}
