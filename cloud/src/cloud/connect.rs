//! How connections come: they introduce themselves, and are let in or refused.

use std::sync::Arc;

use super::Cloud;
use super::disconnect::Ending;
use crate::events::Fact;
use crate::identity::{ConnectionId, Identity, UserSessionId};
use crate::protocol::close;
use crate::protocol::handshake::{self, Refusal};
use crate::protocol::{self, ConnectionInit};
use crate::session::manager::SessionManager;
use crate::timers::Timer;
use crate::transport::{Link, Stage};

impl Cloud {
    /// A TPA says who it is.
    pub(super) fn introduce(&mut self, id: ConnectionId, init: &ConnectionInit) {
        let judged = handshake::judge(init, &self.context.config, |user| {
            self.sessions.contains_key(user)
        });
        let Some(link) = self.context.links.get_mut(id) else {
            return;
        };
        let Some(stranger) = link.identity() else {
            return;
        };
        let who = Arc::new(Identity {
            package_name: Some(init.package_name.clone()),
            session_id: Some(init.session_id.clone()),
            user_session_id: judged.as_ref().ok().map(|id| id.user_session.clone()),
            ..Identity::clone(stranger)
        });
        link.stage = Stage::Handshaking(Arc::clone(&who));
        let user = match judged {
            Ok(session) => session.user_session,
            Err(refusal) => return self.refuse(id, refusal),
        };
        if self.faults.refuses(&who, self.context.now()) {
            let reason = "reset on introduction".to_owned();
            self.announce_refusal(Some(who), "FAULT", None, reason);
            self.end(id, Ending::cut());
            return;
        }
        if let Some(error) = self.faults.rejects(&who, self.context.now()) {
            return self.refuse(id, Refusal::wanted(error));
        }
        self.apply_line_faults(&who);
        // The ack got lost: the connection stays without one, until its handshake times out.
        if self.faults.drops_ack(&who, self.context.now()) {
            return;
        }
        self.admit(who, user);
    }

    fn admit(&mut self, who: Arc<Identity>, user: UserSessionId) {
        let id = who.connection_id;
        let package = who.package_name.as_deref().unwrap_or_default();
        let session_id = who.session_id.as_deref().unwrap_or_default();
        self.make_room_for_sessions();
        let manager = self
            .sessions
            .entry(user.clone())
            .or_insert_with(|| SessionManager::new(user.clone()));
        let settings = manager.settings_of(package);
        if let Some(old) = manager.connection_of(package) {
            self.supersede(old, id);
        }
        let Some(link) = self.context.links.get_mut(id) else {
            return;
        };
        link.stage = Stage::Member(Arc::clone(&who), user.clone());
        let dialect = link.dialect;
        self.context.timers.stop(&Timer::Handshake(id));
        let ack = protocol::ack(
            dialect,
            session_id,
            package,
            &settings,
            &self.context.date(),
        );
        self.context.deliver_text(id, ack);
        self.announce(Some(Arc::clone(&who)), Fact::Acked);
        self.apply_member_faults(&who);
    }

    fn supersede(&mut self, old: ConnectionId, by: ConnectionId) {
        let link = self.context.links.get(old);
        let who = link.and_then(Link::identity).map(Arc::clone);
        self.announce(who, Fact::Superseded { by });
        let ending = Ending::close(close::SUPERSEDED, close::SUPERSEDED_REASON);
        self.end(old, ending);
    }

    /// Tells a connection why it is not wanted, and closes it.
    pub(super) fn refuse(&mut self, id: ConnectionId, refusal: Refusal) {
        let link = self.context.links.get(id);
        let who = link.and_then(Link::identity).map(Arc::clone);
        let date = self.context.date();
        let frame = protocol::connection_error(refusal.code, &refusal.message, &date);
        self.context.deliver_text(id, frame);
        let reason = refusal.message;
        self.announce_refusal(who, refusal.code, Some(refusal.close), reason);
        self.end(id, Ending::close(refusal.close, refusal.reason));
    }

    pub(super) fn announce_refusal(
        &mut self,
        who: Option<Arc<Identity>>,
        error: &'static str,
        code: Option<u16>,
        reason: String,
    ) {
        let fact = Fact::Refused {
            error,
            code,
            reason,
        };
        self.announce(who, fact);
    }
}
