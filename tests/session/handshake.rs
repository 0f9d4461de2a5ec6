//! From `connect()` to the first ack, and what can come between.

use tpa_session::session::{
    CloseKind, Command, CommandError, Config, Control, Event, Input, Instant, Malformed, Outgoing,
    Output, Reply, RunId, SessionError, State,
};

use crate::world::{SESSION, World, config, redacted};

#[test]
fn speaks_in_the_order_init_ack_subscriptions_queue() {
    let mut world = World::new(config());
    world.command(Command::Subscribe(vec!["button_press".into()]));
    world.send("early");
    world.connect(SESSION);
    world.acknowledge();
    let frames: Vec<_> = world
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Transmit(_, frame) => Some(match frame {
                Outgoing::Init => "init".to_owned(),
                Outgoing::Subscriptions(streams) => streams.join(","),
                Outgoing::Message(text) => text.0.clone(),
                Outgoing::Ping => "ping".to_owned(),
            }),
            _ => None,
        })
        .collect();
    assert_eq!(frames, ["init", "button_press", "early"]);
}

#[test]
fn tells_its_story_in_order() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.acknowledge();
    let story = [
        "-> connecting",
        "connecting 0",
        "-> handshaking",
        "-> connected",
        "connected",
    ];
    assert_eq!(world.story(), story);
}

#[test]
fn is_connected_only_after_the_ack() {
    let mut world = World::new(config());
    world.connect(SESSION);
    assert_eq!(world.session.state(), State::Connecting);
    world.input(Input::Opened(world.socket));
    assert_eq!(world.session.state(), State::Handshaking);
    world.input(Input::Control(world.socket, Control::Ack));
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn settles_the_promise_at_the_first_ack_only() {
    let mut world = World::new(config());
    let Reply::Run(run) = world.connect(SESSION) else {
        panic!("connect() starts a run");
    };
    world.acknowledge();
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    let settled: Vec<_> = world
        .outputs
        .iter()
        .filter(|output| matches!(output, Output::Settle(..)))
        .collect();
    assert_eq!(settled, [&Output::Settle(run, Ok(()))]);
}

#[test]
fn each_connect_has_a_promise_that_is_settled_once() {
    let mut world = World::new(config());
    for _ in 0..3 {
        let Reply::Run(run) = world.connect(SESSION) else {
            panic!("connect() starts a run");
        };
        world.acknowledge();
        world.disconnect();
        assert_eq!(settled(&mut world), [(run, true)]);
        let Reply::Run(run) = world.connect(SESSION) else {
            panic!("connect() starts a run");
        };
        world.disconnect();
        assert_eq!(settled(&mut world), [(run, false)]);
    }
}

#[test]
fn an_ack_before_the_open_is_no_ack() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.send("a");
    world.take();
    world.input(Input::Control(world.socket, Control::Ack));
    assert_eq!(world.session.state(), State::Connecting);
    assert_eq!(world.outputs, []);
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
    assert_eq!(world.sent(), ["a"]);
}

#[test]
fn there_is_no_session_id_before_the_first_connect() {
    let mut world = World::new(config());
    world.send("a");
    assert_eq!(world.session.session_id(), None);
    world.connect(SESSION);
    assert_eq!(world.session.session_id(), Some(SESSION));
    world.disconnect();
    assert_eq!(world.session.session_id(), Some(SESSION), "the last one");
}

#[test]
fn an_open_without_an_ack_is_a_failed_attempt() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.input(Input::Opened(world.socket));
    world.take();
    world.advance(5000);
    assert_eq!(world.session.state(), State::Waiting);
    assert_eq!(world.reconnecting()[0].cause.code, 4001);
    assert!(matches!(world.outputs[0], Output::Close(..)));
}

#[test]
fn a_dial_that_nobody_answers_is_a_failed_attempt() {
    let mut world = World::new(config());
    world.connect(SESSION);
    let silent = world.socket;
    world.take();
    world.advance(5000);
    let closes =
        |output: &Output<_>| matches!(output, Output::Close(socket, _) if *socket == silent);
    assert!(closes(&world.outputs[0]));
    assert_eq!(world.reconnecting()[0].attempt, 1);
    world.advance(1000);
    assert_eq!(world.dials(), 1);
}

