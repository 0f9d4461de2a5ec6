//! Limits of connections and memory.

use crate::world::*;

#[test]
fn connections_are_limited() {
    let mut world = World::with(Config {
        max_connections: 2,
        ..Config::default()
    });
    let first = world.open();
    world.open();
    let third = world
        .cloud
        .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
    assert_eq!(third, Err(OpenError::TooManyConnections));
    world.input(first, Input::Gone);
    world.open();
}

#[test]
fn delayed_frames_are_limited() {
    let mut world = World::with(Config {
        max_send_buffer_bytes: 10_000,
        ..Config::default()
    });
    let id = world.connect("user1", PACKAGE);
    let other = world.connect("user2", PACKAGE);
    let request = FaultRequest {
        fault: fault::Delay::new(seconds(3_600)).into(),
        target: Target::Connection(id),
        period: None,
        share: tpa_cloud::Share::ALL,
    };
    world.cloud.inject(&request, world.now);
    for _ in 0..200 {
        world.frame(id, json!({"type": "ping"}));
    }
    world.advance(Duration::ZERO);
    assert!(world.cut_at(id).is_some());
    let closed = Fact::Closed {
        code: 1006,
        reason: "send buffer full".to_owned(),
        by: Side::Cloud,
    };
    assert_eq!(world.facts_of(id).pop(), Some(closed));
    world.frame(other, json!({"type": "ping"}));
    assert_eq!(world.frames_to(other).pop().unwrap()["type"], "pong");
}

#[test]
fn shutdown_ignores_faults() {
    for fault in [
        Fault::from(fault::Delay::new(seconds(86_400))),
        fault::Freeze::default().into(),
    ] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let closing = world.connect("user2", PACKAGE);
        world.inject(fault.clone(), Some(seconds(86_400)));
        world
            .cloud
            .stop_apps(&Target::Connection(closing), "error", world.now);
        world.drain();
        world.advance(seconds(1));
        world.cloud.shut_down(world.now);
        world.drain();
        world.advance(Duration::ZERO);
        let close = (1012, "Server shutting down".to_owned());
        assert_eq!(world.close_of(id), Some(close), "{fault:?}");
        world.advance(seconds(2));
        for id in [id, closing] {
            let cut = world.cut_at(id);
            assert!(
                cut.is_some_and(|at| at <= Instant::from_millis(3_000)),
                "{fault:?} {id} {cut:?}"
            );
        }
    }
}

#[test]
fn a_frame_that_is_not_even_read_is_closed_with_1009() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::TooBig);
    assert_eq!(world.close_of(id), Some((1009, "Frame too big".to_owned())));
    world.advance(seconds(2));
    assert_eq!(world.cut_at(id), Some(Instant::from_millis(2_000)));
}

#[test]
fn the_user_session_that_shows_most_is_evicted() {
    let mut world = World::new();
    let small = world.connect("small", PACKAGE);
    let layout = json!({"layoutType": "text_wall", "text": "kept"});
    world.frame(small, json!({"type": "display_event", "layout": layout}));
    let content = "x".repeat(60_000);
    for number in 0..600 {
        let id = world.connect("large", &format!("org.example.app{number}"));
        world.frame(
            id,
            json!({"type": "dashboard_content_update", "content": content}),
        );
        world.input(id, Input::Gone);
    }
    let sessions = world.cloud.sessions();
    assert!(sessions.to_string().len() < 7 * 1024 * 1024);
    let of = |user: &str| {
        let mut sessions = sessions.as_array().unwrap().iter();
        sessions
            .find(|session| session["userSessionId"] == user)
            .unwrap()
    };
    assert_eq!(of("small")["displays"]["main"], layout);
    // The latest is kept.
    let kept = &of("large")["dashboard"]["apps"]["org.example.app599"];
    assert_eq!(kept["content"], content);
}

#[test]
fn the_user_session_with_the_longest_subscriptions_loses_them() {
    let mut world = World::new();
    let update =
        |names: Vec<String>| json!({"type": "subscription_update", "subscriptions": names});
    let small = world.connect("small", PACKAGE);
    world.frame(small, update(vec!["button_press".to_owned()]));
    for number in 0..600 {
        let id = world.connect(&format!("user{number}"), PACKAGE);
        let names = (0..128).map(|name| format!("{name:0>128}"));
        world.frame(id, update(names.collect()));
        if number % 2 == 0 {
            // Held for the next connection.
            world.input(id, Input::Gone);
        }
    }
    let sessions = world.cloud.sessions().to_string();
    assert!(sessions.len() < 5 * 1024 * 1024, "{}", sessions.len());
    assert!(sessions.contains("button_press"));
}

#[test]
fn rooms_are_limited_in_number_and_metadata() {
    let mut world = World::new();
    let join = |room: &str| {
        let config = json!({"metadata": "x".repeat(2_000)});
        json!({"type": "app_room_join", "roomId": room, "roomConfig": config})
    };
    let updates = |world: &World, id| {
        let frames = world.frames_to(id).into_iter();
        let updates = frames.filter(|frame| frame["type"] == "app_room_updated");
        let has_metadata = |frame: Value| frame["roomData"]["metadata"].is_string();
        updates.map(has_metadata).collect::<Vec<_>>()
    };
    let ids: Vec<_> = (0..129)
        .map(|number| world.connect(&format!("user{number}"), PACKAGE))
        .collect();
    for (number, id) in ids.iter().enumerate() {
        for room in 0..32 {
            world.frame(*id, join(&format!("{number}-{room}")));
        }
    }
    assert_eq!(updates(&world, ids[0]), [true; 32]);
    assert_eq!(updates(&world, ids[127]), [false; 32]);
    assert_eq!(updates(&world, ids[128]), [false; 0]);
    for id in &ids[..128] {
        world.input(*id, Input::Gone);
    }
    world.frame(ids[128], join("late"));
    assert_eq!(updates(&world, ids[128]), [true]);
}

#[test]
fn a_message_for_too_many_apps_costs_its_sender_the_connection() {
    let mut world = World::new();
    let sender = world.connect("sender", PACKAGE);
    let receivers: Vec<_> = (0..100)
        .map(|number| world.connect(&format!("user{number}"), PACKAGE))
        .collect();
    let message = |length: usize| json!({"type": "app_broadcast_message", "messageId": "m", "payload": "x".repeat(length)});
    world.frame(sender, message(10_000));
    for receiver in &receivers {
        let frame = world.frames_to(*receiver).pop().unwrap();
        assert_eq!(frame["type"], "app_message_received");
    }
    world.frame(sender, message(200_000));
    assert_eq!(
        world.close_of(sender),
        Some((1008, "Malformed message".to_owned()))
    );
    for receiver in receivers {
        assert_eq!(world.close_of(receiver), None);
    }
}

#[test]
fn an_unfinished_frame_that_takes_too_much_is_cut_off() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::Overrun);
    assert!(world.cut_at(id).is_some());
    let closed = Fact::Closed {
        code: 1006,
        reason: "receive buffer full".to_owned(),
        by: Side::Cloud,
    };
    assert_eq!(world.facts_of(id).pop(), Some(closed));
}
