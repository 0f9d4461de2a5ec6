//! `close`: a close frame from the cloud.

use serde::Deserialize;

use super::{Effect, FaultField, FaultKind, field};
use crate::protocol::close;

/// Closes the connection with a close frame.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Defaults to 1000.
    #[serde(default = "normal", deserialize_with = "field::close_code")]
    pub code: u16,
    /// At most 123 bytes; empty by default.
    #[serde(default, deserialize_with = "field::reason")]
    pub reason: String,
}

fn normal() -> u16 {
    close::NORMAL
}

impl FaultKind for Close {
    const DESCRIPTION: &'static str = "Closes the connection with a close frame.";
    const FIELDS: &'static [FaultField] = &[
        FaultField::optional("code", field::CLOSE_CODE),
        FaultField::optional("reason", field::REASON),
    ];

    fn on_inject(&self) -> Vec<Effect> {
        vec![Effect::Close {
            code: self.code,
            reason: self.reason.clone(),
        }]
    }

    fn on_ack(&self) -> Vec<Effect> {
        self.on_inject()
    }
}
