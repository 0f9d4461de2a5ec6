//! `freeze`: a half-open connection.

use serde::Deserialize;

use super::{Effect, FaultKind};

/// Keeps the connection open, but reads and writes nothing. What the cloud would send is lost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {}

impl FaultKind for Freeze {
    const DESCRIPTION: &'static str = "Keeps the connection open, but reads and writes nothing.";

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Freeze]
    }

    fn on_open(&self) -> Vec<Effect> {
        vec![Effect::Freeze]
    }
}
