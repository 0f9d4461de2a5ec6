//! Faults of one direction, of a share of the connections, and of the bandwidth.

use tpa_cloud::{Direction, Share};

use crate::world::*;

impl World {
    fn ping(&mut self, id: ConnectionId) {
        self.frame(id, json!({"type": "ping"}));
    }

    fn pongs(&self, id: ConnectionId) -> Vec<u64> {
        let deliveries = self.deliveries_to(id).into_iter();
        deliveries
            .filter(|(_, what)| matches!(what, Delivery::Text(text) if text.contains("\"pong\"")))
            .map(|(at, _)| at.as_millis())
            .collect()
    }

    fn received(&self, id: ConnectionId) -> usize {
        let facts = self.facts_of(id).into_iter();
        facts
            .filter(|fact| matches!(fact, Fact::Message { frame, .. } if frame == "ping"))
            .count()
    }
}

#[test]
fn a_frozen_direction_holds_its_frames_until_the_end() {
    for (direction, received) in [
        (Direction::Up, 0),
        (Direction::Down, 1),
        (Direction::Both, 0),
    ] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let start = world.now.as_millis();
        world.inject(fault::Freeze { direction }, Some(seconds(10)));
        world.ping(id);
        assert_eq!(world.received(id), received, "{direction:?}");
        world.advance(seconds(9));
        assert!(world.pongs(id).is_empty(), "{direction:?}");
        world.advance(seconds(1));
        world.ping(id);
        let end = start + 10_000;
        assert_eq!(world.pongs(id), [end, end], "{direction:?}");
        assert_eq!(world.received(id), 2, "{direction:?}");
    }
}

#[test]
fn an_endless_freeze_loses_new_frames() {
    for direction in [Direction::Up, Direction::Down, Direction::Both] {
        for ends in [false, true] {
            let mut world = World::new();
            let id = world.connect("user1", PACKAGE);
            let by = seconds(1);
            world.inject(fault::Delay { by, direction }, Some(seconds(5)));
            world.ping(id);
            world.inject(fault::Freeze { direction }, None);
            world.ping(id);
            world.advance(seconds(10));
            assert!(world.pongs(id).is_empty(), "{direction:?}");
            if ends {
                world.inject(fault::Freeze { direction }, Some(seconds(1)));
            } else {
                world.cloud.clear_faults(&Target::All, world.now);
                world.drain();
            }
            // The first ping was on its way.
            world.advance(seconds(10));
            assert_eq!(world.pongs(id).len(), 1, "{direction:?} {ends}");
        }
    }
}

#[test]
fn a_freeze_stops_the_frames_on_their_way() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let (by, direction) = (seconds(2), Direction::Up);
    world.inject(fault::Delay { by, direction }, None);
    world.ping(id);
    world.advance(seconds(1));
    world.inject(fault::Freeze { direction }, Some(seconds(5)));
    world.advance(seconds(10));
    assert_eq!(world.pongs(id), [6_000]);
}

#[test]
fn frames_arrive_before_the_close_that_follows_them() {
    for fault in [
        Fault::from(fault::Freeze {
            direction: Direction::Up,
        }),
        fault::Delay {
            by: seconds(1),
            direction: Direction::Up,
        }
        .into(),
        fault::Slow {
            bytes_per_second: 1,
            direction: Direction::Up,
        }
        .into(),
    ] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        world.inject(fault.clone(), Some(seconds(10)));
        world.ping(id);
        world.input(
            id,
            Input::Closed {
                code: 1000,
                reason: "",
            },
        );
        assert_eq!(world.received(id), 1, "{fault:?}");
        world.input(id, Input::Gone);
        assert!(world.cloud.references().is_empty());
    }
}

#[test]
fn a_line_that_is_no_longer_slow_carries_the_rest_at_once() {
    for direction in [Direction::Up, Direction::Down] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let bytes_per_second = 1;
        let slow = fault::Slow {
            bytes_per_second,
            direction,
        };
        world.inject(slow, Some(seconds(2)));
        for _ in 0..3 {
            world.ping(id);
        }
        world.advance(seconds(10));
        assert_eq!(world.pongs(id), [2_000; 3], "{direction:?}");
    }
}

#[test]
fn a_dead_uplink_is_noticed_by_the_health_monitor() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let direction = Direction::Up;
    world.inject(fault::Freeze { direction }, None);
    for _ in 0..4 {
        world.advance(seconds(10));
        world.input(id, Input::Pong);
        assert_eq!(world.close_of(id), None);
    }
    world.advance(seconds(5));
    assert_eq!(world.close_of(id).unwrap().0, 4008);
}

