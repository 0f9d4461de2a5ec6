//! `freeze`: a half-open connection.

use serde::Deserialize;

use super::{Direction, Effect, FaultField, FaultKind, field};

/// Keeps the connection open, but reads and writes nothing. What the cloud would send is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Both by default. Frames in a single frozen direction are lost.
    #[serde(default, deserialize_with = "field::direction")]
    pub direction: Direction,
}

impl FaultKind for Freeze {
    const DESCRIPTION: &'static str = "Keeps the connection open, but reads and writes nothing.";
    const FIELDS: &'static [FaultField] =
        &[FaultField::optional("direction", field::DIRECTION)];

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Freeze(self.direction)]
    }

    fn on_open(&self) -> Vec<Effect> {
        vec![Effect::Freeze(self.direction)]
    }
}
