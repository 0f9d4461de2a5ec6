//! The clock is the caller's, and may show anything.

use tpa_session::session::{Config, Control, Duration, Input, Instant, State};

use crate::world::{SESSION, World};

/// A timer that was due at the moment it is set would be served for ever.
#[test]
fn after_any_time_there_is_a_later_one() {
    for millis in [0, 1 << 53, u64::MAX - 1, u64::MAX] {
        let now = Instant::from_millis(millis);
        assert!(now.after(Duration::from_millis(1)) > now, "{millis}");
    }
}

#[test]
fn a_session_lives_at_the_end_of_time() {
    let mut world = World::new(Config::default());
    world.now = u64::MAX;
    world.connect(SESSION);
    world.acknowledge();
    world.input(Input::Control(world.socket, Control::Pong));
    world.take();
    world.input(Input::Timeout);
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.state(), State::Connected);
}
