//! `delay`: a slow connection.

use std::time::Duration;

use serde::Deserialize;

use super::{Direction, Effect, FaultField, FaultKind, field};

/// Delays frames, in order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// Delay of each frame.
    #[serde(rename = "delayMs", deserialize_with = "field::delay")]
    pub by: Duration,
    /// Down by default.
    #[serde(default = "down", deserialize_with = "field::direction")]
    pub direction: Direction,
}

impl Delay {
    /// Creates a delay of what the cloud sends.
    pub fn new(by: Duration) -> Self {
        let direction = down();
        Self { by, direction }
    }
}

fn down() -> Direction {
    Direction::Down
}

impl FaultKind for Delay {
    const DESCRIPTION: &'static str = "Delays frames, in order.";
    const FIELDS: &'static [FaultField] = &[
        FaultField::required("delayMs", field::DELAY),
        FaultField::optional("direction", field::DIRECTION),
    ];

    fn direction(&self) -> Option<Direction> {
        Some(self.direction)
    }

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Delay(self.by, self.direction)]
    }

    fn on_open(&self) -> Vec<Effect> {
        self.on_inject()
    }
}
