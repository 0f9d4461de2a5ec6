//! Messages between apps.

use crate::world::*;

const OTHER: &str = "org.example.other";

impl World {
    /// The frames of one type that `id` received.
    fn of_type(&self, id: ConnectionId, kind: &str) -> Vec<Value> {
        let mut frames = self.frames_to(id);
        frames.retain(|frame| frame["type"] == kind);
        frames
    }
}

#[test]
fn broadcasts_reach_the_same_app_and_the_same_user() {
    let mut world = World::new();
    let sender = world.connect("user1", PACKAGE);
    let same_app = world.connect("user2", PACKAGE);
    let same_user = world.connect("user1", OTHER);
    let outsider = world.connect("user2", OTHER);
    world.frame(
        sender,
        json!({"type": "app_broadcast_message", "packageName": PACKAGE, "messageId": "m1",
               "sessionId": format!("user1-{PACKAGE}"), "payload": {"text": "hello"},
               "senderUserId": "somebody else"}),
    );
    for id in [same_app, same_user] {
        let received = world.of_type(id, "app_message_received");
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["messageId"], "m1");
        assert_eq!(received[0]["payload"], json!({"text": "hello"}));
        // The cloud sets the sender.
        assert_eq!(received[0]["senderUserId"], "user1");
        assert_eq!(received[0]["senderSessionId"], format!("user1-{PACKAGE}"));
    }
    for id in [sender, outsider] {
        assert!(world.of_type(id, "app_message_received").is_empty());
    }
}

#[test]
fn direct_messages_are_delivered_and_answered() {
    let mut world = World::new();
    let sender = world.connect("user1", PACKAGE);
    let same_app = world.connect("user2", PACKAGE);
    let other_app = world.connect("user2", OTHER);
    let send = |world: &mut World, target: Value| {
        let mut frame = json!({"type": "app_direct_message", "messageId": "m1", "payload": 7});
        frame
            .as_object_mut()
            .unwrap()
            .extend(target.as_object().unwrap().clone());
        world.outputs.clear();
        world.frame(sender, frame);
        let answer = world.of_type(sender, "app_direct_message_response");
        assert_eq!(answer.len(), 1);
        assert_eq!(answer[0]["messageId"], "m1");
        assert_eq!(answer[0]["targetUserId"], target["targetUserId"]);
        answer[0]["success"].as_bool().unwrap()
    };
    let received =
        |world: &World, id: ConnectionId| world.of_type(id, "app_message_received").len();

    assert!(send(&mut world, json!({"targetUserId": "user2"})));
    assert_eq!(
        (received(&world, same_app), received(&world, other_app)),
        (1, 0)
    );
    let target = json!({"targetUserId": "user2", "targetPackageName": OTHER});
    assert!(send(&mut world, target));
    assert_eq!(
        (received(&world, same_app), received(&world, other_app)),
        (0, 1)
    );
    assert!(!send(&mut world, json!({"targetUserId": "nobody"})));
    assert!(!send(&mut world, json!({"targetUserId": "user1"})));
}

fn join(world: &mut World, id: ConnectionId, room: &str) {
    world.frame(
        id,
        json!({"type": "app_room_join", "roomId": room,
               "roomConfig": {"maxUsers": 2, "metadata": {"topic": "tea"}}}),
    );
}

#[test]
fn room_members_receive_joins_leaves_and_messages() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    let second = world.connect("user2", OTHER);
    let third = world.connect("user3", PACKAGE);
    join(&mut world, first, "kitchen");
    let updates = world.of_type(first, "app_room_updated");
    assert_eq!(updates[0]["roomData"]["memberCount"], 1);
    assert_eq!(updates[0]["roomData"]["metadata"]["topic"], "tea");

    join(&mut world, second, "kitchen");
    let joined = world.of_type(first, "app_user_joined");
    assert_eq!(joined.len(), 1);
    assert_eq!(
        (&joined[0]["userId"], &joined[0]["roomId"]),
        (&json!("user2"), &json!("kitchen"))
    );
    assert!(joined[0]["joinedAt"].is_string());
    for id in [first, second] {
        let update = world.of_type(id, "app_room_updated").pop().unwrap();
        assert_eq!(update["updateType"], "user_joined");
        assert_eq!(update["roomData"]["memberCount"], 2);
    }

    // The room is full.
    join(&mut world, third, "kitchen");
    assert!(world.of_type(third, "app_room_updated").is_empty());
    let broadcast = json!({"type": "app_broadcast_message", "roomId": "kitchen", "payload": 1});
    world.frame(third, broadcast.clone());
    assert!(world.of_type(first, "app_message_received").is_empty());
    world.frame(second, broadcast);
    let received = world.of_type(first, "app_message_received");
    assert_eq!(
        (received.len(), &received[0]["roomId"]),
        (1, &json!("kitchen"))
    );
    assert!(world.of_type(third, "app_message_received").is_empty());

    world.frame(
        second,
        json!({"type": "app_room_leave", "roomId": "kitchen"}),
    );
    assert_eq!(world.of_type(first, "app_user_left")[0]["userId"], "user2");
    let update = world.of_type(first, "app_room_updated").pop().unwrap();
    assert_eq!(update["updateType"], "user_left");
    join(&mut world, third, "kitchen");
    assert_eq!(world.of_type(first, "app_user_joined").len(), 2);
}

#[test]
fn closed_connections_leave_their_rooms() {
    let mut world = World::new();
    let stays = world.connect("user1", PACKAGE);
    let goes = world.connect("user2", PACKAGE);
    for room in ["kitchen", "hall"] {
        join(&mut world, stays, room);
        join(&mut world, goes, room);
    }
    world.input(goes, Input::Gone);
    let left = world.of_type(stays, "app_user_left");
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|frame| frame["userId"] == "user2"));
}

#[test]
fn rooms_are_bounded() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    for room in 0..100 {
        join(&mut world, id, &format!("room{room}"));
    }
    join(&mut world, id, &"x".repeat(10_000));
    assert_eq!(world.of_type(id, "app_room_updated").len(), 32);
}