#[test]
fn a_first_ack_that_never_comes_is_one_rejection_and_one_end() {
    let mut world = World::new(config());
    let Reply::Run(run) = world.connect(SESSION) else {
        panic!("connect() starts a run");
    };
    for _ in 0..4 {
        assert_eq!(world.session.state(), State::Connecting);
        world.input(Input::Opened(world.socket));
        world.advance(5000);
        let closed = world.outputs.iter();
        let closed = closed.filter(|output| matches!(output, Output::Close(..)));
        assert_eq!(closed.count(), world.dials(), "a socket was left open");
        world.next_deadline();
    }
    let ends = world.disconnected();
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].code, ends[0].permanent), (4000, true));
    assert_eq!(settled(&mut world), [(run, false)]);
}

#[test]
fn one_deadline_covers_provider_dial_and_ack() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.advance(3000);
    world.input(Input::Opened(world.socket));
    world.advance(1999);
    assert_eq!(world.session.state(), State::Handshaking);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn a_fatal_refusal_is_final_at_once() {
    for code in [
        "INVALID_API_KEY",
        "INVALID_JWT",
        "JWT_SIGNATURE_FAILED",
        "PACKAGE_NOT_FOUND",
    ] {
        let mut world = World::new(config());
        world.connect(SESSION);
        world.input(Input::Opened(world.socket));
        world.take();
        refuse(&mut world, Some(code), "no");
        let end = world.disconnected();
        assert_eq!(end.len(), 1);
        assert_eq!((end[0].code, end[0].kind), (1008, CloseKind::Rejected));
        assert!(end[0].permanent && !end[0].will_reconnect);
        assert_eq!(end[0].reason, "no");
        assert_eq!(world.session.poll_timeout(), None);
        world.close(1008, "Invalid API key");
        assert_eq!(
            world.disconnected().len(),
            1,
            "the close that follows is old news"
        );
    }
}

#[test]
fn any_other_refusal_is_a_failed_attempt_with_its_delay() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.input(Input::Opened(world.socket));
    refuse(&mut world, Some("SESSION_NOT_FOUND"), "Session not found");
    assert_eq!(world.session.state(), State::Waiting);
    let next = world.reconnecting()[0];
    assert_eq!(next.delay.as_millis(), 1000);
    assert_eq!(next.cause.reason, "Session not found");
    assert!(world.disconnected().is_empty());
}

#[test]
fn a_refused_key_from_a_provider_is_replaced_once() {
    let mut world = World::new(Config {
        key_from_provider: true,
        ..config()
    });
    world.connect(SESSION);
    world.input(Input::Opened(world.socket));
    refuse(&mut world, Some("INVALID_API_KEY"), "stale key");
    assert_eq!(world.session.state(), State::Waiting);
    world.next_deadline();
    world.input(Input::Opened(world.socket));
    refuse(&mut world, Some("INVALID_API_KEY"), "wrong key");
    assert_eq!(world.session.state(), State::Stopped);
    assert_eq!(world.disconnected()[0].kind, CloseKind::Rejected);
}

#[test]
fn an_ack_makes_room_for_another_fresh_key() {
    let mut world = World::new(Config {
        key_from_provider: true,
        ..config()
    });
    world.connect(SESSION);
    for _ in 0..5 {
        world.input(Input::Opened(world.socket));
        refuse(&mut world, Some("INVALID_JWT"), "stale key");
        assert_eq!(world.session.state(), State::Waiting);
        world.next_deadline();
        world.acknowledge();
        world.advance(5000);
        world.close(1006, "");
        world.next_deadline();
    }
}

