//! Handshakes, and the frames that follow an acknowledgement.

use tpa_cloud::UserSessionId;

use crate::world::*;

const HYPHENATED: &str = "anna-maria.o-neill@mail-2.example.com";

#[test]
fn user_ids_may_contain_hyphens() {
    for package in [PACKAGE, "org.example.my-app"] {
        let mut world = World::with(Config {
            strict_sessions: true,
            user_sessions: vec![HYPHENATED.to_owned()],
            ..Config::default()
        });
        let id = world.connect(HYPHENATED, package);
        let sessions = world.cloud.sessions();
        assert_eq!(sessions.as_array().unwrap().len(), 1);
        assert_eq!(sessions[0]["userSessionId"], HYPHENATED);
        assert_eq!(sessions[0]["connections"][0]["packageName"], package);
        // A prefix up to a hyphen is another user.
        let other = world.open();
        world.handshake(other, "anna", package);
        let refused = (1008, "No active session".to_owned());
        assert_eq!(world.close_of(other), Some(refused));
        assert_eq!(world.close_of(id), None);
    }
}

#[test]
fn apps_of_users_with_hyphens_are_started_and_stopped() {
    let mut world = World::new();
    let user = UserSessionId::new(HYPHENATED);
    let url = Some("http://127.0.0.1:7010/webhook".to_owned());
    let session_id = world.cloud.start_app(&user, PACKAGE, url, world.now);
    assert_eq!(session_id, format!("{HYPHENATED}-{PACKAGE}"));
    let id = world.connect(HYPHENATED, PACKAGE);
    let target = Target::Session(session_id);
    let stopped = world.cloud.stop_apps(&target, "user_disabled", world.now);
    assert_eq!(stopped, [id]);
}

#[test]
fn a_session_of_another_package_is_refused() {
    let mut world = World::new();
    let id = world.open();
    world.frame(
        id,
        json!({"type": "tpa_connection_init", "sessionId": format!("user1-{PACKAGE}"),
               "packageName": "captions", "apiKey": "dev-key"}),
    );
    let refused = (1008, "Package not found".to_owned());
    assert_eq!(world.close_of(id), Some(refused));
    let frame = &world.frames_to(id)[0];
    assert_eq!(
        frame["message"],
        format!(
            "packageName is \"captions\", but the sessionId \"user1-{PACKAGE}\" does not end with it"
        )
    );
}

fn ack_of(world: &World, id: ConnectionId) -> Value {
    let frames = world.frames_to(id).into_iter();
    let mut acks = frames.filter(|frame| frame["type"] == "tpa_connection_ack");
    acks.next_back().unwrap()
}

#[test]
fn the_ack_names_the_user_and_the_state_of_the_glasses_follows() {
    let mut world = World::new();
    let id = world.connect(HYPHENATED, PACKAGE);
    let frames = world.frames_to(id);
    let session_id = format!("{HYPHENATED}-{PACKAGE}");
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0]["sessionId"], session_id);
    assert_eq!(frames[0]["userId"], HYPHENATED);
    assert_eq!(frames[0]["subscriptions"], json!([]));
    assert_eq!(frames[1]["type"], "device_state_update");
    assert_eq!(frames[1]["sessionId"], session_id);
    assert_eq!(frames[1]["fullSnapshot"], true);
    assert_eq!(frames[1]["state"]["connected"], true);
    let model = &frames[0]["capabilities"]["modelName"];
    assert_eq!(&frames[1]["state"]["modelName"], model);
}

#[test]
fn subscriptions_are_held_for_the_next_connection() {
    for (how, end) in ENDS {
        let mut world = World::new();
        let first = world.connect("user1", PACKAGE);
        world.subscribe(first, &["button_press", "transcription"]);
        end(&mut world, first);
        world.advance(Duration::from_millis(4_999));
        let second = world.connect("user1", PACKAGE);
        let held = &ack_of(&world, second)["subscriptions"];
        assert_eq!(*held, json!(["button_press", "transcription"]), "{how}");
        world.advance(seconds(10));
        assert!(!world.streams_to(second).is_empty(), "{how}");
        // Another app or user has its own.
        for (user, package) in [("user1", "org.example.other"), ("user2", PACKAGE)] {
            let other = world.connect(user, package);
            assert_eq!(ack_of(&world, other)["subscriptions"], json!([]), "{how}");
        }
    }
}

#[test]
fn subscriptions_are_held_for_the_grace_period_only() {
    for (how, end) in ENDS {
        let mut world = World::new();
        let first = world.connect("user1", PACKAGE);
        world.subscribe(first, &["button_press"]);
        end(&mut world, first);
        world.advance(seconds(5));
        let second = world.connect("user1", PACKAGE);
        assert_eq!(ack_of(&world, second)["subscriptions"], json!([]), "{how}");
        world.advance(seconds(10));
        assert!(world.streams_to(second).is_empty(), "{how}");
    }
}

#[test]
fn nothing_is_held_after_a_release_or_a_stop() {
    for release in [false, true] {
        let mut world = World::new();
        let first = world.connect("user1", PACKAGE);
        world.subscribe(first, &["button_press"]);
        if release {
            world.frame(
                first,
                json!({"type": "ownership_release", "reason": "switching_clouds"}),
            );
            world.input(first, Input::Gone);
        } else {
            let stopped = world
                .cloud
                .stop_apps(&Target::All, "user_disabled", world.now);
            assert_eq!(stopped, [first]);
        }
        let second = world.connect("user1", PACKAGE);
        let held = &ack_of(&world, second)["subscriptions"];
        assert_eq!(*held, json!([]), "release: {release}");
    }
}

#[test]
fn a_connection_that_takes_over_has_the_subscriptions() {
    let mut world = World::new();
    let first = world.connect("user1", PACKAGE);
    world.subscribe(first, &["button_press"]);
    let second = world.connect("user1", PACKAGE);
    let held = &ack_of(&world, second)["subscriptions"];
    assert_eq!(*held, json!(["button_press"]));
    // An empty list replaces them.
    world.subscribe(second, &[]);
    world.input(second, Input::Gone);
    let third = world.connect("user1", PACKAGE);
    assert_eq!(ack_of(&world, third)["subscriptions"], json!([]));
}

type End = (&'static str, fn(&mut World, ConnectionId));

/// Ends of a connection that the app may come back from.
const ENDS: [End; 4] = [
    ("lost", |world, id| world.input(id, Input::Gone)),
    ("closed with 1000", |world, id| close(world, id, 1000)),
    ("closed with 1001", |world, id| close(world, id, 1001)),
    ("cut by the cloud", |world, _| {
        world.inject(fault::Cut {}, None);
    }),
];

fn close(world: &mut World, id: ConnectionId, code: u16) {
    let reason = "";
    world.input(id, Input::Closed { code, reason });
    world.input(id, Input::Gone);
}
