//! Sessions without a network, and `reconnectNow()`.

use tpa_session::session::{Command, Config, Duration, Input, State};

use crate::world::{SESSION, World, config};

#[test]
fn no_dial_while_offline() {
    let mut world = World::connected(config());
    world.input(Input::Offline);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "the socket may be alive"
    );
    world.close(1006, "");
    world.advance(3_600_000);
    assert_eq!(world.dials(), 0);
    assert_eq!(world.story(), ["-> waiting", "disconnected 1006"]);
}

#[test]
fn online_retries_soon_and_counts_once() {
    let mut world = World::connected(config());
    world.input(Input::Offline);
    world.close(1006, "");
    world.advance(60_000);
    world.take();
    world.input(Input::Online);
    world.input(Input::Online);
    let next = world.reconnecting();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].attempt, 1);
    assert!(next[0].delay.as_millis() <= 250);
    world.advance(250);
    assert_eq!(world.dials(), 1);
}

#[test]
fn offline_stops_the_wait() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.input(Input::Offline);
    world.advance(60_000);
    assert_eq!(world.dials(), 0);
    world.input(Input::Online);
    world.advance(250);
    assert_eq!(world.dials(), 1);
}

#[test]
fn online_shortens_a_long_wait() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all_but_one();
    world.take();
    world.input(Input::Online);
    world.input(Input::Online);
    let next = world.reconnecting();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].attempt, 3, "the same attempt, earlier");
    world.advance(250);
    assert_eq!(world.dials(), 1);
    world.advance(4000);
    assert_eq!(world.dials(), 1, "not again at the original deadline");
}

#[test]
fn online_keeps_a_short_wait() {
    let mut config = config();
    config.backoff.initial = Duration::from_millis(250);
    let mut world = World::connected(config);
    world.close(1006, "");
    world.input(Input::Online);
    assert_eq!(world.reconnecting().len(), 1);
    world.advance(250);
    assert_eq!(world.dials(), 1);
}

#[test]
fn connect_while_offline_waits() {
    let mut world = World::new(config());
    world.input(Input::Offline);
    world.connect(SESSION);
    assert_eq!(world.story(), ["-> waiting"]);
    world.advance(60_000);
    assert_eq!(world.dials(), 0);
    world.input(Input::Online);
    world.advance(250);
    assert_eq!(
        world.story(),
        ["-> waiting", "-> connecting", "connecting 0"]
    );
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn loopback_needs_no_network() {
    let mut world = World::connected(Config {
        on_loopback: true,
        ..config()
    });
    world.input(Input::Offline);
    world.close(1006, "");
    world.advance(1000);
    assert_eq!(world.dials(), 1);
}

#[test]
fn disconnect_works_while_offline() {
    let mut world = World::connected(config());
    world.input(Input::Offline);
    world.close(1006, "");
    world.disconnect();
    world.take();
    world.input(Input::Online);
    world.advance(60_000);
    assert_eq!(world.outputs, []);
}

#[test]
fn reconnect_now_skips_the_wait() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.take();
    world.command(Command::ReconnectNow);
    assert_eq!(world.story(), ["-> connecting", "connecting 1"]);
    world.close(1006, "");
    assert_eq!(world.reconnecting()[0].attempt, 2, "it counts");
}

#[test]
fn reconnect_now_has_no_effect_in_other_states() {
    let mut world = World::new(config());
    world.command(Command::ReconnectNow);
    assert_eq!(world.outputs, []);
    let mut world = World::connected(config());
    world.command(Command::ReconnectNow);
    assert_eq!(world.outputs, []);
    world.disconnect();
    world.take();
    world.command(Command::ReconnectNow);
    assert_eq!(world.outputs, []);
}

#[test]
fn reconnect_now_of_a_first_connection_is_not_a_reconnect() {
    let mut world = World::new(Config {
        max_reconnect_attempts: Some(0),
        ..config()
    });
    world.input(Input::Offline);
    world.connect(SESSION);
    world.command(Command::ReconnectNow);
    let story = ["-> waiting", "-> connecting", "connecting 0"];
    assert_eq!(world.story(), story);
}
