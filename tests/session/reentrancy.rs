//! Handlers that call the session while outputs are pending.

use testkit::Message;
use tpa_session::session::{Command, Control, Event, Input, Output, Reply, Session, State};

use crate::world::{SESSION, World, config};

/// Executes the outputs as the shell does and calls `handler` for each event.
fn drain(
    world: &mut World,
    mut handler: impl FnMut(&mut Session<Message>, &Event<Message>),
) -> Vec<Output<Message>> {
    let mut outputs = Vec::new();
    while let Some(output) = world.session.poll_output() {
        if let Output::Emit(event) = &output {
            handler(&mut world.session, event);
        }
        outputs.push(output);
    }
    outputs
}

fn disconnect(session: &mut Session<Message>, world_now: tpa_session::session::Instant) {
    let command = Command::Disconnect { reason: None };
    assert_eq!(session.command(command, world_now), Ok(Reply::Done));
}

fn names(outputs: &[Output<Message>]) -> Vec<&'static str> {
    let name = |output: &Output<Message>| match output {
        Output::Prepare(_) => "prepare",
        Output::Open(_) => "open",
        Output::Transmit(..) => "transmit",
        Output::Close(..) => "close",
        Output::AskShouldReconnect(_) => "judge",
        Output::Settle(_, Ok(())) => "resolve",
        Output::Settle(_, Err(_)) => "reject",
        Output::Flushed(..) => "flushed",
        Output::Emit(event) => match event {
            Event::Connecting(_) => "connecting",
            Event::Connected => "connected",
            Event::Disconnected(_) => "disconnected",
            Event::Reconnecting(_) => "reconnecting",
            Event::StateChange(_) => "stateChange",
            Event::Error(_) => "error",
            Event::Sent(_) => "sent",
            Event::Dropped(..) => "dropped",
            event => panic!("an unknown event: {event:?}"),
        },
    };
    outputs.iter().map(name).collect()
}

#[test]
fn disconnect_in_connecting_never_dials() {
    let mut world = World::new(config());
    let now = world.now();
    let session_id = SESSION.into();
    assert!(
        world
            .session
            .command(Command::Connect { session_id }, now)
            .is_ok()
    );
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::Connecting(_)) {
            disconnect(session, now);
        }
    });
    let story = [
        "stateChange",
        "connecting",
        "close",
        "stateChange",
        "reject",
        "disconnected",
    ];
    assert_eq!(names(&outputs), story);
}

#[test]
fn disconnect_in_disconnected_cancels_reconnecting() {
    let mut world = World::connected(config());
    let now = world.now();
    let lost = tpa_session::session::Close::new(1006, "");
    world
        .session
        .handle_input(Input::Closed(world.socket, lost), now);
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::Disconnected(end) if !end.permanent) {
            disconnect(session, now);
        }
    });
    let story = [
        "close",
        "stateChange",
        "disconnected",
        "stateChange",
        "disconnected",
    ];
    assert_eq!(names(&outputs), story);
    assert_eq!(world.session.state(), State::Stopped);
}

#[test]
fn connect_in_the_final_disconnected_starts_a_session() {
    let mut world = World::connected(config());
    let now = world.now();
    disconnect(&mut world.session, now);
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::StateChange(change) if change.to == State::Stopped) {
            let session_id = SESSION.into();
            assert!(
                session
                    .command(Command::Connect { session_id }, now)
                    .is_ok()
            );
        }
    });
    let story = [
        "close",
        "stateChange",
        "disconnected",
        "stateChange",
        "connecting",
        "prepare",
    ];
    assert_eq!(names(&outputs), story);
}

#[test]
fn connect_with_another_id_ends_the_first_session() {
    let mut world = World::new(config());
    let first = world.connect(SESSION);
    let again = world.connect(SESSION);
    assert_eq!(first, again, "the same id is the same run");
    world.take();
    let second = world.connect("other-org.example.app");
    assert_ne!(first, second);
    let Reply::Run(run) = first else {
        panic!("a run");
    };
    let rejected =
        |output: &Output<Message>| matches!(output, Output::Settle(id, Err(_)) if *id == run);
    assert!(world.outputs.iter().any(rejected));
    assert_eq!(world.dials(), 1);
    assert_eq!(world.session.session_id(), Some("other-org.example.app"));
}

#[test]
fn message_before_disconnect_is_sent() {
    let mut world = World::connected(config());
    let now = world.now();
    let socket = world.socket;
    world.session.handle_input(
        Input::Malformed(socket, tpa_session::session::Malformed::NoType),
        now,
    );
    let payload = world.message("bye");
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::Error(_)) {
            let reply = session.command(
                Command::Send {
                    payload,
                    key: None,
                    ttl: None,
                    replay: true,
                    buffered: Some(0),
                },
                now,
            );
            assert_eq!(reply, Ok(Reply::Sent));
            disconnect(session, now);
        }
    });
    assert_eq!(
        names(&outputs),
        ["error", "transmit", "close", "stateChange", "disconnected"]
    );
}

#[test]
fn error_handler_may_restart_the_session() {
    let mut world = World::connected(config());
    let now = world.now();
    let malformed = tpa_session::session::Malformed::NotJson;
    let input = Input::Malformed(world.socket, malformed);
    world.session.handle_input(input, now);
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::Error(_)) {
            disconnect(session, now);
            let session_id = SESSION.into();
            let connect = Command::Connect { session_id };
            assert!(matches!(session.command(connect, now), Ok(Reply::Run(_))));
        }
    });
    let story = [
        "error",
        "close",
        "stateChange",
        "disconnected",
        "stateChange",
        "connecting",
        "prepare",
    ];
    assert_eq!(names(&outputs), story);
    assert_ne!(world.session.connection(), world.socket);
}

#[test]
fn connect_in_disconnected_returns_the_active_run() {
    let mut world = World::connected(config());
    let now = world.now();
    let lost = tpa_session::session::Close::new(1006, "");
    let input = Input::Closed(world.socket, lost);
    world.session.handle_input(input, now);
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::Disconnected(_)) {
            let session_id = SESSION.into();
            assert!(
                session
                    .command(Command::Connect { session_id }, now)
                    .is_ok()
            );
        }
    });
    let story = ["close", "stateChange", "disconnected", "reconnecting"];
    assert_eq!(names(&outputs), story);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn disconnect_before_open_creates_no_socket() {
    let mut world = World::new(config());
    let now = world.now();
    let session_id = SESSION.into();
    assert!(
        world
            .session
            .command(Command::Connect { session_id }, now)
            .is_ok()
    );
    drain(&mut world, |_, _| {});
    let socket = world.session.connection();
    world.session.handle_input(Input::Prepared(socket), now);
    disconnect(&mut world.session, now);
    let outputs = drain(&mut world, |_, _| {});
    assert_eq!(
        names(&outputs),
        ["close", "stateChange", "reject", "disconnected"]
    );
}

#[test]
fn disconnect_in_state_change_cancels_connected() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.input(Input::Opened(world.socket));
    world.take();
    let now = world.now();
    world
        .session
        .handle_input(Input::Control(world.socket, Control::Ack), now);
    let outputs = drain(&mut world, |session, event| {
        if matches!(event, Event::StateChange(change) if change.to == State::Connected) {
            disconnect(session, now);
        }
    });
    let story = [
        "transmit",
        "resolve",
        "stateChange",
        "close",
        "stateChange",
        "disconnected",
    ];
    assert_eq!(names(&outputs), story);
}
