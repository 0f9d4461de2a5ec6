//! The list of streams, which the cloud forgets with each socket.

use tpa_session::session::{Command, CommandError, Instant, Outgoing, Output};

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
