//! `sent`: queued messages that went out.

use tpa_session::session::Reply;

use crate::world::{SESSION, World, at_least_once, config};

fn sent_events(world: &World) -> usize {
    let story = world.story();
    story.iter().filter(|event| *event == "sent").count()
}

#[test]
fn queued_message_that_goes_out_is_reported() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.send("a");
    world.send("b");
    world.take();
    world.acknowledge();
    assert_eq!(world.sent(), ["a", "b"]);
    assert_eq!(
        world.story(),
        [
            "-> handshaking",
            "-> connected",
            "connected",
            "sent",
            "sent"
        ]
    );
}

#[test]
fn message_that_never_waited_is_not_reported() {
    for config in [config(), at_least_once()] {
        let mut world = World::connected(config);
        assert_eq!(world.send("a"), Reply::Sent);
        assert_eq!(sent_events(&world), 0);
    }
}

#[test]
fn message_that_is_sent_again_is_reported_once() {
    let mut world = World::new(at_least_once());
    world.connect(SESSION);
    world.send("a");
    world.acknowledge();
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["a", "a"]);
    assert_eq!(sent_events(&world), 1);
}

#[test]
fn message_sent_directly_is_not_reported_when_it_is_sent_again() {
    let mut world = World::connected(at_least_once());
    world.send("a");
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(world.sent(), ["a", "a"]);
    assert_eq!(sent_events(&world), 0);
}

#[test]
fn dropped_message_is_not_reported_as_sent() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.send_with("a", None, Some(100));
    world.advance(100);
    world.acknowledge();
    assert_eq!(world.dropped(), [("a", "expired")]);
    assert_eq!(sent_events(&world), 0);
}
