//! Messages between apps.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Cloud;
use crate::events::Fact;
use crate::identity::{ConnectionId, Identity};
use crate::json::heap_bytes;
use crate::protocol::ToApps;
use crate::protocol::handshake::Refusal;
use crate::transport::Stage;

/// Most bytes of one message for all its receivers together.
const MAX_RELAYED: usize = 8 * 1024 * 1024;

impl Cloud {
    pub(super) fn relay(&mut self, from: Arc<Identity>, message: ToApps) {
        match message {
            ToApps::Broadcast {
                message_id,
                payload,
                room_id,
            } => self.relay_to_many(&from, &message_id, &payload, room_id.as_deref()),
            ToApps::Direct {
                message_id,
                payload,
                user_id,
                package_name,
            } => {
                let package = package_name.as_ref().or(from.package_name.as_ref());
                let to = self.connection_of(&user_id, package.map_or("", |name| name));
                let to = to.filter(|id| *id != from.connection_id);
                if let Some(to) = to {
                    self.deliver_message(&from, to, &message_id, &payload, None);
                }
                self.answer_direct(&from, &message_id, &user_id, to.is_some());
            }
            ToApps::JoinRoom { room_id, config } => {
                if self.rooms.admits(from.connection_id, &room_id) {
                    self.broadcast(Some(from), Fact::RoomJoined { room_id, config });
                }
            }
            ToApps::LeaveRoom { room_id } => {
                if self.rooms.has(from.connection_id, &room_id) {
                    self.broadcast(Some(from), Fact::RoomLeft { room_id });
                }
            }
        }
    }

    /// Sends a message to the members of a room, if the sender is one of them; without a room to
    /// the same app of other users and to the other apps of the same user.
    fn relay_to_many(
        &mut self,
        from: &Arc<Identity>,
        message_id: &str,
        payload: &Value,
        room: Option<&str>,
    ) {
        let sender = from.connection_id;
        let mut to: BTreeSet<ConnectionId> = match room {
            Some(room) if !self.rooms.has(sender, room) => BTreeSet::new(),
            Some(room) => {
                let members = self.rooms.members(room);
                members.map(|who| who.connection_id).collect()
            }
            None => self
                .sessions
                .values()
                .flat_map(|session| session.members())
                .filter(|who| {
                    who.package_name == from.package_name
                        || who.user_session_id == from.user_session_id
                })
                .map(|who| who.connection_id)
                .collect(),
        };
        to.remove(&sender);
        let bytes = heap_bytes(payload).saturating_mul(to.len());
        if bytes > MAX_RELAYED {
            let count = to.len();
            let problem = format!(
                "app_broadcast_message: `payload`: {bytes} bytes for {count} apps together, expected at most {MAX_RELAYED}"
            );
            return self.refuse(sender, Refusal::malformed(problem));
        }
        for id in to {
            self.deliver_message(from, id, message_id, payload, room);
        }
    }

    fn deliver_message(
        &mut self,
        from: &Identity,
        to: ConnectionId,
        message_id: &str,
        payload: &Value,
        room: Option<&str>,
    ) {
        let Some(Stage::Member(who, _)) = self
            .context
            .transports
            .get(to)
            .map(|transport| &transport.stage)
        else {
            return;
        };
        let mut frame = json!({
            "type": "app_message_received",
            "sessionId": who.session_id,
            "messageId": message_id,
            "payload": payload,
            "senderUserId": from.user_session_id,
            "senderSessionId": from.session_id,
            "senderPackageName": from.package_name,
            "timestamp": self.context.date(),
        });
        if let Some(room) = room {
            frame["roomId"] = json!(room);
        }
        self.context.deliver_text(to, frame.to_string());
    }

    fn answer_direct(&mut self, to: &Identity, message_id: &str, user: &str, arrived: bool) {
        let mut frame = json!({
            "type": "app_direct_message_response",
            "sessionId": to.session_id,
            "messageId": message_id,
            "targetUserId": user,
            "success": arrived,
            "timestamp": self.context.date(),
        });
        if !arrived {
            frame["error"] = json!("the app is not connected for this user");
        }
        self.context
            .deliver_text(to.connection_id, frame.to_string());
    }

    fn connection_of(&self, user: &str, package: &str) -> Option<ConnectionId> {
        let user = crate::identity::UserSessionId::new(user);
        self.sessions.get(&user)?.connection_of(package)
    }
}
