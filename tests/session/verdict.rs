//! `shouldReconnect`: the app's own word on a closure.

use tpa_session::session::{CloseKind, Config, Input, Output, State};

use crate::world::{World, config};

fn asking() -> World {
    World::connected(Config {
        asks_app: true,
        ..config()
    })
}

fn asked(world: &World) -> Vec<(u16, CloseKind)> {
    let causes = world.outputs.iter().filter_map(|output| match output {
        Output::Judge(cause) => Some((cause.code, cause.kind)),
        _ => None,
    });
    causes.collect()
}

#[test]
fn yes_reconnects_where_the_table_would_not() {
    let mut world = asking();
    world.close(1001, "deploy");
    assert_eq!(asked(&world), [(1001, CloseKind::Normal)]);
    world.input(Input::Verdict(Some(true)));
    assert_eq!(world.session.state(), State::Waiting);
    assert!(world.disconnected()[0].will_reconnect);
}

#[test]
fn a_deploy_that_says_1001_and_then_refuses_for_a_while_is_outlived() {
    let mut world = asking();
    world.close(1001, "deploy");
    world.input(Input::Verdict(Some(true)));
    world.next_deadline();
    // HTTP 503 in place of the upgrade: all that a socket tells is an error and 1006.
    world.input(Input::Failed(world.socket));
    world.close(1006, "");
    world.input(Input::Verdict(None));
    assert_eq!(world.reconnecting().last().map(|r| r.attempt), Some(2));
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
    assert_eq!(world.disconnected().len(), 1);
}

#[test]
fn no_ends_where_the_table_would_not() {
    let mut world = asking();
    world.close(1006, "");
    world.input(Input::Verdict(Some(false)));
    let end = world.disconnected()[0];
    assert_eq!((end.code, end.permanent), (1006, true));
}

#[test]
fn no_word_keeps_the_table() {
    for (code, state) in [(1000, State::Stopped), (1006, State::Waiting)] {
        let mut world = asking();
        world.close(code, "");
        world.input(Input::Verdict(None));
        assert_eq!(world.session.state(), state);
    }
}

#[test]
fn yes_does_not_go_beyond_the_maximum() {
    let mut world = asking();
    for _ in 0..4 {
        world.close(1001, "");
        world.input(Input::Verdict(Some(true)));
        world.next_deadline();
    }
    assert_eq!(world.session.state(), State::Stopped);
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4000));
    assert_eq!(world.dials(), 3);
}

#[test]
fn failed_attempts_are_asked_about_too() {
    let mut world = asking();
    world.close(1006, "");
    world.input(Input::Verdict(None));
    world.next_deadline();
    world.take();
    world.close(1013, "later");
    assert_eq!(asked(&world), [(1013, CloseKind::Abnormal)]);
}

#[test]
fn our_own_disconnect_is_not_asked_about() {
    let mut world = asking();
    world.disconnect();
    assert_eq!(asked(&world), []);
    assert_eq!(world.session.state(), State::Stopped);
}

#[test]
fn disconnect_while_the_app_is_asked_has_the_last_word() {
    let mut world = asking();
    world.close(1006, "");
    world.disconnect();
    world.input(Input::Verdict(Some(true)));
    assert_eq!(world.session.state(), State::Stopped);
    let kinds: Vec<_> = world.disconnected().iter().map(|end| end.kind).collect();
    assert_eq!(kinds, [CloseKind::ClientDisconnect]);
}

#[test]
fn a_message_sent_while_the_app_is_asked_waits() {
    let mut world = asking();
    world.close(1006, "");
    world.send("a");
    world.input(Input::Verdict(None));
    assert_eq!(world.session.queued().0, 1);
    assert_eq!(world.sent(), Vec::<&str>::new());
}

#[test]
fn an_answer_that_nobody_asked_for_is_not_heard() {
    let mut world = asking();
    world.input(Input::Verdict(Some(false)));
    assert_eq!(world.session.state(), State::Connected);
}
