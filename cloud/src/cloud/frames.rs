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
        let to = match frame {
            FrameSpec::Stream { name, .. } => self.subscribers(target, name),
            FrameSpec::Verbatim(_) | FrameSpec::Template(_) | FrameSpec::Settings(_) => {
                self.members(target)
            }
        };
        self.send_to(&to, frame);
        to.iter().map(|who| who.connection_id).collect()
    }

    fn send_to(&mut self, to: &[Arc<Identity>], frame: &FrameSpec) {
        let date = self.context.date();
        match frame {
            FrameSpec::Verbatim(text) => self.send_each(to, |_| text.clone()),
            FrameSpec::Template(template) => {
                self.send_each(to, |who| frame_spec::fill(template, who, &date));
            }
            FrameSpec::Stream { name, data } => {
                let stream = DataStream::new(name, data, &date);
                self.send_each(to, |who| {
                    stream.frame(who.session_id.as_deref().unwrap_or_default())
                });
            }
            FrameSpec::Settings(change) => {
                for who in to {
                    self.change_settings(who, change);
                }
            }
        }
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
        if let Some(user) = user {
            self.post_settings(user, package, &settings);
        }
        // The session stores the settings and notifies the app.
        self.broadcast(Some(Arc::clone(of)), Fact::Settings { settings });
    }

    /// Returns the connected TPAs of a target that subscribe to a stream.
    fn subscribers(&self, target: &Target, stream: &str) -> Vec<Arc<Identity>> {
        let sessions = self.sessions.values();
        let subscribers = sessions.flat_map(|session| session.subscribers_of(stream));
        let meant = subscribers.filter(|who| target.includes(who));
        let mut meant: Vec<_> = meant.cloned().collect();
        meant.sort_unstable_by_key(|who| who.connection_id);
        meant
    }
}
