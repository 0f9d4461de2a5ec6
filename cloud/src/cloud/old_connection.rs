//! Older connections of an app, which production clouds treat in different ways.

use std::sync::Arc;

use super::Cloud;
use crate::config::OldConnection;
use crate::events::Fact;
use crate::identity::{ConnectionId, Identity};
use crate::protocol::{FromTpa, ToApps};
use crate::timers::Timer;
use crate::transport::Stage;

impl Cloud {
    /// Makes room for a new connection of an app.
    pub(super) fn replace(&mut self, old: ConnectionId, by: ConnectionId) {
        match self.context.config.old_connection {
            OldConnection::Close => self.supersede(old, by),
            OldConnection::Deaf | OldConnection::Detach => self.detach(old, Some(by)),
        }
    }

    fn detach(&mut self, id: ConnectionId, by: Option<ConnectionId>) {
        let Some(transport) = self.context.transports.get_mut(id) else {
            return;
        };
        let Stage::Member(who, user) = &transport.stage else {
            return;
        };
        let (who, user) = (Arc::clone(who), user.clone());
        transport.stage = Stage::Detached(Arc::clone(&who), user);
        self.broadcast(Some(who), Fact::Detached { by });
    }

    /// Forgets the current connection of an app, because another one has ended. The clouds that do
    /// so do not ask which one it was.
    pub(super) fn old_connection_ended(&mut self, old: &Identity) {
        match self.context.config.old_connection {
            OldConnection::Deaf => {
                if let Some(current) = self.current_of(old) {
                    self.detach(current.connection_id, None);
                }
            }
            OldConnection::Close | OldConnection::Detach => {}
        }
    }

    /// Handles a frame of a connection that is not the app's current one.
    pub(super) fn handle_detached_frame(&mut self, who: &Arc<Identity>, frame: FromTpa) {
        match self.context.config.old_connection {
            OldConnection::Deaf => {}
            OldConnection::Close | OldConnection::Detach => return,
        }
        let current = self.current_of(who);
        match frame {
            FromTpa::Init(init) => {
                let id = who.connection_id;
                let deadline = self.context.now() + self.context.config.handshake_timeout;
                self.context.timers.set(Timer::Handshake(id), deadline);
                self.handle_init(id, &init);
            }
            FromTpa::Request(request) => {
                // Answered on the current connection, if at all.
                if let Some(current) = current {
                    self.answer_request(&current, &request, 0);
                }
            }
            FromTpa::Subscriptions(_) => {
                if let Some(current) = current {
                    self.handle_member_frame(current, frame);
                }
            }
            FromTpa::ToApps(ToApps::JoinRoom { .. } | ToApps::LeaveRoom { .. })
            | FromTpa::Ping { .. }
            | FromTpa::Other => {}
            FromTpa::ToApps(message) => self.relay(Arc::clone(who), message),
            FromTpa::Display(_)
            | FromTpa::DashboardContent(_)
            | FromTpa::DashboardMode(_)
            | FromTpa::DashboardSection(_)
            | FromTpa::Release(_) => self.handle_member_frame(Arc::clone(who), frame),
        }
    }

    /// Handles a frame that changes the user session.
    pub(super) fn handle_member_frame(&mut self, who: Arc<Identity>, frame: FromTpa) {
        let user = who.user_session_id.as_ref();
        let manager = user.and_then(|user| self.sessions.get(user));
        if let Some(fact) = manager.and_then(|manager| manager.read(&who, frame)) {
            self.broadcast(Some(who), fact);
        }
    }

    fn current_of(&self, who: &Identity) -> Option<Arc<Identity>> {
        let session = self.sessions.get(who.user_session_id.as_ref()?)?;
        session.current(who.package_name.as_deref()?).cloned()
    }
}
