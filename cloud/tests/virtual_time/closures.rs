//! Ends of connections: no component references them afterwards.

use tpa_cloud::{Component, Plan, SeededPlan, UserSessionId};

use crate::world::*;

#[test]
fn sockets_without_a_handshake_are_closed() {
    let mut world = World::new();
    let id = world.open();
    world.advance(seconds(10));
    let close = (1008, "Handshake timeout".to_owned());
    assert_eq!(world.close_of(id), Some(close));
}

/// The close frame ends the delay of the first frame, with which the freeze begins.
#[test]
fn a_close_frame_that_meets_a_freeze_ends_in_a_reset() {
    let mut world = World::new();
    let freeze = FaultRequest {
        fault: fault::Freeze::default().into(),
        target: Target::Package(PACKAGE.into()),
        period: Some(seconds(60)),
        share: tpa_cloud::Share::ALL,
    };
    world.cloud.inject(&freeze, world.now);
    world.inject(fault::Delay::new(seconds(3)), Some(seconds(60)));
    let id = world.open();
    world.handshake(id, "user1", PACKAGE);
    let (code, reason) = (4001, "not acknowledged");
    world.input(id, Input::Closed { code, reason });
    assert_eq!(world.cut_at(id), Some(world.now));
}

/// A way to end a connection, with its name.
type Closure = (&'static str, fn(&mut World, ConnectionId));

/// All ways to end a connection.
fn closures() -> Vec<Closure> {
    vec![
        ("the peer closes", |world, id| {
            world.input(
                id,
                Input::Closed {
                    code: 1000,
                    reason: "bye",
                },
            );
        }),
        ("the socket is lost", |world, id| {
            world.input(id, Input::Gone)
        }),
        ("it is stale", |world, _| world.advance(seconds(45))),
        ("it is superseded", |world, _| {
            world.connect("user1", PACKAGE);
        }),
        ("it does not read", |world, id| {
            world.input(id, Input::Congested)
        }),
        ("it sends nonsense", |world, id| {
            world.input(id, Input::Text("{"))
        }),
        ("it sends too much", |world, id| {
            world.input(id, Input::Binary(&vec![0; 2 << 20]));
        }),
        ("its app is stopped", |world, _| {
            world
                .cloud
                .stop_apps(&Target::All, "user_disabled", world.now);
            world.drain();
        }),
        ("a fault closes it", |world, _| {
            let reason = "because".to_owned();
            world.inject(fault::Close { code: 1011, reason }, None);
        }),
        ("a fault cuts it", |world, _| {
            world.inject(fault::Cut {}, None);
        }),
        ("it freezes for good", |world, _| {
            world.inject(fault::Freeze::default(), None);
            world.advance(seconds(45));
        }),
        ("the cloud restarts", |world, _| {
            world.inject(fault::Restart::default(), Some(seconds(1)));
        }),
        ("the cloud shuts down", |world, _| {
            world.cloud.shut_down(world.now);
            world.drain();
        }),
    ]
}

#[test]
fn faults_for_a_connection_end_with_it() {
    for (how, close) in closures() {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let target = Target::Connection(id);
        for (fault, period) in [
            (Fault::from(fault::Refuse {}), None),
            (
                fault::Delay::new(Duration::ZERO).into(),
                Some(seconds(3_600)),
            ),
        ] {
            let target = target.clone();
            let request = FaultRequest {
                fault,
                target,
                period,
                share: tpa_cloud::Share::ALL,
            };
            world.cloud.inject(&request, world.now);
        }
        let plan = Plan::Seeded(SeededPlan::new(1));
        world.cloud.play(plan, target, world.now);
        world.drain();

        close(&mut world, id);

        let known = world.cloud.references();
        let left = known
            .iter()
            .filter(|(part, of)| *of == id && *part != Component::Closing);
        assert_eq!(left.count(), 0, "{how}: {known:?}");
        assert_eq!(world.cloud.playing(), [], "{how}");
    }
}

#[test]
fn closed_sockets_leave_no_timers() {
    for cut in [false, true] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        world.inject(fault::Delay::new(seconds(60)), None);
        let reason = "because".to_owned();
        world.inject(fault::Close { code: 1011, reason }, None);
        if cut {
            // The socket closes before the close frame is sent.
            world.cloud.shut_down(world.now);
            world.advance(seconds(5));
        }
        world.input(id, Input::Gone);
        let known = world.cloud.references();
        assert!(known.is_empty(), "cut: {cut}: {known:?}");
        assert_eq!(world.cloud.poll_timeout(), None, "cut: {cut}");
    }
}

#[test]
fn no_fault_is_kept_for_a_closed_connection() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::Gone);
    let target = Target::Connection(id);
    for fault in [
        Fault::from(fault::Refuse {}),
        fault::Restart::default().into(),
    ] {
        let request = FaultRequest {
            fault,
            target: target.clone(),
            period: Some(seconds(3_600)),
            share: tpa_cloud::Share::ALL,
        };
        world.cloud.inject(&request, world.now);
    }
    let plan = Plan::Seeded(SeededPlan::new(1));
    world.cloud.play(plan, target, world.now);
    world.drain();
    assert!(
        world.cloud.references().is_empty(),
        "{:?}",
        world.cloud.references()
    );
    assert_eq!(world.cloud.playing(), []);
}

