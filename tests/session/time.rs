//! Extreme times of the caller's clock.

use tpa_session::session::{Config, Control, Duration, Input, Instant, State};

use crate::world::{SESSION, World};

/// A timer that is due when it is set would be served forever.
#[test]
fn every_time_has_a_later_one() {
    for millis in [0, 1 << 53, u64::MAX - 1, u64::MAX] {
        let now = Instant::from_millis(millis);
        assert!(now.after(Duration::from_millis(1)) > now, "{millis}");
    }
    let last = Instant::from_millis(u64::MAX).as_millis();
    assert_eq!(last, (1 << 53) - 1, "the last that JavaScript can count");
}

#[test]
fn session_works_at_the_end_of_time() {
    let mut world = World::new(Config::default());
    world.now = u64::MAX;
    world.connect(SESSION);
    world.acknowledge();
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.take();
    world.input(Input::Timeout);
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.state(), State::Connected);
}
