//! Rooms: groups of apps that exchange messages.

use std::sync::Arc;

use litemap::LiteMap;
use serde_json::{Value, json};

use crate::context::Context;
use crate::events::{Event, Fact};
use crate::identity::{ConnectionId, Identity};
use crate::json::heap_bytes;
use crate::protocol::RoomConfig;

/// All rooms. A room exists while it has members.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    by_name: LiteMap<String, Room>,
    /// Estimated memory of the metadata of all rooms.
    metadata_bytes: usize,
}

#[derive(Debug)]
struct Room {
    config: RoomConfig,
    members: LiteMap<ConnectionId, Arc<Identity>>,
}

impl Rooms {
    /// Bound the memory.
    const MAX_ROOMS_OF_CONNECTION: usize = 32;
    const MAX_NAME_BYTES: usize = 128;
    const MAX_ROOMS: usize = 4_096;
    const MAX_METADATA_BYTES: usize = 2 * 1024 * 1024;

    pub(crate) fn handle_event(&mut self, event: &Event, context: &mut Context) {
        let Some(who) = &event.who else { return };
        if let Fact::RoomJoined { room_id, config } = &event.fact {
            self.join(who, room_id, config, context);
        } else if let Fact::RoomLeft { room_id } = &event.fact {
            self.leave(who, room_id, context);
        } else if matches!(event.fact, Fact::Closed { .. } | Fact::Detached { .. }) {
            for room in self.rooms_of(who.connection_id) {
                self.leave(who, &room, context);
            }
        }
    }

    /// Reports whether a connection may join. It cannot join a room twice.
    pub(crate) fn admits(&self, id: ConnectionId, name: &str) -> bool {
        let has_place = match self.by_name.get(name) {
            None => self.by_name.len() < Self::MAX_ROOMS,
            Some(room) => {
                let most = room.config.max_users.unwrap_or(u64::MAX);
                !room.members.contains_key(&id) && (room.members.len() as u64) < most
            }
        };
        let is_named = !name.is_empty() && name.len() <= Self::MAX_NAME_BYTES;
        has_place && is_named && self.rooms_of(id).len() < Self::MAX_ROOMS_OF_CONNECTION
    }

    pub(crate) fn has(&self, id: ConnectionId, name: &str) -> bool {
        self.by_name
            .get(name)
            .is_some_and(|room| room.members.contains_key(&id))
    }

    /// Returns the members of a room.
    pub(crate) fn members(&self, name: &str) -> impl Iterator<Item = &Arc<Identity>> {
        let room = self.by_name.get(name);
        room.into_iter().flat_map(|room| room.members.values())
    }

    /// Returns the connections in all rooms, once for each room.
    #[cfg(feature = "test-util")]
    pub(crate) fn all_members(&self) -> impl Iterator<Item = ConnectionId> {
        let rooms = self.by_name.values();
        rooms.flat_map(|room| room.members.keys().copied())
    }

    fn rooms_of(&self, id: ConnectionId) -> Vec<String> {
        let rooms = self.by_name.iter();
        rooms
            .filter(|(_, room)| room.members.contains_key(&id))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn join(
        &mut self,
        who: &Arc<Identity>,
        name: &str,
        config: &RoomConfig,
        context: &mut Context,
    ) {
        let metadata_bytes = &mut self.metadata_bytes;
        let room = self.by_name.entry(name.to_owned()).or_insert_with(|| {
            let mut config = config.clone();
            let bytes = heap_bytes(&config.metadata);
            if *metadata_bytes + bytes > Self::MAX_METADATA_BYTES {
                config.metadata = Value::Null;
            }
            *metadata_bytes += heap_bytes(&config.metadata);
            Room {
                config,
                members: LiteMap::new(),
            }
        });
        room.announce_member(who, name, "app_user_joined", "joinedAt", context);
        room.members.insert(who.connection_id, Arc::clone(who));
        room.announce_update(name, "user_joined", context);
    }

    fn leave(&mut self, who: &Arc<Identity>, name: &str, context: &mut Context) {
        let Some(room) = self.by_name.get_mut(name) else {
            return;
        };
        if room.members.remove(&who.connection_id).is_none() {
            return;
        }
        room.announce_member(who, name, "app_user_left", "leftAt", context);
        room.announce_update(name, "user_left", context);
        if room.members.is_empty()
            && let Some(room) = self.by_name.remove(name)
        {
            self.metadata_bytes -= heap_bytes(&room.config.metadata);
        }
    }
}

impl Room {
    /// Sends the members an update about another one.
    fn announce_member(
        &self,
        who: &Identity,
        name: &str,
        kind: &str,
        when: &str,
        context: &mut Context,
    ) {
        let date = context.date();
        let frame = json!({
            "type": kind,
            "userId": who.user_session_id,
            "sessionId": who.session_id,
            "packageName": who.package_name,
            "roomId": name,
            when: date,
            "timestamp": date,
        });
        self.send_to_members(&frame, context);
    }

    fn announce_update(&self, name: &str, what: &str, context: &mut Context) {
        let mut data = json!(self.config);
        data["memberCount"] = json!(self.members.len());
        let frame = json!({
            "type": "app_room_updated",
            "roomId": name,
            "updateType": what,
            "roomData": data,
            "timestamp": context.date(),
        });
        self.send_to_members(&frame, context);
    }

    fn send_to_members(&self, frame: &Value, context: &mut Context) {
        let text = frame.to_string();
        for id in self.members.keys() {
            context.deliver_text(*id, text.clone());
        }
    }
}
