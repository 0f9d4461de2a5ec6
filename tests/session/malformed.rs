//! What is not a frame: told, and at some number a reason to leave.

use tpa_session::session::{Control, Event, Input, Malformed, Reply, SessionError, State};

use crate::world::{World, at_least_once, config};

fn receive(world: &mut World, malformed: Malformed, count: usize) {
    for _ in 0..count {
        world.input(Input::Malformed(world.socket, malformed));
    }
}

fn told(world: &World, malformed: Malformed) -> usize {
    let error = Event::Error(SessionError::Malformed(malformed));
    let events = world.events();
    events.iter().filter(|event| **event == &error).count()
}

#[test]
fn too_large_frames_are_told_once_for_each_connection() {
    let mut world = World::connected(config());
    receive(&mut world, Malformed::TooLarge, 1000);
    assert_eq!(told(&world, Malformed::TooLarge), 1);
    world.close(1011, "");
    world.next_deadline();
    world.acknowledge();
    receive(&mut world, Malformed::TooLarge, 1000);
    assert_eq!(told(&world, Malformed::TooLarge), 2);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn a_connection_with_100_malformed_frames_is_left() {
    let mut world = World::connected(config());
    receive(&mut world, Malformed::NoType, 99);
    assert_eq!(told(&world, Malformed::NoType), 99);
    assert_eq!(world.session.state(), State::Connected);
    receive(&mut world, Malformed::NotJson, 1);
    assert_eq!(told(&world, Malformed::NotJson), 0);
    let left = world.disconnected().remove(0).clone();
    assert_eq!((left.code, left.permanent), (1008, false));
    assert_eq!(&*left.reason, "Too many malformed frames");
    world.next_deadline();
    world.acknowledge();
    receive(&mut world, Malformed::NotJson, 99);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn malformed_frames_are_blamed_on_no_message() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    receive(&mut world, Malformed::NotJson, 500);
    assert_eq!(world.send("b"), Reply::Queued);
    world.next_deadline();
    world.take();
    world.acknowledge();
    assert_eq!(world.sent(), ["a", "b"], "there is no search");
}

#[test]
fn malformed_frames_instead_of_an_ack_end_the_attempts() {
    let mut world = World::new(config());
    world.connect("user-org.example.captions");
    for _ in 0..4 {
        while world.session.state() == State::Waiting {
            world.next_deadline();
        }
        receive(&mut world, Malformed::NotObject, 100);
    }
    let end = world.disconnected().remove(0).clone();
    assert!(end.permanent);
    world.input(Input::Control(world.socket, Control::Ack));
    assert_eq!(world.session.state(), State::Stopped);
}
