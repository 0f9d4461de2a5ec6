//! `reject`: an error in place of the acknowledgement.

use serde::Deserialize;

use super::{FaultField, FaultKind, Obstacle, field};
use crate::protocol::handshake::{ErrorCode, Refusal};

/// Answers handshakes with an error frame and closes the connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// Code of the error frame; `INVALID_API_KEY` by default.
    #[serde(default = "first_code", deserialize_with = "field::error_code")]
    pub error: ErrorCode,
}

fn first_code() -> ErrorCode {
    Refusal::CODES[0]
}

impl FaultKind for Reject {
    const DESCRIPTION: &'static str =
        "Answers handshakes with an error frame and closes the connection.";
    const FIELDS: &'static [FaultField] = &[FaultField::optional("error", field::ERROR_CODE)];

    fn obstacle(&self) -> Option<Obstacle> {
        Some(Obstacle::Error(self.error))
    }
}
