//! What can be made to happen by hand or by a plan.

use crate::faults::{FaultRequest, Target};
use crate::hand_made::HandMade;
use crate::identity::ConnectionId;
use crate::{Cloud, Instant};

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

impl Cloud {
    /// Carries out an action. Returns the connections that it hit at once.
    pub fn act(&mut self, action: &Action, now: Instant) -> Vec<ConnectionId> {
        match action {
            Action::Fault(request) => self.inject(request, now),
            Action::ClearFaults(target) => {
                self.clear_faults(target, now);
                Vec::new()
            }
            Action::Frame { frame, target } => self.send_frame(target, frame, now),
            Action::StopApps { target, reason } => self.stop_apps(target, reason, now),
        }
    }
}
