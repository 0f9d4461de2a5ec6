//! The list of streams, which the cloud forgets with each socket.

use tpa_session::session::{Command, CommandError, Event, Instant, Outgoing, Output, SessionError};

use crate::world::{World, config};

fn sent_lists(world: &World) -> Vec<Vec<String>> {
    let list = |output: &Output<_>| match output {
        Output::Transmit(_, Outgoing::Subscriptions(streams)) => Some(streams.clone()),
        _ => None,
    };
    world.outputs.iter().filter_map(list).collect()
}

fn streams(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn list_is_sent_after_every_ack() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["a", "b"])));
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(
        sent_lists(&world),
        [streams(&["a", "b"]), streams(&["a", "b"])]
    );
}

#[test]
fn change_during_an_outage_is_sent_once() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.command(Command::Subscribe(streams(&["a", "b"])));
    world.command(Command::Unsubscribe(streams(&["a"])));
    assert_eq!(sent_lists(&world).len(), 0);
    world.next_deadline();
    world.acknowledge();
    assert_eq!(sent_lists(&world), [streams(&["b"])]);
}

#[test]
fn unchanged_list_is_not_sent() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["a", "a"])));
    world.command(Command::Subscribe(streams(&["a"])));
    world.command(Command::Unsubscribe(streams(&["b"])));
    assert_eq!(sent_lists(&world), [streams(&["a"])]);
}

#[test]
fn list_outlives_the_session() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["a"])));
    world.disconnect();
    world.take();
    world.connect("other-org.example.app");
    world.acknowledge();
    assert_eq!(sent_lists(&world), [streams(&["a"])]);
}

#[test]
fn empty_name_is_refused() {
    let mut world = World::connected(config());
    let refused = world
        .session
        .command(Command::Subscribe(streams(&["a", ""])), Instant::default());
    assert_eq!(refused, Err(CommandError::EmptyStream));
    assert!(world.session.subscriptions().is_empty());
}

fn follow(world: &mut World, names: &[&str]) {
    world.command(Command::Follow(streams(names)));
}

#[test]
fn streams_of_handlers_are_requested() {
    let mut world = World::connected(config());
    follow(&mut world, &["a", "b"]);
    follow(&mut world, &["b", "c"]);
    follow(&mut world, &[]);
    let lists = [streams(&["a", "b"]), streams(&["b", "c"]), streams(&[])];
    assert_eq!(sent_lists(&world), lists);
}

#[test]
fn stream_is_removed_when_neither_list_has_it() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["a"])));
    follow(&mut world, &["b", "a"]);
    world.command(Command::Unsubscribe(streams(&["a"])));
    assert_eq!(world.session.subscriptions(), streams(&["a", "b"]));
    follow(&mut world, &["b"]);
    world.command(Command::Subscribe(streams(&["b"])));
    follow(&mut world, &[]);
    assert_eq!(world.session.subscriptions(), streams(&["b"]));
    let lists = [streams(&["a"]), streams(&["a", "b"]), streams(&["b"])];
    assert_eq!(sent_lists(&world), lists);
}

#[test]
fn streams_of_handlers_are_sent_after_every_ack() {
    let mut world = World::connected(config());
    follow(&mut world, &["a"]);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    assert_eq!(sent_lists(&world), [streams(&["a"]), streams(&["a"])]);
}

const REFUSAL: (u16, &str) = (1008, "Invalid subscription type: bad:en-US");

fn refuse(world: &mut World) {
    world.close(REFUSAL.0, REFUSAL.1);
    world.take();
    world.next_deadline();
    world.acknowledge();
}

#[test]
fn stream_that_is_refused_twice_is_left_out() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["bad", "bad:en-US", "good"])));
    refuse(&mut world);
    assert_eq!(sent_lists(&world), [streams(&["bad", "bad:en-US", "good"])]);
    world.close(REFUSAL.0, REFUSAL.1);
    assert_eq!(
        world.reconnecting().last().map(|next| next.counted),
        Some(false),
        "the attempt found the culprit"
    );
    assert!(world.events().iter().any(|event| matches!(
        event,
        Event::Error(error @ SessionError::SubscriptionRefused { .. })
            if error.message() == "The cloud refuses the stream bad:en-US: it is left out"
    )));
    world.take();
    world.next_deadline();
    world.acknowledge();
    assert_eq!(sent_lists(&world), [streams(&["bad", "good"])]);
    assert_eq!(world.session.subscriptions(), streams(&["bad", "good"]));
}

#[test]
fn stream_is_left_out_until_the_app_asks_for_it_again() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["bad:en-US", "good"])));
    refuse(&mut world);
    refuse(&mut world);
    world.command(Command::Follow(streams(&["bad:en-US"])));
    assert_eq!(world.session.subscriptions(), streams(&["good"]));
    world.command(Command::Subscribe(streams(&["bad:en-US"])));
    assert_eq!(
        world.session.subscriptions(),
        streams(&["bad:en-US", "good"])
    );
}

#[test]
fn closure_that_names_no_stream_leaves_none_out() {
    for (code, reason) in [
        (1008, "Invalid subscription type: other"),
        (1008, "bad:en-US"),
        (1011, "Invalid subscription type: bad:en-US"),
    ] {
        let mut world = World::connected(config());
        world.command(Command::Subscribe(streams(&["bad:en-US"])));
        for _ in 0..2 {
            world.close(code, reason);
            world.next_deadline();
            world.acknowledge();
        }
        assert_eq!(world.session.subscriptions(), streams(&["bad:en-US"]));
    }
}

#[test]
fn two_streams_that_are_refused_once_are_kept() {
    let mut world = World::connected(config());
    world.command(Command::Subscribe(streams(&["a-1", "b-2"])));
    for reason in ["Invalid subscription: a-1", "Invalid subscription: b-2"] {
        world.close(1008, reason);
        world.next_deadline();
        world.acknowledge();
    }
    assert_eq!(world.session.subscriptions(), streams(&["a-1", "b-2"]));
}
