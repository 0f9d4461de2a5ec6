//! The end of a session for good.

use proptest::collection::vec;
use proptest::prelude::*;
use tpa_session::session::{
    CloseKind, Command, CommandError, DropReason, Event, Instant, Output, Reply, State,
};

use crate::properties::step;
use crate::walk::{Call, Step, Walk};
use crate::world::{SESSION, World, config};

fn connect(world: &mut World) -> Result<Reply, CommandError> {
    let session_id = SESSION.into();
    let connect = Command::Connect { session_id };
    world
        .session
        .command(connect, Instant::from_millis(world.now))
}

#[test]
fn disposed_session_ends_as_if_disconnected_and_cannot_start_again() {
    let mut world = World::connected(config());
    world.command(Command::Dispose);
    let [end] = &world.disconnected()[..] else {
        panic!("one end");
    };
    assert_eq!((end.code, end.permanent), (1000, true));
    assert_eq!(end.kind, CloseKind::ClientDisconnect);
    assert_eq!(connect(&mut world), Err(CommandError::Disposed));
    assert_eq!(world.session.state(), State::Stopped);
    assert_eq!(world.send("a"), Reply::Dropped);
    world.take();
    for command in [Command::Dispose, Command::ReconnectNow] {
        world.command(command);
    }
    world.disconnect();
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn session_that_was_never_started_ends_and_reports_its_messages() {
    let mut world = World::new(config());
    assert_eq!(world.send("a"), Reply::Queued);
    world.command(Command::Dispose);
    let dropped = world.outputs.iter().filter_map(|output| match output {
        Output::Emit(Event::Dropped(message, reason)) => Some((message.serial, *reason)),
        _ => None,
    });
    assert_eq!(dropped.collect::<Vec<_>>(), [(0, DropReason::Ended)]);
    assert_eq!(world.disconnected().len(), 1);
    assert_eq!(world.session.state(), State::Stopped);
    assert_eq!(world.session.session_id(), None);
    assert_eq!(world.send("b"), Reply::Dropped);
    assert_eq!(connect(&mut world), Err(CommandError::Disposed));
}

proptest! {
    #[test]
    fn nothing_follows_the_end_for_good(
        seed: u64,
        before in vec(step(), 0..20),
        after in vec(step(), 0..20),
    ) {
        let mut walk = Walk::new(&config(), seed);
        for step in &before {
            walk.step(step);
        }
        walk.step(&Step::Call(Call::Dispose));
        walk.outputs.clear();
        for step in &after {
            walk.step(step);
        }
        prop_assert!(
            walk.outputs.iter().all(|output| matches!(output, Output::Flushed(..))),
            "{:?}",
            walk.outputs
        );
    }
}
