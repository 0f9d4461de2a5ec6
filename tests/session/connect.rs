//! The handshake: from `connect()` to the first ack.

use testkit::Message;
use tpa_session::session::{
    CloseKind, Command, CommandError, Config, Control, Event, Input, Instant, Malformed, Outgoing,
    Output, Reply, RunId, Session, SessionError, SocketId, State,
};

use crate::world::{SESSION, World, config, redacted};

#[test]
fn sends_init_then_subscriptions_then_queue() {
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
                Outgoing::Message(text) => world.text(*text).to_owned(),
                Outgoing::Ping(_) => "ping".to_owned(),
            }),
            _ => None,
        })
        .collect();
    assert_eq!(frames, ["init", "button_press", "early"]);
}

#[test]
fn events_come_in_order() {
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
fn connected_only_after_the_ack() {
    let mut world = World::new(config());
    world.connect(SESSION);
    assert_eq!(world.session.state(), State::Connecting);
    world.input(Input::Opened(world.socket));
    assert_eq!(world.session.state(), State::Handshaking);
    world.input(Input::Control(world.socket, Control::Ack));
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn promise_resolves_at_the_first_ack() {
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
fn each_promise_settles_once() {
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
fn ack_before_the_open_is_ignored() {
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
fn only_one_ack_completes_the_handshake() {
    let mut world = World::new(config());
    let awaited = |world: &World| world.session.awaits_ack(world.socket);
    assert!(!awaited(&world));
    world.connect(SESSION);
    assert!(!awaited(&world), "the socket is not open");
    world.input(Input::Opened(world.socket));
    assert!(awaited(&world));
    assert!(!world.session.awaits_ack(SocketId(0)), "another socket");
    world.input(Input::Control(world.socket, Control::Ack));
    assert!(!awaited(&world));
}

#[test]
fn session_id_is_none_before_connect() {
    let mut world = World::new(config());
    world.send("a");
    assert_eq!(world.session.session_id(), None);
    world.connect(SESSION);
    assert_eq!(world.session.session_id(), Some(SESSION));
    world.disconnect();
    assert_eq!(world.session.session_id(), Some(SESSION), "the last one");
}

#[test]
fn open_without_an_ack_fails() {
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
fn unanswered_dial_fails() {
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
fn missing_first_ack_rejects_once() {
    let mut world = World::new(config());
    let Reply::Run(run) = world.connect(SESSION) else {
        panic!("connect() starts a run");
    };
    for _ in 0..4 {
        assert_eq!(world.session.state(), State::Connecting);
        world.input(Input::Opened(world.socket));
        world.next_deadline();
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
fn fatal_refusal_is_final() {
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
            "the close that follows is stale"
        );
    }
}

#[test]
fn other_refusals_are_retried() {
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
fn refused_key_is_replaced_once() {
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
fn ack_allows_another_fresh_key() {
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
fn fresh_key_counts_as_an_attempt() {
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
fn fatal_error_frame_ends_a_connection() {
    let mut world = World::connected(config());
    refuse(&mut world, Some("INVALID_API_KEY"), "the key was revoked");
    assert_eq!(world.story(), ["-> stopped", "disconnected 1008 permanent"]);
    assert_eq!(world.disconnected()[0].kind, CloseKind::Rejected);
    assert!(matches!(world.outputs[0], Output::Close(socket, _) if socket == world.socket));
}

#[test]
fn other_error_frames_keep_the_connection() {
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
fn close_1008_without_a_credential_is_retried() {
    let mut world = World::connected(config());
    refuse(&mut world, None, "no WiFi for streaming");
    world.close(1008, "Streaming failed");
    let story = ["error", "-> waiting", "disconnected 1008", "reconnecting 1"];
    assert_eq!(world.story(), story);
    world.refuse_all();
    assert_eq!(world.dials(), 3);
}

#[test]
fn malformed_frame_is_one_error() {
    let mut world = World::connected(config());
    world.input(Input::Malformed(world.socket, Malformed::NotJson));
    assert_eq!(world.story(), ["error"]);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn second_ack_is_ignored() {
    let mut world = World::connected(config());
    world.input(Input::Control(world.socket, Control::Ack));
    assert_eq!(world.outputs, []);
}

#[test]
fn session_id_that_is_empty_or_has_control_characters_is_refused() {
    let mut world = World::new(config());
    for session_id in ["", "  ", "a\n-b", "a-b\0", "\u{7f}a-b", "a\u{9b}31m-b"] {
        let session_id = session_id.into();
        let connect = Command::Connect { session_id };
        let refused = world.session.command(connect, Instant::default());
        assert_eq!(refused, Err(CommandError::InvalidSessionId));
    }
    assert_eq!(world.session.state(), State::Idle);
}

#[test]
fn failed_provider_fails_the_attempt() {
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
fn runtime_without_websocket_is_final() {
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

/// Promises settled since the last call; true for resolved.
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

#[test]
fn outputs_wait_until_they_are_polled() {
    let mut session = Session::<Message>::new(config(), 7, Instant::default());
    assert!(!session.has_output());
    let session_id = SESSION.into();
    let reply = session.command(Command::Connect { session_id }, Instant::default());
    assert!(reply.is_ok());
    while session.has_output() {
        assert!(session.poll_output().is_some());
    }
    assert!(session.poll_output().is_none());
}

#[test]
fn fresh_key_has_its_own_time_where_none_is_left() {
    let refused_at = |at: u64| {
        let mut world = World::new(Config {
            key_from_provider: true,
            ..config()
        });
        world.connect(SESSION);
        world.input(Input::Opened(world.socket));
        world.advance(at);
        refuse(&mut world, Some("INVALID_API_KEY"), "stale key");
        world
    };
    let (retry, _) = refused_at(0).session.poll_timeout().expect("an attempt");
    let mut world = refused_at(5000 - retry.as_millis());
    world.next_deadline();
    assert_eq!(world.now, 5000);
    let (end, _) = world.session.poll_timeout().expect("a deadline");
    assert_eq!(end.as_millis(), 5000 + 5000);
}
