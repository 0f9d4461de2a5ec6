//! A cloud that asks for a session again, and a session that another process continues.

use tpa_session::session::{CloseKind, Command, Config, HANDED_OVER, LIVENESS_TIMEOUT, State};

use crate::world::{World, config};

#[test]
fn a_request_replaces_a_connection_older_than_5_s() {
    let mut world = World::connected(Config {
        max_reconnect_attempts: Some(0),
        ..config()
    });
    world.advance(5000);
    world.take();
    world.command(Command::Reopen);
    assert_eq!(world.outputs, [], "the request may have crossed");
    world.advance(1);
    world.command(Command::Reopen);
    let lost = world.disconnected()[0];
    let facts = (lost.code, lost.permanent, lost.kind);
    assert_eq!(facts, (LIVENESS_TIMEOUT, false, CloseKind::Abnormal));
    let next = world.reconnecting()[0];
    assert_eq!((next.counted, next.attempt), (false, 0));
    assert!(next.delay.as_millis() <= 250);
    world.advance(250);
    assert_eq!(world.dials(), 1);
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn a_request_hastens_one_attempt_in_each_outage_and_counts_nothing() {
    let mut world = World::connected(config());
    for _ in 0..10 {
        world.advance(60_000);
        world.close(1006, "");
        world.take();
        world.command(Command::Reopen);
        let story = ["reconnecting 0", "-> connecting", "connecting 0"];
        assert_eq!(world.story(), story);
        world.close(1006, "");
        world.take();
        for _ in 0..50 {
            world.command(Command::Reopen);
        }
        assert_eq!(world.outputs, []);
        world.next_deadline();
        world.acknowledge();
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn a_connection_that_was_replaced_is_not_hastened_again() {
    let mut world = World::connected(config());
    world.advance(5001);
    world.take();
    world.command(Command::Reopen);
    world.advance(250);
    world.close(1006, "");
    world.take();
    world.command(Command::Reopen);
    assert_eq!(world.outputs, []);
}

#[test]
fn a_request_has_no_effect_in_other_states() {
    let mut world = World::new(config());
    world.command(Command::Reopen);
    world.connect("user-org.example.app");
    world.take();
    world.advance(5001);
    world.command(Command::Reopen);
    world.disconnect();
    world.take();
    world.command(Command::Reopen);
    assert_eq!(world.outputs, []);
}

#[test]
fn a_session_that_is_handed_over_ends_with_a_code_of_its_own() {
    let mut world = World::connected(config());
    world.take();
    world.command(Command::HandOver);
    let end = world.disconnected()[0];
    let facts = (end.code, end.permanent, end.kind);
    assert_eq!(facts, (HANDED_OVER, true, CloseKind::ClientDisconnect));
    assert_eq!(world.session.state(), State::Stopped);
    world.take();
    world.command(Command::HandOver);
    assert_eq!(world.outputs, []);
}
