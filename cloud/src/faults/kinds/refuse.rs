//! `refuse`: a cloud that does not accept connections.

use serde::Deserialize;

use super::{FaultKind, Obstacle};

/// Resets new connections. A connection that only one app or session is refused is reset after
/// its first frame, which names them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {}

impl FaultKind for Refuse {
    const DESCRIPTION: &'static str = "Resets new connections.";

    fn obstacle(&self) -> Option<Obstacle> {
        Some(Obstacle::Reset)
    }
}
