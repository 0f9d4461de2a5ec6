//! `drop_acks`: a handshake without an answer.

use serde::Deserialize;

use super::{FaultKind, Obstacle};

/// Leaves handshakes unanswered; the connection ends with the handshake timeout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropAcks {}

impl FaultKind for DropAcks {
    const DESCRIPTION: &'static str = "Leaves handshakes unanswered.";

    fn obstacle(&self) -> Option<Obstacle> {
        Some(Obstacle::NoAnswer)
    }
}
