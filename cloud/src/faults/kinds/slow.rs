//! `slow`: a connection of little bandwidth.

use serde::Deserialize;

use super::{Direction, Effect, FaultField, FaultKind, field};

/// Limits the bytes a second, in each direction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Bytes a second, of frames and an overhead of 64 bytes each.
    #[serde(rename = "bytesPerSecond", deserialize_with = "field::bytes_per_second")]
    pub bytes_per_second: u64,
    /// Both by default.
    #[serde(default, deserialize_with = "field::direction")]
    pub direction: Direction,
}

impl FaultKind for Slow {
    const DESCRIPTION: &'static str = "Limits the bytes a second, in each direction.";
    const FIELDS: &'static [FaultField] = &[
        FaultField::required("bytesPerSecond", field::BYTES_PER_SECOND),
        FaultField::optional("direction", field::DIRECTION),
    ];

    fn direction(&self) -> Option<Direction> {
        Some(self.direction)
    }

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Slow(self.bytes_per_second, self.direction)]
    }

    fn on_open(&self) -> Vec<Effect> {
        self.on_inject()
    }
}
