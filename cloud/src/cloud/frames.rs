//! Frames by hand.

use std::sync::Arc;

use super::Cloud;
use crate::events::Fact;
use crate::faults::Target;
use crate::identity::{ConnectionId, Identity};
use crate::protocol;
use crate::protocol::frame_spec::{self, HandMade};
use crate::time::Instant;

impl Cloud {
    /// Sends a frame to the connected TPAs that are meant. Returns who they are.
    pub fn send_frame(
        &mut self,
        target: &Target,
        frame: &HandMade,
        now: Instant,
    ) -> Vec<ConnectionId> {
        self.context.set_time(now);
        let mut members = self.members(target);
        if let HandMade::Stream { name, .. } = frame {
            members.retain(|who| self.hears(who, name));
        }
        for who in &members {
            self.send_one(who, frame);
        }
        members.iter().map(|who| who.connection_id).collect()
    }

    fn send_one(&mut self, who: &Arc<Identity>, frame: &HandMade) {
        let date = self.context.date();
        let text = match frame {
            HandMade::Whole(text) => text.clone(),
            HandMade::Short(short) => frame_spec::whole(short, who, &date),
            HandMade::Stream { name, data } => {
                let session = who.session_id.as_deref().unwrap_or_default();
                protocol::data_stream(session, name, data, &date)
            }
            HandMade::Settings(change) => {
                let user = who.user_session_id.as_ref();
                let Some(session) = user.and_then(|user| self.sessions.get(user)) else {
                    return;
                };
                let package = who.package_name.as_deref().unwrap_or_default();
                let settings = change.applied_to(&session.settings_of(package));
                // The session keeps them and tells the app.
                return self.announce(Some(Arc::clone(who)), Fact::Settings { settings });
            }
        };
        self.context.deliver_text(who.connection_id, text);
    }

    fn hears(&self, who: &Identity, stream: &str) -> bool {
        let user = who.user_session_id.as_ref();
        let session = user.and_then(|user| self.sessions.get(user));
        session.is_some_and(|session| session.hears(who.connection_id, stream))
    }
}
