//! `malformed`: frames that violate the protocol.

use serde::Deserialize;

use super::{Effect, FaultKind};

/// Not JSON, without a type, and not an object.
const FRAMES: [&str; 4] = ["this is not JSON", r#"{"noType":true}"#, "null", "[1,2,3]"];

/// Sends frames that no client can read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Malformed {}

impl FaultKind for Malformed {
    const DESCRIPTION: &'static str = "Sends frames that no client can read.";

    fn on_inject(&self) -> Vec<Effect> {
        FRAMES.map(Effect::Send).to_vec()
    }

    fn on_ack(&self) -> Vec<Effect> {
        self.on_inject()
    }
}
