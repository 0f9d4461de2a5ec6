//! Limits of connections and memory.

use crate::world::*;

#[test]
fn connections_are_limited() {
    let mut world = World::with(Config {
        max_connections: 2,
        ..Config::default()
    });
    let first = world.open();
    world.open();
    let third = world
        .cloud
        .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
    assert_eq!(third, Err(OpenError::TooManyConnections));
    world.input(first, Input::Gone);
    world.open();
}

#[test]
fn delayed_frames_are_limited() {
    let mut world = World::with(Config {
        max_send_buffer_bytes: 10_000,
        ..Config::default()
    });
    let id = world.connect("user1", PACKAGE);
    let other = world.connect("user2", PACKAGE);
    let request = FaultRequest {
        fault: fault::Delay { by: seconds(3_600) }.into(),
        target: Target::Connection(id),
        period: None,
    };
    world.cloud.inject(&request, world.now);
    for _ in 0..200 {
        world.frame(id, json!({"type": "ping"}));
    }
    world.advance(Duration::ZERO);
    assert!(world.cut_at(id).is_some());
    let closed = Fact::Closed {
        code: 1006,
        reason: "send buffer full".to_owned(),
        by: Side::Cloud,
    };
    assert_eq!(world.facts_of(id).pop(), Some(closed));
    world.frame(other, json!({"type": "ping"}));
    assert_eq!(world.frames_to(other).pop().unwrap()["type"], "pong");
}

#[test]
fn shutdown_ignores_faults() {
    for fault in [
        Fault::from(fault::Delay {
            by: seconds(86_400),
        }),
        fault::Freeze {}.into(),
    ] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let closing = world.connect("user2", PACKAGE);
        world.inject(fault.clone(), Some(seconds(86_400)));
        world
            .cloud
            .stop_apps(&Target::Connection(closing), "error", world.now);
        world.drain();
        world.advance(seconds(1));
        world.cloud.shut_down(world.now);
        world.drain();
        world.advance(Duration::ZERO);
        let close = (1012, "Server shutting down".to_owned());
        assert_eq!(world.close_of(id), Some(close), "{fault:?}");
        world.advance(seconds(2));
        for id in [id, closing] {
            let cut = world.cut_at(id);
            assert!(
                cut.is_some_and(|at| at <= Instant::from_millis(3_000)),
                "{fault:?} {id} {cut:?}"
            );
        }
    }
}

#[test]
fn a_frame_that_is_not_even_read_is_closed_with_1009() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    world.input(id, Input::TooBig);
    assert_eq!(world.close_of(id), Some((1009, "Frame too big".to_owned())));
    world.advance(seconds(2));
    assert_eq!(world.cut_at(id), Some(Instant::from_millis(2_000)));
}
