//! `flap`: an unstable network.

use std::time::Duration;

use serde::Deserialize;

use super::{Effect, FaultField, FaultKind, field};

/// Resets the connection, and each new one some time after its acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flap {
    /// Lifetime of a new connection; one second by default.
    #[serde(
        rename = "delayMs",
        default = "default_uptime",
        deserialize_with = "field::delay"
    )]
    pub uptime: Duration,
}

fn default_uptime() -> Duration {
    Duration::from_secs(1)
}

impl FaultKind for Flap {
    const DESCRIPTION: &'static str =
        "Resets the connection, and each new one some time after its acknowledgement.";
    const FIELDS: &'static [FaultField] = &[FaultField::optional("delayMs", field::DELAY)];
    const DEFAULT_PERIOD: Option<Duration> = Some(Duration::from_secs(10));

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Cut]
    }

    fn on_ack(&self) -> Vec<Effect> {
        vec![Effect::CutAfter(self.uptime)]
    }
}
