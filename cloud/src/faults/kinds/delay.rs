//! `delay`: a slow connection.

use std::time::Duration;

use serde::Deserialize;

use super::{Effect, FaultField, FaultKind, field};

/// Delays what the cloud sends, in order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// Delay of each frame.
    #[serde(rename = "delayMs", deserialize_with = "field::delay")]
    pub by: Duration,
}

impl FaultKind for Delay {
    const DESCRIPTION: &'static str = "Delays what the cloud sends, in order.";
    const FIELDS: &'static [FaultField] = &[FaultField::required("delayMs", field::DELAY)];

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Delay(self.by)]
    }

    fn on_open(&self) -> Vec<Effect> {
        self.on_inject()
    }
}