#[test]
fn a_delay_affects_its_direction() {
    for (direction, answered) in [
        (Direction::Up, 1_000),
        (Direction::Down, 1_000),
        (Direction::Both, 2_000),
    ] {
        let mut world = World::new();
        let id = world.connect("user1", PACKAGE);
        let by = seconds(1);
        world.inject(fault::Delay { by, direction }, Some(seconds(10)));
        world.ping(id);
        let arrives_late = direction != Direction::Down;
        assert_eq!(
            world.received(id),
            usize::from(!arrives_late),
            "{direction:?}"
        );
        world.advance(seconds(5));
        assert_eq!(world.pongs(id), [answered], "{direction:?}");
    }
}

#[test]
fn a_slow_connection_carries_its_bytes_a_second() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let direction = Direction::Up;
    let bytes_per_second = 1_000;
    world.inject(
        fault::Slow {
            bytes_per_second,
            direction,
        },
        None,
    );
    // 1,000 bytes with the overhead of a frame.
    let text = format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(936 - 22));
    assert_eq!(text.len(), 936);
    for _ in 0..3 {
        world.input(id, Input::Text(&text));
    }
    world.advance(seconds(10));
    assert_eq!(world.pongs(id), [1_000, 2_000, 3_000]);

    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let direction = Direction::Down;
    world.inject(
        fault::Slow {
            bytes_per_second,
            direction,
        },
        None,
    );
    let frame = tpa_cloud::FrameSpec::Verbatim("x".repeat(936));
    for _ in 0..3 {
        world.cloud.send_frame(&Target::All, &frame, world.now);
    }
    world.drain();
    world.ping(id);
    world.advance(seconds(10));
    let deliveries = world.deliveries_to(id).into_iter();
    let times: Vec<_> = deliveries
        .filter(|(_, what)| matches!(what, Delivery::Text(text) if text.starts_with('x')))
        .map(|(at, _)| at.as_millis())
        .collect();
    assert_eq!(times, [1_000, 2_000, 3_000]);
    assert!(world.pongs(id)[0] > 3_000);
}

#[test]
fn held_frames_are_bounded() {
    let by = seconds(60);
    let faults = |direction| {
        [
            Fault::from(fault::Delay { by, direction }),
            fault::Freeze { direction }.into(),
        ]
    };
    let directions = [Direction::Up, Direction::Down, Direction::Both];
    for fault in directions.into_iter().flat_map(faults) {
        let mut world = World::with(Config {
            max_send_buffer_bytes: 1_000,
            ..Config::default()
        });
        let id = world.connect("user1", PACKAGE);
        world.inject(fault.clone(), Some(by));
        for _ in 0..20 {
            world.ping(id);
        }
        world.advance(Duration::ZERO);
        assert!(world.cut_at(id).is_some(), "{fault:?}");
        world.input(id, Input::Gone);
        assert!(world.cloud.references().is_empty());
        world.cloud.clear_faults(&Target::All, world.now);
        assert_eq!(world.cloud.poll_timeout(), None, "{fault:?}");
    }
}

#[test]
fn cleared_faults_release_the_frames_of_both_directions() {
    let mut world = World::new();
    let id = world.connect("user1", PACKAGE);
    let (by, direction) = (seconds(60), Direction::Both);
    world.inject(fault::Delay { by, direction }, None);
    world.ping(id);
    world.advance(seconds(1));
    world.cloud.clear_faults(&Target::All, world.now);
    world.advance(Duration::ZERO);
    assert_eq!(world.pongs(id), [1_000]);
}

#[test]
fn a_share_of_the_connections_is_affected() {
    for (share, least, most) in [(0.0, 0, 0), (0.25, 20, 30), (0.5, 45, 55), (1.0, 100, 100)] {
        let mut world = World::new();
        for nth in 0..100 {
            world.connect(&format!("user{nth}"), PACKAGE);
        }
        let request = FaultRequest {
            fault: fault::Cut {}.into(),
            target: Target::All,
            period: None,
            share: Share::new(share).unwrap(),
        };
        let hit = world.cloud.inject(&request, world.now).len();
        assert!((least..=most).contains(&hit), "{share}: {hit}");
    }
    for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Share::new(wrong), None, "{wrong}");
    }
}

#[test]
fn a_share_of_the_new_connections_is_refused() {
    let mut world = World::new();
    let request = FaultRequest {
        fault: fault::Refuse {}.into(),
        target: Target::All,
        period: Some(seconds(10)),
        share: Share::new(0.5).unwrap(),
    };
    world.cloud.inject(&request, world.now);
    let refused = (0..100)
        .filter(|_| {
            let opened = world
                .cloud
                .open("10.0.0.1:5", Dialect::AugmentOs, world.now);
            opened.is_err()
        })
        .count();
    assert!((45..=55).contains(&refused), "{refused}");
}
