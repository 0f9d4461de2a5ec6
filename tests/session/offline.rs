//! Sessions without a network, and `reconnectNow()`.

use tpa_session::session::{CloseKind, Command, Config, Duration, Input, Reconnecting, State};

use crate::world::{SESSION, World, config};

/// Content of the last `reconnecting`: attempt, delay, counted, kind of the cause.
fn last(world: &World) -> (u32, u64, bool, CloseKind) {
    let next: &Reconnecting = world.reconnecting().last().expect("an attempt");
    let delay = next.delay.as_millis();
    (next.attempt, delay, next.counted, next.cause.kind)
}

#[test]
fn offline_delays_attempts_and_counts_none() {
    let mut world = World::connected(config());
    world.input(Input::Offline);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "the socket may be alive"
    );
    world.close(1006, "");
    let story = ["-> waiting", "disconnected 1006", "reconnecting 0"];
    assert_eq!(world.story(), story);
    let end = world.disconnected()[0];
    assert_eq!((end.kind, end.permanent), (CloseKind::Abnormal, false));
    assert_eq!(last(&world), (0, 1000, false, CloseKind::Offline));
    world.advance(1000);
    assert_eq!(world.dials(), 1, "one at the start");
    for _ in 0..200 {
        world.take();
        world.close(1006, "");
        assert_eq!(last(&world), (0, 30_000, false, CloseKind::Offline));
        world.advance(29_999);
        assert_eq!(world.dials(), 0);
        world.advance(1);
        assert_eq!(world.dials(), 1, "one every 30 s");
    }
}

#[test]
fn attempts_are_30_s_apart_from_start_to_start() {
    let mut world = World::new(config());
    world.input(Input::Offline);
    world.connect(SESSION);
    let mut starts = Vec::new();
    while world.now < 200_000 {
        if world.session.state() == State::Connecting {
            starts.push(world.now);
        }
        let dials = world.dials();
        while world.dials() == dials {
            world.next_deadline();
        }
    }
    assert_eq!(
        starts,
        [0, 30_000, 60_000, 90_000, 120_000, 150_000, 180_000]
    );
}

#[test]
fn online_retries_soon_and_counts_nothing() {
    let mut world = World::connected(config());
    world.input(Input::Offline);
    world.close(1006, "");
    world.advance(1000);
    world.close(1006, "");
    world.advance(10_000);
    world.take();
    world.input(Input::Online);
    world.input(Input::Online);
    assert_eq!(world.reconnecting().len(), 1);
    let (attempt, delay, counted, kind) = last(&world);
    assert_eq!((attempt, counted, kind), (0, false, CloseKind::Abnormal));
    assert!(delay <= 250, "{delay}");
    world.advance(250);
    assert_eq!(world.dials(), 1);
    world.close(1006, "");
    assert_eq!(last(&world), (1, 1000, true, CloseKind::Abnormal));
}

#[test]
fn offline_during_the_wait_is_told() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all_but_one();
    world.advance(500);
    assert_eq!(last(&world), (3, 4000, true, CloseKind::Abnormal));
    world.take();
    world.input(Input::Offline);
    world.input(Input::Offline);
    assert_eq!(world.story(), ["reconnecting 2"], "once");
    assert_eq!(last(&world), (2, 3500, false, CloseKind::Offline));
    world.advance(3500);
    assert_eq!(world.dials(), 1, "the one at the start");
    world.close(1006, "");
    assert_eq!(last(&world), (2, 30_000, false, CloseKind::Offline));
    world.advance(30_000);
    assert_eq!(world.dials(), 2);
    world.input(Input::Online);
    world.advance(250);
    assert_eq!(world.dials(), 2, "an attempt is under way");
}

#[test]
fn network_that_is_reported_as_gone_for_good_is_used() {
    let mut world = World::new(config());
    world.input(Input::Offline);
    world.connect(SESSION);
    assert_eq!(world.story(), ["-> connecting", "connecting 0"]);
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
    world.advance(3_600_000);
    assert_eq!(world.session.state(), State::Connected);
    world.take();
    world.close(1006, "");
    world.advance(1000);
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn attempts_used_up_are_no_end_while_offline() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all_but_one();
    world.next_deadline();
    world.input(Input::Offline);
    world.take();
    world.close(1006, "");
    let (attempt, _, counted, kind) = last(&world);
    assert_eq!((attempt, counted, kind), (3, false, CloseKind::Offline));
    world.input(Input::Online);
    world.advance(250);
    world.close(1006, "");
    assert_eq!(world.session.state(), State::Stopped, "there is a network");
}

#[test]
fn online_shortens_a_long_wait() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all_but_one();
    world.take();
    world.input(Input::Online);
    world.input(Input::Online);
    assert_eq!(world.reconnecting().len(), 1);
    let (attempt, _, counted, _) = last(&world);
    assert_eq!((attempt, counted), (2, false), "it does not count");
    world.advance(250);
    assert_eq!(world.dials(), 1);
    world.advance(4000);
    assert_eq!(world.dials(), 1, "not again at the original deadline");
    world.close(1006, "");
    assert_eq!(last(&world).0, 3, "the attempt that was hastened is left");
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
fn reconnect_now_skips_the_wait_and_counts_nothing() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for _ in 0..20 {
        world.take();
        world.command(Command::ReconnectNow);
        let story = ["reconnecting 0", "-> connecting", "connecting 0"];
        assert_eq!(world.story(), story);
        assert_eq!(last(&world), (0, 0, false, CloseKind::Abnormal));
        world.close(1006, "");
        assert_eq!(last(&world), (1, 1000, true, CloseKind::Abnormal));
    }
    world.refuse_all();
    assert_eq!(world.dials(), 1 + 3, "the attempts are all still there");
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
fn reconnect_now_works_while_offline() {
    let mut world = World::new(Config {
        max_reconnect_attempts: Some(0),
        ..config()
    });
    world.input(Input::Offline);
    world.connect(SESSION);
    world.close(1006, "");
    world.take();
    world.command(Command::ReconnectNow);
    let story = ["reconnecting 0", "-> connecting", "connecting 0"];
    assert_eq!(world.story(), story);
    assert_eq!(last(&world).3, CloseKind::Offline);
}