#[test]
fn a_fresh_key_is_an_attempt_like_others() {
    for max in 0..3 {
        let mut world = World::new(Config {
            key_from_provider: true,
            max_reconnect_attempts: Some(max),
            ..config()
        });
        world.connect(SESSION);
        for _ in 0..max {
            world.close(1006, "");
            world.next_deadline();
        }
        world.take();
        world.input(Input::Opened(world.socket));
        refuse(&mut world, Some("INVALID_API_KEY"), "stale key");
        assert_eq!(
            world.story(),
            [
                "-> handshaking",
                "-> stopped",
                "disconnected 1008 permanent"
            ]
        );
        assert_eq!(world.disconnected()[0].kind, CloseKind::Rejected);
    }
}

#[test]
fn a_fatal_error_frame_ends_even_a_connection_that_was_accepted() {
    let mut world = World::connected(config());
    refuse(&mut world, Some("INVALID_API_KEY"), "the key was revoked");
    assert_eq!(world.story(), ["-> stopped", "disconnected 1008 permanent"]);
    assert_eq!(world.disconnected()[0].kind, CloseKind::Rejected);
    assert!(matches!(world.outputs[0], Output::Close(socket, _) if socket == world.socket));
}

#[test]
fn an_error_frame_after_the_ack_leaves_the_connection_alone() {
    let mut world = World::connected(config());
    refuse(&mut world, Some("INTERNAL_ERROR"), "no WiFi");
    assert_eq!(world.session.state(), State::Connected);
    assert_eq!(
        world.events(),
        [&Event::Error(SessionError::Reported {
            code: Some("INTERNAL_ERROR".into()),
            message: "no WiFi".into(),
        })]
    );
}

#[test]
fn a_fault_that_is_no_refusal_may_close_with_1008_and_is_retried() {
    let mut world = World::connected(config());
    refuse(&mut world, None, "no WiFi for streaming");
    world.close(1008, "Streaming failed");
    let story = ["error", "-> waiting", "disconnected 1008", "reconnecting 1"];
    assert_eq!(world.story(), story);
    world.refuse_all();
    assert_eq!(world.dials(), 3);
}

#[test]
fn what_is_no_frame_is_one_error_and_nothing_else() {
    let mut world = World::connected(config());
    world.input(Input::Malformed(world.socket, Malformed::NotJson));
    assert_eq!(world.story(), ["error"]);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn a_second_ack_changes_nothing() {
    let mut world = World::connected(config());
    world.input(Input::Control(world.socket, Control::Ack));
    assert_eq!(world.outputs, []);
}

#[test]
fn an_empty_session_id_is_refused() {
    let mut world = World::new(config());
    for session_id in ["", "  "] {
        let session_id = session_id.into();
        let connect = Command::Connect { session_id };
        let refused = world.session.command(connect, Instant::default());
        assert_eq!(refused, Err(CommandError::EmptySessionId));
    }
    assert_eq!(world.session.state(), State::Idle);
}

#[test]
fn a_failed_provider_is_a_failed_attempt() {
    let mut world = World::new(config());
    let session_id = SESSION.into();
    let connect = Command::Connect { session_id };
    assert!(world.session.command(connect, Instant::default()).is_ok());
    let socket = world.session.connection();
    world.session.handle_input(
        Input::AttemptFailed {
            socket,
            reason: "apiKey: the provider failed".into(),
        },
        Instant::default(),
    );
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn a_runtime_without_websocket_is_not_asked_again() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.input(Input::Unsupported {
        socket: world.socket,
        reason: "install ws".into(),
    });
    assert_eq!(world.session.state(), State::Stopped);
    let end = world.disconnected();
    assert_eq!(
        (end[0].kind, end[0].reason.as_str()),
        (CloseKind::Unsupported, "install ws")
    );
}

/// The promises that were settled since this was asked last; true is resolved.
fn settled(world: &mut World) -> Vec<(RunId, bool)> {
    let outputs = world.take().into_iter();
    outputs
        .filter_map(|output| match output {
            Output::Settle(run, result) => Some((run, result.is_ok())),
            _ => None,
        })
        .collect()
}

fn refuse(world: &mut World, code: Option<&str>, message: &str) {
    let (code, message) = (code.map(redacted), redacted(message));
    world.input(Input::Control(
        world.socket,
        Control::Error { code, message },
    ));
}
