//! Frames that make the cloud close the connection.

use tpa_session::session::Outgoing;

use super::wire;
use crate::Message;
use crate::closures::Closure;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// The message with this serial number.
    Message(u32),
    Subscriptions,
    Init,
    Ping,
}

/// A frame that is refused, and the closure that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub culprit: Culprit,
    pub closure: Closure,
    /// Number of refusals; then the frame is accepted.
    pub times: u32,
}

impl Refused {
    /// True if the frame is refused now.
    pub fn refuses(&mut self, frame: &Outgoing<Message>) -> bool {
        let is_culprit = match self.culprit {
            Culprit::Message(serial) => {
                matches!(frame, Outgoing::Message(message) if message.serial == serial)
            }
            Culprit::Subscriptions => matches!(frame, Outgoing::Subscriptions(_)),
            Culprit::Init => matches!(frame, Outgoing::Init),
            Culprit::Ping => wire::ping(frame).is_some(),
        };
        let refuses = is_culprit && self.times > 0;
        self.times -= u32::from(refuses);
        refuses
    }
}
