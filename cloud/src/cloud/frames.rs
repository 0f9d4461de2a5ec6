//! Frames sent by control requests and scenarios.

use std::sync::Arc;

use super::Cloud;
use crate::events::Fact;
use crate::faults::Target;
use crate::identity::{ConnectionId, Identity};
use crate::protocol;
use crate::protocol::frame_spec::{self, FrameSpec};
use crate::time::Instant;

impl Cloud {
    /// Sends a frame to the connected TPAs of a target. Returns their connections.
    pub fn send_frame(
        &mut self,
        target: &Target,
        frame: &FrameSpec,
        now: Instant,
    ) -> Vec<ConnectionId> {
        self.context.set_time(now);
        let mut members = self.members(target);
        if let FrameSpec::Stream { name, .. } = frame {
            members.retain(|who| self.is_subscribed(who, name));
        }
        for who in &members {
            self.send_one(who, frame);
        }
        members.iter().map(|who| who.connection_id).collect()
    }

    fn send_one(&mut self, who: &Arc<Identity>, frame: &FrameSpec) {
        let date = self.context.date();
        let text = match frame {
            FrameSpec::Verbatim(text) => text.clone(),
            FrameSpec::Template(template) => frame_spec::fill(template, who, &date),
            FrameSpec::Stream { name, data } => {
                let session = who.session_id.as_deref().unwrap_or_default();
                protocol::data_stream(session, name, data, &date)
            }
            FrameSpec::Settings(change) => {
                let user = who.user_session_id.as_ref();
                let Some(session) = user.and_then(|user| self.sessions.get(user)) else {
                    return;
                };
                let package = who.package_name.as_deref().unwrap_or_default();
                let settings = change.applied_to(&session.settings_of(package));
                // The session stores the settings and notifies the app.
                return self.broadcast(Some(Arc::clone(who)), Fact::Settings { settings });
            }
        };
        self.context.deliver_text(who.connection_id, text);
    }

    fn is_subscribed(&self, who: &Identity, stream: &str) -> bool {
        let user = who.user_session_id.as_ref();
        let session = user.and_then(|user| self.sessions.get(user));
        session.is_some_and(|session| session.is_subscribed(who.connection_id, stream))
    }
}
