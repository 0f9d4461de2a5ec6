//! Fingerprints of equivalent and different sessions.

use std::hash::{DefaultHasher, Hasher};

use testkit::Message;
use tpa_session::session::{Command, Config, Input};

use crate::world::{SESSION, World, config};

fn fingerprint(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    let name = |message: &Message| message.size as u64;
    world.session.fingerprint(name, &mut hasher);
    hasher.finish()
}

#[test]
fn ids_times_and_the_past_are_ignored() {
    let mut one = World::connected(config());
    let mut other = World::new(config());
    other.now = 5000;
    other.connect("other-org.example.app");
    other.acknowledge();
    other.send("one");
    other.disconnect();
    other.advance(70_000);
    other.connect(SESSION);
    other.acknowledge();
    assert_eq!(fingerprint(&one), fingerprint(&other));
    for world in [&mut one, &mut other] {
        world.close(1006, "");
        world.send_with("two", Some("key"), Some(1000));
    }
    assert_eq!(fingerprint(&one), fingerprint(&other));
}

#[test]
fn everything_that_determines_the_future_counts() {
    let changes: [fn(&mut World); 9] = [
        |_| {},
        |world| world.input(Input::Offline),
        |world| world.input(Input::WallClock(5)),
        |world| _ = world.command(Command::Subscribe(vec!["vad".into()])),
        |world| _ = world.send("one"),
        |world| _ = world.send("three"),
        |world| _ = world.send_with("three", None, Some(5)),
        |world| _ = world.next_deadline(),
        |world| world.acknowledge(),
    ];
    let fingerprints: Vec<_> = changes
        .iter()
        .map(|change| {
            let mut world = World::new(config());
            world.connect(SESSION);
            change(&mut world);
            fingerprint(&world)
        })
        .collect();
    for (index, one) in fingerprints.iter().enumerate() {
        assert!(!fingerprints[..index].contains(one), "{index}");
    }
}

#[test]
fn pending_outputs_count() {
    let mut one = World::new(config());
    let two = World::new(config());
    let streams = vec!["vad".into()];
    let _ = one
        .session
        .command(Command::Subscribe(streams.clone()), one.now());
    let _ = one
        .session
        .command(Command::Unsubscribe(streams), one.now());
    assert_eq!(fingerprint(&one), fingerprint(&two), "it had no effect");
    let session_id = SESSION.into();
    let _ = one
        .session
        .command(Command::Connect { session_id }, one.now());
    let before = fingerprint(&one);
    let _ = one.session.poll_output();
    assert_ne!(fingerprint(&one), before);
}

#[test]
fn reseed_repeats_the_random_numbers() {
    let mut jittery = config();
    jittery.backoff = Config::default().backoff;
    let mut worlds = [(); 2].map(|()| World::connected(jittery.clone()));
    worlds[0].close(1006, "");
    worlds[0].next_deadline();
    worlds[0].acknowledge();
    worlds[0].advance(5000);
    let delays = worlds.map(|mut world| {
        world.take();
        world.session.reseed(42);
        world.close(1006, "");
        world.reconnecting()[0].delay
    });
    assert_eq!(delays[0], delays[1]);
}