#[test]
fn no_component_references_a_closed_connection() {
    for (how, close) in closures() {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        world.subscribe(id, &["transcription", "audio_chunk"]);
        world.frame(
            id,
            json!({"type": "display_event", "view": "main",
                   "layout": {"layoutType": "text_wall", "text": "hi"}}),
        );
        // Every component references the connection.
        let user = UserSessionId::new("user1");
        world.cloud.start_app(&user, PACKAGE, None, world.now);
        world.frame(id, json!({"type": "app_room_join", "roomId": "kitchen"}));
        world.frame(id, json!({"type": "photo_request", "requestId": "p1"}));
        world.cloud.add_listener(|_| {});
        world.drain();
        let identities: Vec<Weak<Identity>> = world
            .facts()
            .iter()
            .filter_map(|(who, _)| who.as_ref())
            .filter(|who| who.connection_id == id)
            .map(Arc::downgrade)
            .collect();
        assert!(!identities.is_empty());

        close(&mut world, id);

        let closed = world
            .facts_of(id)
            .into_iter()
            .filter(|fact| matches!(fact, Fact::Closed { .. }))
            .count();
        assert_eq!(closed, 1, "{how}");
        world.outputs.clear();
        for identity in &identities {
            assert!(
                identity.upgrade().is_none(),
                "{how}: the identity is still referenced"
            );
        }
        // Only the socket's entry and its timer contain the id.
        let mut left = format!("{:?}", world.cloud);
        let name = format!("{id:?}");
        for own in [format!("{name}: Transport "), format!("Cut({name})")] {
            left = left.replace(&own, "");
        }
        assert!(!left.contains(&name), "{how}: {left}");
        let sessions = world.cloud.sessions().to_string();
        assert!(
            !sessions.contains(&format!("\"{id}\"")),
            "{how}: {sessions}"
        );
        // It receives nothing, and only the socket's timer is set.
        world.advance(seconds(60));
        assert!(world.streams_to(id).is_empty(), "{how}");
        world.input(id, Input::Text(r#"{"type":"ping"}"#));
        world.input(id, Input::Gone);
        assert!(world.deliveries_to(id).is_empty(), "{how}");
        assert!(world.facts_of(id).is_empty(), "{how}");
        let left = format!("{:?}", world.cloud);
        assert!(!left.contains(&name), "{how}: {left}");
        // Only the new connection remains.
        let left = usize::from(how == "it is superseded");
        assert_eq!(world.cloud.socket_count(), left, "{how}");
        if left == 0 {
            assert_eq!(world.cloud.poll_timeout(), None, "{how}");
        }
    }
}

#[test]
fn a_second_connection_replaces_the_first() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    let other_user = world.connect("user2", PACKAGE);
    let other_app = world.connect("user1", "org.example.other");
    let second = world.connect("user1", PACKAGE);
    let close = (4009, "Superseded by another connection".to_owned());
    assert_eq!(world.close_of(first), Some(close));
    assert!(
        world
            .facts_of(first)
            .contains(&Fact::Superseded { by: second })
    );
    for id in [other_user, other_app, second] {
        assert_eq!(world.close_of(id), None);
    }
}

#[test]
fn stopping_an_app_sends_a_frame_and_closes() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let other = world.connect("user1", "org.example.other");
    let target = Target::Package(PACKAGE.to_owned());
    assert_eq!(
        world.cloud.stop_apps(&target, "user_disabled", world.now),
        [id]
    );
    world.drain();
    let frame = world.frames_to(id).pop().unwrap();
    assert_eq!(
        (&frame["type"], &frame["reason"]),
        (&json!("app_stopped"), &json!("user_disabled"))
    );
    assert_eq!(world.close_of(id), Some((1000, "App stopped".to_owned())));
    assert_eq!(world.close_of(other), None);
}

#[test]
fn a_second_handshake_is_refused() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.handshake(id, "user1", PACKAGE);
    assert_eq!(world.close_of(id).unwrap().0, 1008);
}

#[test]
fn an_earlier_time_is_ignored() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.advance(seconds(14));
    world.cloud.handle_timeout(world.now);
    world.cloud.handle_timeout(Instant::ZERO);
    world.cloud.handle_input(id, Input::Pong, Instant::ZERO);
    world.drain();
    world.advance(seconds(44));
    assert_eq!(world.close_of(id), None);
    world.input(
        id,
        Input::Closed {
            code: 1000,
            reason: "",
        },
    );
    let by_peer = Fact::Closed {
        code: 1000,
        reason: String::new(),
        by: Side::Peer,
    };
    assert_eq!(world.facts_of(id).pop(), Some(by_peer));
}
