//! Least time for which attempts are made, whatever their number.

use tpa_session::session::{CloseKind, Config, Duration, State};

use crate::world::{SESSION, World, config};

/// A config with which sessions are given up only after this time.
fn patient(millis: u64) -> Config {
    Config {
        give_up_after: Duration::from_millis(millis),
        ..config()
    }
}

#[test]
fn attempts_go_on_until_the_least_time_is_over() {
    let mut world = World::connected(patient(120_000));
    world.advance(60_000);
    let lost_at = world.now;
    world.close(1006, "");
    world.refuse_all();
    assert!(world.dials() > 3);
    assert!(world.now - lost_at >= 120_000, "{}", world.now);
    assert!(world.now - lost_at < 120_000 + 30_000, "{}", world.now);
    let last = world.reconnecting().last().copied().expect("an attempt");
    assert!(last.counted && last.attempt > 3, "{last:?}");
    assert_eq!(last.max_attempts, 3.0);
    let end = world.disconnected().pop().expect("the end");
    assert_eq!((end.code, end.kind), (4000, CloseKind::Exhausted));
}

#[test]
fn least_time_does_not_end_a_session() {
    let mut world = World::connected(patient(1));
    world.close(1006, "");
    while world.session.state() != State::Stopped {
        world.next_deadline();
    }
    assert_eq!(world.dials(), 3);
}

#[test]
fn least_time_begins_with_the_first_connect() {
    let mut world = World::new(Config {
        max_reconnect_attempts: Some(0),
        ..patient(20_000)
    });
    world.connect(SESSION);
    world.refuse_all();
    assert!((20_000..20_000 + 16_000).contains(&world.now));
}

#[test]
fn least_time_begins_anew_with_each_stable_connection() {
    let mut world = World::connected(patient(10_000));
    for _ in 0..3 {
        world.advance(60_000);
        let lost_at = world.now;
        world.close(1006, "");
        while world.now < lost_at + 9000 {
            world.next_deadline();
            if world.session.state() == State::Connecting && world.now < lost_at + 9000 {
                world.close(1006, "");
            }
        }
        world.acknowledge();
        assert_eq!(world.session.state(), State::Connected);
    }
}
