//! `fail_photos`: glasses that take no photo.

use serde::Deserialize;

use super::{FaultKind, Obstacle};

/// Answers photo requests with an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailPhotos {}

impl FaultKind for FailPhotos {
    const DESCRIPTION: &'static str = "Answers photo requests with an error.";

    fn obstacle(&self) -> Option<Obstacle> {
        Some(Obstacle::NoPhoto)
    }
}
