//! `cut`: a lost connection.

use serde::Deserialize;

use super::{Effect, FaultKind};

/// Resets the connection, without a close frame.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {}

impl FaultKind for Cut {
    const DESCRIPTION: &'static str = "Resets the connection, without a close frame.";

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Cut]
    }

    fn on_ack(&self) -> Vec<Effect> {
        vec![Effect::Cut]
    }
}
