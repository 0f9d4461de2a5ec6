//! Signs of a network, which hasten attempts.

use tpa_session::session::{Command, Config, Input, State, WakeHint};

use crate::world::{World, config};

#[test]
fn signs_of_a_network_hasten_an_attempt() {
    use WakeHint::{AddressChanged, Resumed, Shown, Slept};
    for (sign, hastens) in [
        (Input::Online, true),
        (Input::Wake(Resumed), true),
        (Input::Wake(AddressChanged), true),
        (Input::Wake(Shown), false),
        (Input::Wake(Slept), false),
    ] {
        let mut world = World::connected(config());
        world.close(1006, "");
        world.refuse_all_but_one();
        world.take();
        world.input(sign.clone());
        if hastens {
            let next = world.reconnecting()[0];
            assert_eq!((next.counted, next.attempt), (false, 2), "{sign:?}");
            assert!(next.delay.as_millis() <= 250);
        }
        world.advance(250);
        assert_eq!(world.dials(), usize::from(hastens), "{sign:?}");
    }
}

/// A session without a limit whose dials are refused at once.
fn refused(world: &mut World) {
    if world.session.state() == State::Connecting {
        world.close(1006, "");
    }
}

#[test]
fn signs_hasten_one_attempt_in_5_s() {
    let mut world = World::connected(Config {
        max_reconnect_attempts: None,
        ..config()
    });
    world.close(1006, "");
    for _ in 0..6 {
        world.next_deadline();
        refused(&mut world);
    }
    world.take();
    // The network comes and goes once a second, and each time the page is resumed as well.
    let mut hastened = Vec::new();
    let mut is_hastened = false;
    for step in 0..1200 {
        if step % 20 == 0 {
            world.input(Input::Offline);
            world.input(Input::Online);
            world.input(Input::Wake(WakeHint::Resumed));
        }
        is_hastened = world
            .reconnecting()
            .last()
            .map_or(is_hastened, |next| !next.counted);
        world.take();
        world.advance(50);
        if world.dials() > 0 && is_hastened {
            hastened.push(world.now);
        }
        refused(&mut world);
    }
    assert!(hastened.len() >= 11, "{hastened:?}");
    let gaps: Vec<_> = hastened.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= 4750), "{gaps:?}");
}

#[test]
fn network_that_toggles_does_not_use_up_a_session() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for step in 0..6000 {
        if step % 20 == 0 {
            world.input(Input::Offline);
        } else if step % 20 == 10 {
            world.input(Input::Online);
        }
        world.advance(50);
        refused(&mut world);
    }
    assert_eq!(world.session.state(), State::Waiting, "after five minutes");
    assert!(world.dials() <= 1 + 300 / 5 + 300 / 30, "{}", world.dials());
}

#[test]
fn reconnect_now_acts_at_once_however_often() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for _ in 0..50 {
        world.take();
        world.input(Input::Online);
        world.command(Command::ReconnectNow);
        assert_eq!(world.dials(), 1);
        assert!(world.reconnecting().iter().all(|next| !next.counted));
        world.close(1006, "");
    }
    assert_eq!(world.session.state(), State::Waiting);
}
