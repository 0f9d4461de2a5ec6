//! Frames sent by control requests and scenarios.

use std::sync::Arc;

use super::Cloud;
use crate::events::Fact;
use crate::faults::Target;
use crate::identity::{ConnectionId, Identity};
use crate::protocol::DataStream;
use crate::protocol::frame_spec::{self, FrameSpec, SettingsChange};
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
        let date = self.context.date();
        let mut members = self.members(target);
        match frame {
            FrameSpec::Verbatim(text) => self.send_each(&members, |_| text.clone()),
            FrameSpec::Template(template) => {
                self.send_each(&members, |who| frame_spec::fill(template, who, &date));
            }
            FrameSpec::Stream { name, data } => {
                members.retain(|who| self.is_subscribed(who, name));
                let stream = DataStream::new(name, data, &date);
                self.send_each(&members, |who| {
                    stream.frame(who.session_id.as_deref().unwrap_or_default())
                });
            }
            FrameSpec::Settings(change) => {
                for who in &members {
                    self.change_settings(who, change);
                }
            }
        }
        members.iter().map(|who| who.connection_id).collect()
    }

    fn send_each(&mut self, to: &[Arc<Identity>], frame: impl Fn(&Identity) -> String) {
        for who in to {
            self.context.deliver_text(who.connection_id, frame(who));
        }
    }

    fn change_settings(&mut self, of: &Arc<Identity>, change: &SettingsChange) {
        let user = of.user_session_id.as_ref();
        let Some(session) = user.and_then(|user| self.sessions.get(user)) else {
            return;
        };
        let package = of.package_name.as_deref().unwrap_or_default();
        let settings = change.applied_to(&session.settings_of(package));
        // The session stores the settings and notifies the app.
        self.broadcast(Some(Arc::clone(of)), Fact::Settings { settings });
    }

    fn is_subscribed(&self, who: &Identity, stream: &str) -> bool {
        let user = who.user_session_id.as_ref();
        let session = user.and_then(|user| self.sessions.get(user));
        session.is_some_and(|session| session.is_subscribed(who.connection_id, stream))
    }
}
