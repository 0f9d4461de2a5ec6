//! Treatment of an app's older connection.

use tpa_cloud::{OldConnection, UserSessionId};

use crate::world::*;

fn world(old_connection: OldConnection) -> World {
    World::with(Config {
        old_connection,
        ..Config::default()
    })
}

impl World {
    fn show(&mut self, id: ConnectionId, text: &str) {
        self.frame(
            id,
            json!({"type": "display_event", "view": "main",
                   "layout": {"layoutType": "text_wall", "text": text}}),
        );
    }

    fn shown(&self) -> Value {
        self.cloud.sessions()[0]["displays"]["main"]["text"].clone()
    }

    fn hears(&mut self, id: ConnectionId) -> bool {
        let before = self.streams_to(id).len();
        self.advance(seconds(10));
        self.input(id, Input::Pong);
        self.streams_to(id).len() > before
    }

    fn current(&self) -> Value {
        let connections = self.cloud.sessions()[0]["connections"].clone();
        let list = connections.as_array().unwrap();
        assert!(list.len() < 2, "{list:?}");
        list.first()
            .map_or(Value::Null, |one| one["connectionId"].clone())
    }
}

#[test]
fn an_older_connection_can_stay_open() {
    for mode in [OldConnection::Deaf, OldConnection::Detach] {
        let mut world = world(mode);
        let old = world.connect("user1", PACKAGE);
        world.subscribe(old, &["button_press"]);
        let new = world.connect("user1", PACKAGE);
        assert_eq!(world.close_of(old), None);
        let detached = Fact::Detached { by: Some(new) };
        assert!(world.facts_of(old).contains(&detached), "{mode:?}");
        assert_eq!(world.current(), json!(new));
        assert!(!world.hears(old) && world.hears(new), "{mode:?}");
        // It is pinged, and not answered.
        world.frame(old, json!({"type": "ping"}));
        assert_eq!(world.frames_to(old).len(), 2);
        world.advance(seconds(20));
        let pings = world.deliveries_to(old).into_iter();
        assert!(pings.filter(|(_, what)| **what == Delivery::Ping).count() > 1);
    }
}

#[test]
fn frames_of_an_older_connection_are_handled_if_it_is_not_detached() {
    for (mode, is_handled) in [
        (OldConnection::Close, false),
        (OldConnection::Deaf, true),
        (OldConnection::Detach, false),
    ] {
        let mut world = world(mode);
        let old = world.connect("user1", PACKAGE);
        let new = world.connect("user1", PACKAGE);
        world.show(new, "new");
        world.show(old, "old");
        let expected = if is_handled { "old" } else { "new" };
        assert_eq!(world.shown(), expected, "{mode:?}");
        // Subscriptions belong to the app.
        world.subscribe(old, &["button_press"]);
        assert_eq!(world.hears(new), is_handled, "{mode:?}");
        // Answers go to the current connection.
        world.frame(old, json!({"type": "photo_request", "requestId": "p1"}));
        let answers = |id| {
            let frames = world.frames_to(id).into_iter();
            frames
                .filter(|frame| frame["type"] == "photo_response")
                .count()
        };
        assert_eq!(
            (answers(old), answers(new)),
            (0, usize::from(is_handled)),
            "{mode:?}"
        );
    }
}

#[test]
fn the_end_of_an_older_connection_makes_the_new_one_deaf() {
    let mut world = world(OldConnection::Deaf);
    let user = UserSessionId::new("user1");
    let url = Some("http://127.0.0.1:7010/webhook".to_owned());
    world.cloud.start_app(&user, PACKAGE, url, world.now);
    let old = world.connect("user1", PACKAGE);
    world.subscribe(old, &["button_press"]);
    let new = world.connect("user1", PACKAGE);
    world.input(old, Input::Gone);
    assert_eq!(world.close_of(new), None);
    let forgotten = Fact::Detached { by: None };
    assert_eq!(world.facts_of(new).pop(), Some(forgotten));
    assert_eq!(world.current(), Value::Null);
    let sessions = world.cloud.sessions();
    assert_eq!(sessions[0]["apps"][0]["state"], "lost");
    // Its frames are handled.
    world.show(new, "heard");
    assert_eq!(world.shown(), "heard");
    world.advance(Duration::from_millis(4_999));
    assert!(world.streams_to(new).is_empty());
    world.advance(Duration::from_millis(1));
    let last = world
        .outputs
        .iter()
        .rev()
        .find_map(|(_, output)| match output {
            Output::Webhook(call) => Some(call.request),
            _ => None,
        });
    assert_eq!(last, Some("stop_request"));
}

#[test]
fn another_handshake_attaches_a_deaf_connection_again() {
    let mut world = world(OldConnection::Deaf);
    let old = world.connect("user1", PACKAGE);
    world.subscribe(old, &["button_press"]);
    let new = world.connect("user1", PACKAGE);
    world.input(old, Input::Gone);
    world.handshake(new, "user1", PACKAGE);
    assert_eq!(world.current(), json!(new));
    assert!(world.hears(new));
    assert_eq!(world.close_of(new), None);
}

#[test]
fn the_end_of_a_detached_connection_is_not_noticed() {
    let mut world = world(OldConnection::Detach);
    let old = world.connect("user1", PACKAGE);
    world.subscribe(old, &["button_press"]);
    let new = world.connect("user1", PACKAGE);
    world.input(
        old,
        Input::Closed {
            code: 1000,
            reason: "",
        },
    );
    world.input(old, Input::Gone);
    assert_eq!(world.current(), json!(new));
    assert!(world.hears(new));
}

#[test]
fn closing_the_old_connection_first_keeps_the_new_one() {
    let mut world = world(OldConnection::Deaf);
    let old = world.connect("user1", PACKAGE);
    world.subscribe(old, &["button_press"]);
    world.input(old, Input::Gone);
    let new = world.connect("user1", PACKAGE);
    assert!(world.hears(new));
}

#[test]
fn closed_connections_are_released_in_every_mode() {
    for mode in [
        OldConnection::Close,
        OldConnection::Deaf,
        OldConnection::Detach,
    ] {
        let mut world = world(mode);
        let ids = [1, 2, 3].map(|_| world.connect("user1", PACKAGE));
        for id in ids {
            world.frame(id, json!({"type": "app_room_join", "roomId": "kitchen"}));
        }
        for id in ids {
            world.input(id, Input::Gone);
        }
        assert!(
            world.cloud.references().is_empty(),
            "{mode:?}: {:?}",
            world.cloud.references()
        );
        assert_eq!(world.cloud.poll_timeout(), None, "{mode:?}");
    }
}
