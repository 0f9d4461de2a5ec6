//! Scenarios: finite plans from files.

#[cfg(feature = "toml")]
mod builtin;
mod read;

use std::time::Duration;

use crate::faults::action::Action;

/// Steps in the order of their times.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name of the scenario.
    pub name: String,
    /// Description for people.
    pub description: String,
    steps: Vec<Step>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Time since the start of the plan.
    pub at: Duration,
    /// The action.
    pub action: Action,
}

impl Scenario {
    /// Creates a scenario; sorts the steps.
    pub fn new(name: &str, description: &str, mut steps: Vec<Step>) -> Self {
        // Stable: steps with the same time stay in order.
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

    /// Returns the steps by time.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the time of the last step.
    pub fn duration(&self) -> Duration {
        self.steps.last().map_or(Duration::ZERO, |step| step.at)
    }
}
