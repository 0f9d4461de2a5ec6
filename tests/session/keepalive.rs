//! Pings, pongs and silence.

use tpa_session::session::{Close, Control, Duration, Input, Output, State, Timer, WakeHint};

use crate::world::{World, answered, pings, receive_frame, watched};

#[test]
fn no_ping_before_the_ack() {
    let mut world = World::new(watched());
    world.connect("user-org.example.app");
    world.input(Input::Opened(world.socket));
    world.advance(4999);
    assert_eq!(pings(&world), 0);
}

#[test]
fn idle_connection_is_pinged() {
    let mut world = World::connected(watched());
    world.advance(14_999);
    assert_eq!(pings(&world), 0);
    world.advance(1);
    assert_eq!(pings(&world), 1);
    world.advance(30_000);
    assert_eq!(pings(&world), 3);
}

#[test]
fn busy_connection_is_not_pinged() {
    let mut world = World::connected(watched());
    for _ in 0..20 {
        world.advance(5000);
        world.send("a");
        receive_frame(&mut world);
    }
    assert_eq!(pings(&world), 0);
}

#[test]
fn traffic_in_one_direction_does_not_replace_a_ping() {
    let mut world = World::connected(watched());
    for _ in 0..4 {
        world.advance(5000);
        world.send("a");
    }
    assert_eq!(pings(&world), 1, "nothing was received");
    let mut world = World::connected(watched());
    for _ in 0..4 {
        world.advance(5000);
        receive_frame(&mut world);
    }
    assert_eq!(pings(&world), 1, "nothing was sent");
}

#[test]
fn interval_of_zero_disables_pings() {
    let mut config = watched();
    config.watch.ping_interval = tpa_session::session::Duration::ZERO;
    let mut world = World::connected(config);
    world.advance(600_000);
    assert_eq!(pings(&world), 0);
}

#[test]
fn cloud_without_pongs_may_be_silent() {
    let mut world = World::connected(watched());
    world.advance(600_000);
    assert_eq!(pings(&world), 40);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn silent_cloud_with_pongs_is_dead() {
    let mut world = answered();
    world.advance(15_000);
    assert_eq!(pings(&world), 1);
    world.advance(4999);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    let lost = world.disconnected()[0];
    assert_eq!(
        (lost.code, lost.reason.as_str()),
        (4008, "Liveness timeout")
    );
    assert!(!lost.was_clean && lost.will_reconnect);
    assert!(
        world
            .outputs
            .iter()
            .any(|output| matches!(output, Output::Close(..)))
    );
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn events_of_the_dead_socket_are_ignored() {
    let mut world = answered();
    let dead = world.socket;
    let echo = Close::new(1000, "");
    world.advance(20_000);
    world.take();
    world.input(Input::Closed(dead, echo.clone()));
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.state(), State::Waiting);
    world.next_deadline();
    world.acknowledge();
    world.take();
    world.input(Input::Closed(dead, echo));
    assert_eq!(world.outputs, []);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn any_frame_after_the_ping_proves_activity() {
    let mut world = answered();
    world.advance(15_000);
    world.advance(3000);
    receive_frame(&mut world);
    world.advance(10_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn frame_after_one_ping_does_not_answer_the_next() {
    let mut world = answered();
    world.advance(15_000);
    assert_eq!(pings(&world), 1);
    world.advance(1000);
    receive_frame(&mut world);
    world.advance(1000);
    world.input(Input::Wake(WakeHint::Resumed));
    assert_eq!(pings(&world), 2);
    world.advance(2499);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn pong_proves_activity() {
    let mut world = answered();
    for _ in 0..10 {
        world.advance(15_000);
        world.input(Input::Control(world.socket, Control::Pong { id: None }));
    }
    assert_eq!(world.session.state(), State::Connected);
    assert_eq!(pings(&world), 10);
}

#[test]
fn pong_support_is_learned_on_each_connection() {
    let mut world = answered();
    world.advance(15_000);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    world.advance(120_000);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "it never sent a pong"
    );
}

#[test]
fn late_timer_sends_a_probe_first() {
    let mut world = answered();
    world.advance(15_000);
    world.take();
    world.now += 60_000;
    world.input(Input::Timeout);
    assert_eq!(pings(&world), 1, "a probe");
    assert_eq!(world.session.state(), State::Connected);
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.advance(10_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn late_timer_ignores_an_active_connection() {
    let mut world = answered();
    world.advance(15_000);
    world.take();
    world.now += 59_000;
    receive_frame(&mut world);
    world.now += 1000;
    world.input(Input::Timeout);
    assert_eq!(world.story(), Vec::<String>::new());
    world.advance(4999);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "each ping has its own deadline"
    );
}

#[test]
fn unanswered_probe_ends_the_connection() {
    let mut world = answered();
    world.advance(15_000);
    for _ in 0..2 {
        world.now += 60_000;
        world.input(Input::Timeout);
    }
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn activity_allows_another_probe() {
    let mut world = answered();
    let late = |world: &mut World| {
        let (due, _) = world.session.poll_timeout().expect("a deadline");
        world.now = due.as_millis() + 2000;
        world.input(Input::Timeout);
    };
    for _ in 0..2 {
        while !matches!(world.session.poll_timeout(), Some((_, Timer::Pong))) {
            world.next_deadline();
        }
        world.take();
        late(&mut world);
        assert_eq!(
            (pings(&world), world.session.state()),
            (1, State::Connected)
        );
        world.now += 1;
        receive_frame(&mut world);
        assert_eq!(world.next_deadline(), Some(Timer::Pong));
    }
}

#[test]
fn another_ping_does_not_extend_the_deadline() {
    let mut world = answered();
    while pings(&world) == 0 {
        world.next_deadline();
    }
    world.advance(4000);
    world.input(Input::Wake(WakeHint::Resumed));
    assert_eq!(pings(&world), 2);
    world.advance(999);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn ping_after_activity_has_its_own_deadline() {
    let mut world = answered();
    while pings(&world) == 0 {
        world.next_deadline();
    }
    world.advance(1000);
    receive_frame(&mut world);
    world.advance(2000);
    world.input(Input::Wake(WakeHint::Resumed));
    world.advance(2000);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "activity answered the first ping"
    );
    world.advance(499);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn timer_that_is_a_second_late_ends_the_connection() {
    let mut world = answered();
    while pings(&world) == 0 {
        world.next_deadline();
    }
    let (due, _) = world.session.poll_timeout().expect("the pong's");
    world.now = due.as_millis() + 1000;
    world.input(Input::Timeout);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn ping_is_due_an_interval_after_the_older_direction() {
    let mut world = World::connected(watched());
    world.advance(5000);
    world.send("a");
    receive_frame(&mut world);
    world.advance(14_999);
    assert_eq!(pings(&world), 0);
    world.advance(1);
    assert_eq!(pings(&world), 1);
}

#[test]
fn slow_pong_suppresses_further_pings() {
    let mut config = watched();
    config.watch.ping_interval = Duration::from_millis(1000);
    let mut world = World::connected(config);
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.take();
    world.advance(5999);
    assert_eq!(
        (pings(&world), world.session.state()),
        (1, State::Connected)
    );
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}
