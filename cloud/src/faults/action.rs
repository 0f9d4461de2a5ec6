//! What can be made to happen by hand or by a plan.

use crate::faults::{FaultRequest, Target};
use crate::protocol::frame_spec::HandMade;

/// One thing to make happen, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A fault begins.
    Fault(FaultRequest),
    /// The faults of a target end.
    ClearFaults(Target),
    /// A frame is sent.
    Frame {
        /// The frame.
        frame: HandMade,
        /// To whom.
        target: Target,
    },
    /// Apps are stopped, as by their user.
    StopApps {
        /// Whose.
        target: Target,
        /// `user_disabled`, `system_stop` or `error`.
        reason: String,
    },
}

impl Action {
    /// The same for `target`, where it was for everybody.
    #[must_use]
    pub fn narrowed_to(mut self, target: &Target) -> Self {
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
