//! Actions of control requests and plans.

use crate::faults::{FaultRequest, Target};
use crate::protocol::frame_spec::FrameSpec;

/// An action and its target.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Inject a fault.
    Fault(FaultRequest),
    /// End the faults of a target.
    ClearFaults(Target),
    /// Send a frame.
    Frame {
        /// The frame.
        frame: FrameSpec,
        /// The receivers.
        target: Target,
    },
    /// Stop apps.
    StopApps {
        /// The apps.
        target: Target,
        /// `user_disabled`, `system_stop` or `error`.
        reason: String,
    },
}

impl Action {
    /// Replaces [`Target::All`] by another target.
    #[must_use]
    pub fn with_default_target(mut self, target: &Target) -> Self {
        let own = match &mut self {
            Self::Fault(request) => &mut request.target,
            Self::ClearFaults(own)
            | Self::Frame { target: own, .. }
            | Self::StopApps { target: own, .. } => own,
        };
        if *own == Target::All {
            *own = target.clone();
        }
        self
    }
}
