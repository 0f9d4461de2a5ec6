//! Events of sockets that were given up.

use tpa_session::session::{
    Close, Control, Input, Instant, Malformed, Outgoing, Output, Redacted, SocketId, State,
};

use crate::world::{World, config};

/// All inputs about a socket.
fn all_inputs(socket: SocketId) -> Vec<Input> {
    vec![
        Input::Prepared(socket),
        Input::AttemptFailed {
            socket,
            reason: "late".into(),
        },
        Input::Unsupported {
            socket,
            reason: "late".into(),
        },
        Input::Opened(socket),
        Input::Failed(socket, Redacted::default()),
        Input::Closed(socket, Close::new(1000, "App stopped")),
        Input::Control(socket, Control::Ack),
        Input::Control(socket, Control::Stopped { reason: None }),
        Input::Malformed(socket, Malformed::NotJson),
    ]
}

#[test]
fn stale_inputs_are_ignored_in_every_state() {
    let mut world = World::connected(config());
    let dead = world.socket;
    world.close(1006, "");
    let check = |world: &mut World, state: State| {
        assert_eq!(world.session.state(), state);
        world.take();
        let due = world.session.poll_timeout();
        for input in all_inputs(dead) {
            world.input(input.clone());
            assert_eq!(world.outputs, [], "{input:?} in {state:?}");
            assert_eq!(world.session.poll_timeout(), due);
        }
    };
    check(&mut world, State::Waiting);
    world.next_deadline();
    check(&mut world, State::Connecting);
    world.input(Input::Opened(world.socket));
    check(&mut world, State::Handshaking);
    world.input(Input::Control(world.socket, Control::Ack));
    check(&mut world, State::Connected);
    world.disconnect();
    check(&mut world, State::Stopped);
}

#[test]
fn late_close_does_not_affect_the_next_connection() {
    let mut world = World::connected(config());
    let old = world.socket;
    world.input(Input::Failed(old, Redacted::default()));
    world.advance(250 + 1000);
    world.acknowledge();
    world.advance(30_000);
    world.take();
    world.input(Input::Closed(old, Close::new(1006, "")));
    world.advance(30_000);
    assert_eq!(world.outputs, []);
    world.send("a");
    let sent = |output: &Output<_>| matches!(output, Output::Transmit(to, Outgoing::Message(_)) if *to != old);
    assert!(sent(&world.outputs[0]), "{:?}", world.outputs);
}

#[test]
fn late_close_does_not_affect_the_next_session() {
    let mut world = World::connected(config());
    let old = world.socket;
    world.connect("other-org.example.app");
    let closed = |output: &Output<_>| matches!(output, Output::Close(socket, _) if *socket == old);
    assert!(world.outputs.iter().any(closed));
    for state in [State::Connecting, State::Connected] {
        assert_eq!(world.session.state(), state);
        world.take();
        world.input(Input::Closed(old, Close::new(1006, "")));
        assert_eq!(world.outputs, []);
        world.acknowledge();
    }
}

#[test]
fn timed_out_attempt_is_closed_and_sends_no_init() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    let late = world.socket;
    world.take();
    world.advance(10_000);
    assert!(matches!(world.outputs[0], Output::Close(socket, _) if socket == late));
    world.take();
    world.input(Input::Opened(late));
    assert_eq!(world.outputs, []);
}

#[test]
fn timeout_of_a_failed_attempt_does_not_affect_the_next() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    world.take();
    world.advance(20_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn spurious_timeout_has_no_effect() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.take();
    for _ in 0..10 {
        world.input(Input::Timeout);
    }
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn receding_time_is_clamped() {
    let mut world = World::connected(config());
    world.advance(10_000);
    world.input(Input::Timeout);
    world.session.handle_input(
        Input::Closed(world.socket, Close::new(1006, "")),
        Instant::from_millis(3),
    );
    let due = world.session.poll_timeout().map(|(at, _)| at.as_millis());
    assert_eq!(due, Some(11_000));
}
