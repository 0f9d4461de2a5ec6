//! `freeze`: a half-open connection.

use serde::Deserialize;

use super::{Direction, Effect, FaultField, FaultKind, field};

/// Keeps the connection open, but reads and writes nothing. Frames wait for the end of the period;
/// without a period they are lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Both by default.
    #[serde(default, deserialize_with = "field::direction")]
    pub direction: Direction,
}

impl FaultKind for Freeze {
    const DESCRIPTION: &'static str = "Keeps the connection open, but reads and writes nothing.";
    const FIELDS: &'static [FaultField] =
        &[FaultField::optional("direction", field::DIRECTION)];

    fn direction(&self) -> Option<Direction> {
        Some(self.direction)
    }

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Freeze(self.direction)]
    }

    fn on_open(&self) -> Vec<Effect> {
        vec![Effect::Freeze(self.direction)]
    }
}
