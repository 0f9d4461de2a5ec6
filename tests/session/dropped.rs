//! Messages that are sent from a handler of `dropped`.

use testkit::Message;
use tpa_session::session::{
    Command, Config, DropReason, Event, Limits, Output, Reply, Session, State,
};

use crate::world::{World, at_least_once, config};

/// A session with space for one message.
fn world(config: Config) -> World {
    World::new(Config {
        outbox: Limits {
            messages: 1,
            bytes: 8,
            ..config.outbox
        },
        ..config
    })
}

fn send(world: &mut World, (serial, size): (u32, usize), key: Option<&str>) -> Reply {
    let now = world.now();
    let is_connected = world.session.state() == State::Connected;
    let command = Command::Send {
        payload: Message { serial, size },
        key: key.map(Into::into),
        ttl: None,
        replay: true,
        buffered: is_connected.then_some(0),
    };
    world.session.command(command, now).expect("a command")
}

/// Takes outputs up to the next `dropped`, whose handlers are called now.
fn next_dropped(session: &mut Session<Message>) -> Option<(u32, DropReason)> {
    std::iter::from_fn(|| session.poll_output()).find_map(|output| match output {
        Output::Emit(Event::Dropped(message, reason)) => Some((message.serial, reason)),
        _ => None,
    })
}

#[test]
fn message_that_finds_no_room_is_dropped_without_an_event() {
    let mut world = world(config());
    assert_eq!(send(&mut world, (1, 4), None), Reply::Queued);
    assert_eq!(send(&mut world, (2, 4), None), Reply::Queued);
    let dropped = next_dropped(&mut world.session);
    assert_eq!(dropped, Some((1, DropReason::Overflow)));
    assert_eq!(send(&mut world, (3, 4), None), Reply::Dropped);
    assert_eq!(send(&mut world, (4, 9), None), Reply::Dropped);
    assert_eq!(next_dropped(&mut world.session), None);
    assert_eq!(world.session.stats().dropped, 3);
    assert_eq!(world.session.queued(), (1, 4));
}

#[test]
fn message_that_finds_room_is_queued() {
    let mut world = world(config());
    send(&mut world, (1, 9), None);
    let dropped = next_dropped(&mut world.session);
    assert_eq!(dropped, Some((1, DropReason::Overflow)));
    assert_eq!(send(&mut world, (2, 8), None), Reply::Queued);
    assert_eq!(next_dropped(&mut world.session), None);
}

#[test]
fn state_finds_room_in_the_place_of_the_older() {
    let mut world = world(config());
    send(&mut world, (1, 4), None);
    send(&mut world, (2, 4), Some("k"));
    next_dropped(&mut world.session).expect("the first is dropped");
    assert_eq!(send(&mut world, (3, 8), Some("k")), Reply::Queued);
    assert_eq!(send(&mut world, (4, 9), Some("k")), Reply::Dropped);
    assert_eq!(world.session.queued(), (1, 8));
}

#[test]
fn later_messages_displace_others_again() {
    let mut world = world(config());
    send(&mut world, (1, 4), None);
    send(&mut world, (2, 4), None);
    while world.session.poll_output().is_some() {}
    assert_eq!(send(&mut world, (3, 4), None), Reply::Queued);
    let dropped = next_dropped(&mut world.session);
    assert_eq!(dropped, Some((2, DropReason::Overflow)));
}

#[test]
fn message_that_cannot_be_kept_is_not_sent_there() {
    let mut world = World::connected(Config {
        outbox: Limits {
            messages: 1,
            ..config().outbox
        },
        ..at_least_once()
    });
    assert_eq!(send(&mut world, (1, 4), None), Reply::Sent);
    assert_eq!(send(&mut world, (2, 4), None), Reply::Sent);
    let dropped = next_dropped(&mut world.session);
    assert_eq!(dropped, Some((1, DropReason::Unconfirmed)));
    assert_eq!(send(&mut world, (3, 4), None), Reply::Dropped);
    assert_eq!(next_dropped(&mut world.session), None);
}

#[test]
fn message_is_sent_at_once_where_nothing_is_kept() {
    let mut world = World::connected(config());
    let now = world.now();
    let waiting = Command::Send {
        payload: Message { serial: 1, size: 4 },
        key: None,
        ttl: Some(tpa_session::session::Duration::ZERO),
        replay: true,
        buffered: Some(u32::MAX),
    };
    assert_eq!(world.session.command(waiting, now), Ok(Reply::Queued));
    assert_eq!(send(&mut world, (2, 4), None), Reply::Sent);
    let dropped = next_dropped(&mut world.session);
    assert_eq!(dropped, Some((1, DropReason::Expired)));
    assert_eq!(send(&mut world, (3, 4), None), Reply::Sent);
}

#[test]
fn bytes_of_what_is_queued_count() {
    for (size, reply) in [(2, Reply::Queued), (3, Reply::Dropped)] {
        let mut world = World::new(Config {
            outbox: Limits {
                messages: 10,
                bytes: 8,
                ..config().outbox
            },
            ..config()
        });
        send(&mut world, (1, 6), None);
        send(&mut world, (2, 6), None);
        let dropped = next_dropped(&mut world.session);
        assert_eq!(dropped, Some((1, DropReason::Overflow)));
        assert_eq!(send(&mut world, (3, size), None), reply);
    }
}
