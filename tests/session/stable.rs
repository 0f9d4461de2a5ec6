//! Connections that end an outage, and the first delay after a loss.

use std::collections::BTreeSet;

use tpa_session::session::{Config, Control, Duration, Input, Session, State};

use crate::world::{SESSION, World, answered, config, flush, pong, receive_frame, watched};

/// The delay before the first attempt, and whether the connection was lost in silence.
fn first_delay(seed: u64, config: Config, lose: fn(&mut World)) -> u64 {
    let mut world = World::new(config.clone());
    world.session = Session::new(config, seed, world.now());
    world.connect(SESSION);
    world.acknowledge();
    lose(&mut world);
    world.reconnecting()[0].delay.as_millis()
}

fn falls_silent(world: &mut World) {
    world.advance(10_000);
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.advance(60_000);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn first_delay_after_full_silence_is_drawn_from_twice_the_delay() {
    // No jitter: all other delays are exact.
    let delays = (0..400).map(|seed| first_delay(seed, watched(), falls_silent));
    let delays: BTreeSet<_> = delays.collect();
    assert!(delays.len() > 300, "{} moments", delays.len());
    let (first, last) = (delays.first().copied(), delays.last().copied());
    assert!(first < Some(50), "{first:?}");
    assert!(last > Some(1950) && last <= Some(2000), "{last:?}");
    let mut capped = watched();
    capped.backoff.max = Duration::from_millis(700);
    assert!((0..50).all(|seed| first_delay(seed, capped.clone(), falls_silent) <= 700));
}

#[test]
fn other_losses_have_the_usual_first_delay() {
    let by_peer = |world: &mut World| world.close(4008, "No sign of life");
    let cut = |world: &mut World| world.close(1006, "");
    for lose in [by_peer, cut] {
        for seed in 0..20 {
            assert_eq!(first_delay(seed, watched(), lose), 1000);
        }
    }
    // Nor is it drawn anew for the second attempt.
    let mut world = answered();
    world.advance(20_000);
    world.next_deadline();
    world.close(1006, "");
    let last = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!((last.attempt, last.delay.as_millis()), (2, 2000));
}

#[test]
fn silence_of_the_pongs_alone_has_the_usual_first_delay() {
    let talks_on = |world: &mut World| {
        world.advance(10_000);
        pong(world);
        while world.session.state() == State::Connected {
            world.advance(100);
            if world.session.state() == State::Connected {
                receive_frame(world);
            }
            assert!(world.now < 100_000, "never noticed");
        }
        assert_eq!(
            world.disconnected()[0].code,
            4008,
            "only the uplink is dead"
        );
    };
    for seed in 0..20 {
        assert_eq!(first_delay(seed, watched(), talks_on), 1000);
    }
}

/// Loses the connection in silence, and connects again.
fn reconnect_after_silence(world: &mut World) {
    while world.session.state() == State::Connected {
        world.next_deadline();
    }
    world.next_deadline();
    assert_eq!(world.session.state(), State::Connecting);
    world.acknowledge();
}

#[test]
fn connection_is_stable_only_after_a_pong_where_pongs_are_expected() {
    let mut world = answered();
    reconnect_after_silence(&mut world);
    let next = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!(next.attempt, 1);
    // An ack came, and no pong in 5 s.
    reconnect_after_silence(&mut world);
    let next = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!(next.attempt, 2);
    assert!(world.now > 20_000, "it lasted for longer than 5 s");
}

#[test]
fn late_pong_makes_a_connection_stable() {
    let mut world = answered();
    reconnect_after_silence(&mut world);
    world.advance(5000);
    assert_eq!(world.session.state(), State::Connected);
    pong(&mut world);
    world.close(1011, "");
    let next = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!(next.attempt, 1);
}

#[test]
fn cloud_that_never_ponged_need_not_answer() {
    let mut world = World::connected(watched());
    world.close(1011, "");
    world.next_deadline();
    world.acknowledge();
    world.advance(5000);
    world.close(1011, "");
    let next = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!(next.attempt, 1);
}

#[test]
fn connection_without_pings_is_stable_without_a_pong() {
    let mut world = World::connected(config());
    world.send("a");
    flush(&mut world);
    pong(&mut world);
    world.close(1006, "");
    world.refuse_all_but_one();
    world.next_deadline();
    world.acknowledge();
    world.advance(5000);
    world.take();
    world.close(1006, "");
    assert_eq!(world.reconnecting()[0].attempt, 1);
}
