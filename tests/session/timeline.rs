//! Timeline and counters.

use tpa_session::session::{
    Config, Control, Delivery, Duration, Input, Instant, Malformed, Reply, SocketId, State, Stats,
    TimelineEvent, Timer, WakeHint,
};

use crate::world::{World, config, watched};

fn names(world: &World) -> Vec<String> {
    let transitions = world.session.timeline();
    transitions
        .map(|entry| match &entry.event {
            TimelineEvent::Connecting(event) => format!("connecting {}", event.attempt),
            TimelineEvent::Disconnected(end) => format!("disconnected {}", end.code),
            TimelineEvent::Reconnecting(next) => format!("reconnecting {}", next.attempt),
            TimelineEvent::StateChange(change) => change.to.name().into(),
            TimelineEvent::Error(_) => "error".into(),
            TimelineEvent::Offline => "offline".into(),
            TimelineEvent::Online => "online".into(),
            TimelineEvent::Wake(WakeHint::Resumed) => "doubt".into(),
            TimelineEvent::Wake(WakeHint::Slept) => "sleep".into(),
            event => panic!("an unknown entry: {event:?}"),
        })
        .collect()
}

#[test]
fn timeline_has_events_and_times() {
    let mut world = World::new(config());
    world.now = 5;
    world.connect("user-org.example.app");
    world.acknowledge();
    world.input(Input::Malformed(world.socket, Malformed::NotJson));
    world.now = 30;
    world.close(1011, "oops");
    world.input(Input::Offline);
    world.input(Input::Online);
    world.disconnect();
    assert_eq!(
        names(&world),
        [
            "connecting",
            "connecting 0",
            "handshaking",
            "connected",
            "error",
            "waiting",
            "disconnected 1011",
            "reconnecting 1",
            "offline",
            "reconnecting 0",
            "online",
            "reconnecting 0",
            "stopped",
            "disconnected 1000",
        ]
    );
    let at: Vec<_> = world.session.timeline().map(|t| t.at.as_millis()).collect();
    assert_eq!((at[0], at[5]), (5, 30));
    assert!(
        world
            .session
            .timeline()
            .all(|t| t.connection == SocketId(1) || t.at.as_millis() == 5)
    );
}

#[test]
fn timeline_keeps_256_entries() {
    let mut world = World::connected(config());
    for _ in 0..300 {
        world.input(Input::Wake(WakeHint::Resumed));
    }
    let names = names(&world);
    assert_eq!(names.len(), 256);
    assert!(names.iter().all(|name| name == "doubt"));
}

#[test]
fn stats_count_events() {
    let mut world = World::new(watched());
    world.connect("user-org.example.app");
    world.send("a");
    assert_eq!(world.session.stats().queued, 1);
    assert_eq!(world.session.stats().queued_bytes, 1);
    world.acknowledge();
    world.input(Input::Malformed(world.socket, Malformed::NoType));
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.input(Input::Wake(WakeHint::Resumed));
    world.now += 40;
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.close(1006, "");
    world.send_with("b", None, Some(0));
    world.next_deadline();
    world.next_deadline();
    assert_eq!(world.session.state(), State::Connecting);
    assert_eq!(
        world.session.stats(),
        Stats {
            attempts: 2,
            connections: 1,
            sent: 1,
            dropped: 1,
            errors: 1,
            pings: 2,
            pongs: 2,
            round_trip: Some(Duration::from_millis(40)),
            last_heard: Some(Instant::from_millis(40)),
            ..Stats::default()
        }
    );
}

#[test]
fn every_dropped_that_send_returns_is_counted() {
    let mut world = World::new(config());
    world.connect("user-org.example.app");
    let large = "x".repeat(1024 * 1024 + 1);
    assert_eq!(
        world.send(&large),
        Reply::Dropped,
        "too large for the queue"
    );
    assert_eq!(world.session.stats().dropped, 1);
    world.disconnect();
    for dropped in 2..5 {
        assert_eq!(world.send("a"), Reply::Dropped, "after the end");
        assert_eq!(world.session.stats().dropped, dropped);
    }
}

#[test]
fn requeued_expiry_is_not_taken_for_sleep() {
    let mut world = World::connected(Config {
        delivery: Delivery::AtLeastOnce,
        ..config()
    });
    world.send_with("late", None, Some(300));
    world.advance(120_000);
    world.close(1006, "");
    assert_eq!(world.next_deadline(), Some(Timer::Expiry));
    assert_eq!(world.dropped(), [("late", "unconfirmed")]);
    assert!(!names(&world).contains(&"sleep".to_string()));
}
