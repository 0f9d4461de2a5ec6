//! Handshakes: connections are acknowledged or refused.

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
use crate::transport::{Stage, Transport};

impl Cloud {
    /// Handles the first frame of a connection.
    pub(super) fn handle_init(&mut self, id: ConnectionId, init: &ConnectionInit) {
        let checked = handshake::check(init, &self.context.config, |user| {
            self.sessions.contains_key(user)
        });
        let Some(transport) = self.context.transports.get_mut(id) else {
            return;
        };
        let Some(identity) = transport.identity() else {
            return;
        };
        let who = Arc::new(Identity {
            package_name: Some(init.package_name.clone()),
            session_id: Some(init.session_id.clone()),
            user_session_id: checked.as_ref().ok().map(|id| id.user_session.clone()),
            ..Identity::clone(identity)
        });
        transport.stage = Stage::Handshaking(Arc::clone(&who));
        self.playback.record(&who, self.context.now());
        let user = match checked {
            Ok(session) => session.user_session,
            Err(refusal) => return self.refuse(id, refusal),
        };
        let session = self.sessions.get(&user);
        if session.is_some_and(|session| session.is_app_stopped(&init.package_name)) {
            return self.refuse(id, Refusal::not_started());
        }
        if self.faults.refuses(&who, self.context.now()) {
            let reason = "reset during the handshake".to_owned();
            self.broadcast_refusal(Some(who), "FAULT", None, reason);
            self.end(id, Ending::cut());
            return;
        }
        if let Some(error) = self.faults.rejects(&who, self.context.now()) {
            return self.refuse(id, Refusal::injected(error));
        }
        self.apply_open_faults(&who);
        // Without an ack the connection ends with the handshake timeout.
        if self.faults.drops_ack(&who, self.context.now()) {
            return;
        }
        self.admit(who, user);
    }

    fn admit(&mut self, who: Arc<Identity>, user: UserSessionId) {
        let id = who.connection_id;
        let package = who.package_name.as_deref().unwrap_or_default();
        let session_id = who.session_id.as_deref().unwrap_or_default();
        self.drop_idle_sessions();
        let manager = self
            .sessions
            .entry(user.clone())
            .or_insert_with(|| SessionManager::new(user.clone()));
        let settings = manager.settings_of(package);
        if let Some(old) = manager.connection_of(package) {
            self.replace(old, id);
        }
        let Some(transport) = self.context.transports.get_mut(id) else {
            return;
        };
        transport.stage = Stage::Member(Arc::clone(&who), user.clone());
        let dialect = transport.dialect;
        self.context.timers.stop(&Timer::Handshake(id));
        let now = self.context.now();
        let session = self.sessions.get(&user);
        let subscriptions = session.map(|session| session.held_subscriptions(package, now));
        let ack = protocol::Ack {
            dialect,
            session_id,
            user_id: user.as_str(),
            package,
            settings: &settings,
            subscriptions: &subscriptions.unwrap_or_default(),
        };
        let date = self.context.date();
        self.context.deliver_text(id, protocol::ack(&ack, &date));
        let state = protocol::device_state(session_id, &date);
        self.context.deliver_text(id, state);
        self.broadcast(Some(Arc::clone(&who)), Fact::Acked);
        self.apply_ack_faults(&who);
    }

    pub(super) fn supersede(&mut self, old: ConnectionId, by: ConnectionId) {
        let transport = self.context.transports.get(old);
        let who = transport.and_then(Transport::identity).map(Arc::clone);
        self.broadcast(who, Fact::Superseded { by });
        let ending = Ending::close(close::SUPERSEDED, close::SUPERSEDED_REASON);
        self.end(old, ending);
    }

    /// Sends an error frame and closes the connection.
    pub(super) fn refuse(&mut self, id: ConnectionId, refusal: Refusal) {
        let transport = self.context.transports.get(id);
        let who = transport.and_then(Transport::identity).map(Arc::clone);
        let date = self.context.date();
        let frame = protocol::connection_error(refusal.code, &refusal.message, &date);
        self.context.deliver_text(id, frame);
        let reason = refusal.message;
        self.broadcast_refusal(who, refusal.code, Some(refusal.close), reason);
        self.end(id, Ending::close(refusal.close, refusal.reason));
    }

    pub(super) fn broadcast_refusal(
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
        self.broadcast(who, fact);
    }
}
