//! Scenarios: what happens to whom, and when.

mod builtin;
mod read;

use std::time::Duration;

use crate::faults::action::Action;

/// A story of faults: steps in the order of their times.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it plays, for people.
    pub description: String,
    steps: Vec<Step>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When, from the plan's start.
    pub at: Duration,
    /// What.
    pub action: Action,
}

impl Scenario {
    /// A scenario of these steps, whatever their order.
    pub fn new(name: &str, description: &str, mut steps: Vec<Step>) -> Self {
        // Stable: steps of one time stay in the order in which they are written.
        steps.sort_by_key(|step| step.at);
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            steps,
        }
    }

    pub(crate) fn into_steps(self) -> std::vec::IntoIter<Step> {
        self.steps.into_iter()
    }

    /// The steps, by time.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// From the start to the last step.
    pub fn duration(&self) -> Duration {
        self.steps.last().map_or(Duration::ZERO, |step| step.at)
    }
}
