//! The health monitor: pings, activity, stale connections.

use crate::world::*;

/// Times of the pings to a connection, in milliseconds.
fn pings_to(world: &World, id: ConnectionId) -> Vec<u64> {
    let deliveries = world.deliveries_to(id).into_iter();
    let pings = deliveries.filter(|(_, what)| **what == Delivery::Ping);
    pings.map(|(at, _)| at.as_millis()).collect()
}

#[test]
fn a_connection_is_pinged_and_closed_when_silent() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.advance(seconds(50));
    assert_eq!(pings_to(&world, id), [15_000, 30_000, 45_000]);
    let (code, reason) = world.close_of(id).unwrap();
    assert_eq!(code, 4008);
    assert!(reason.contains(PACKAGE), "{reason}");
    // It did not answer the close frame either.
    assert_eq!(world.cut_at(id), Some(Instant::from_millis(47_000)));
    let facts = world.facts_of(id);
    assert!(
        facts.contains(&Fact::Stale { silent_ms: 45_000 }),
        "{facts:?}"
    );
}

#[test]
fn connections_of_about_the_same_age_are_pinged_together() {
    let mut world = World::new();
    let mut ids = Vec::new();
    for (user, wait) in [("user1", 0), ("user2", 70), ("user3", 79), ("user4", 1)] {
        world.advance(Duration::from_millis(wait));
        ids.push(world.connect(user, PACKAGE));
    }
    world.advance(seconds(31));
    let pings: Vec<_> = ids.iter().map(|id| pings_to(&world, *id)).collect();
    let (first, second) = (vec![15_000, 30_000], vec![15_150, 30_150]);
    assert_eq!(pings, [first.clone(), first.clone(), first, second]);
}

#[test]
fn a_short_interval_of_pings_is_kept_to_the_millisecond() {
    let mut world = World::with(Config {
        ping_interval: Duration::from_millis(7),
        ..Config::default()
    });
    world.advance(Duration::from_millis(3));
    let id = world.connect("user1", PACKAGE);
    world.advance(Duration::from_millis(22));
    assert_eq!(pings_to(&world, id), [10, 17, 24]);
}

#[test]
fn activity_postpones_staleness() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    for step in 0..10 {
        world.advance(seconds(44));
        match step % 3 {
            0 => world.input(id, Input::Pong),
            1 => world.input(id, Input::Binary(b"sound")),
            _ => world.frame(id, json!({"type": "ping"})),
        }
    }
    assert_eq!(world.close_of(id), None);
    world.advance(seconds(44));
    assert_eq!(world.close_of(id), None);
    world.advance(seconds(1));
    assert_eq!(world.close_of(id).unwrap().0, 4008);
}

#[test]
fn only_the_silent_connection_of_a_session_is_closed() {
    let mut world = World::new();
    let silent = world.connect("user1", "org.example.silent");
    let lively = world.connect("user1", "org.example.lively");
    for _ in 0..6 {
        world.advance(seconds(10));
        world.input(lively, Input::Pong);
    }
    assert_eq!(world.close_of(silent).unwrap().0, 4008);
    assert_eq!(world.close_of(lively), None);
}

#[test]
fn old_clouds_do_not_answer_pings() {
    let mut world = World::with(Config {
        pong: false,
        ..Config::default()
    });
    let id = world.connect("user1", PACKAGE);
    world.frame(id, json!({"type": "ping"}));
    assert_eq!(world.frames_to(id).len(), 2);
}

#[test]
fn a_pong_repeats_the_id_of_its_ping() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.outputs.clear();
    for ping in [json!({"type": "ping", "id": 7}), json!({"type": "ping"})] {
        world.frame(id, ping);
    }
    let pongs = world.frames_to(id);
    assert_eq!(
        (&pongs[0]["type"], &pongs[0]["id"]),
        (&json!("pong"), &json!(7))
    );
    assert_eq!(
        (&pongs[1]["type"], &pongs[1]["id"]),
        (&json!("pong"), &json!(null))
    );
}
