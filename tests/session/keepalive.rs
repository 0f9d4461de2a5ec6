//! Pings at once and in rhythm, and the verdict on those without a pong.

use tpa_session::session::{Close, Control, Duration, Input, Outgoing, Output, State, WakeHint};

use crate::world::{
    SESSION, World, answer, answered, config, ping_ids, pings, pong, receive_frame, watched,
};

#[test]
fn no_ping_before_the_ack() {
    let mut world = World::new(watched());
    world.connect(SESSION);
    world.input(Input::Opened(world.socket));
    world.advance(4999);
    assert_eq!(pings(&world), 0);
}

#[test]
fn ping_follows_the_ack_before_the_queue() {
    let mut world = World::new(watched());
    world.connect(SESSION);
    world.send("a");
    world.acknowledge();
    let frames: Vec<_> = world
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Transmit(_, Outgoing::Subscriptions(_)) => Some("subscriptions"),
            Output::Transmit(_, Outgoing::Ping(_)) => Some("ping"),
            Output::Transmit(_, Outgoing::Message(_)) => Some("message"),
            _ => None,
        })
        .collect();
    assert_eq!(frames, ["subscriptions", "ping", "message"]);
}

#[test]
fn ids_of_pings_count_over_all_connections() {
    let mut world = World::new(watched());
    world.connect(SESSION);
    world.acknowledge();
    pong(&mut world);
    world.advance(15_000);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    let ids: Vec<_> = ping_ids(&world.outputs).iter().map(|id| id.0).collect();
    assert_eq!(ids, [1, 2, 3]);
}

#[test]
fn pings_keep_their_rhythm_whatever_else_is_sent_and_received() {
    let mut world = answered();
    for second in 1..=60_u64 {
        world.advance_answering(500, 20);
        world.send("a");
        receive_frame(&mut world);
        world.advance_answering(500, 20);
        assert_eq!(pings(&world) as u64, second / 15, "after {second} s");
    }
}

#[test]
fn idle_connection_costs_four_pings_a_minute() {
    let mut world = answered();
    world.advance_answering(3_600_000, 50);
    assert_eq!(pings(&world), 4 * 60);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn any_ping_restarts_the_interval() {
    let mut world = answered();
    world.advance(10_000);
    world.input(Input::Wake(WakeHint::Shown));
    pong(&mut world);
    world.advance(14_999);
    assert_eq!(pings(&world), 1);
    world.advance(1);
    assert_eq!(pings(&world), 2);
}

#[test]
fn rhythm_slows_down_where_pongs_are_unknown() {
    let mut world = World::connected(watched());
    let mut at = Vec::new();
    while at.len() < 6 {
        world.take();
        world.next_deadline();
        at.extend((pings(&world) > 0).then_some(world.now / 1000));
    }
    assert_eq!(at, [15, 45, 105, 225, 345, 465]);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn cloud_without_pongs_costs_at_least_half_a_ping_a_minute_and_at_most_four() {
    let mut world = World::connected(watched());
    for _ in 0..3600 {
        world.send("a");
        world.advance(1000);
        receive_frame(&mut world);
    }
    let pings = pings(&world);
    assert!((30..=240).contains(&pings), "{pings} in an hour");
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn first_pong_brings_back_the_rhythm() {
    let mut world = World::connected(watched());
    world.advance(200_000);
    world.take();
    pong(&mut world);
    world.advance_answering(60_000, 20);
    assert!((4..=5).contains(&pings(&world)), "{}", pings(&world));
}

#[test]
fn interval_of_zero_disables_pings() {
    let mut config = watched();
    config.watch.ping_interval = Duration::ZERO;
    let mut world = World::connected(config);
    world.send("a");
    world.advance(600_000);
    assert_eq!(pings(&world), 0);
}

#[test]
fn cloud_without_pongs_may_be_silent() {
    let mut world = World::connected(watched());
    world.advance(3_600_000);
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
fn frames_do_not_answer_a_ping() {
    let mut world = answered();
    for second in 1..=19 {
        world.advance(1000);
        receive_frame(&mut world);
        assert_eq!(world.session.state(), State::Connected, "after {second} s");
    }
    world.advance(1000);
    assert_eq!(
        world.disconnected()[0].code,
        4008,
        "only the uplink is dead"
    );
}

#[test]
fn several_pings_are_answered_in_order() {
    let mut world = answered();
    world.advance(15_000);
    world.advance(3000);
    world.input(Input::Wake(WakeHint::Shown));
    assert_eq!(pings(&world), 2);
    world.advance(1000);
    pong(&mut world);
    world.advance(2499);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "the time of the second one runs from the pong to the first"
    );
    pong(&mut world);
    world.advance(7000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn pong_with_an_id_answers_all_pings_before_it() {
    let mut world = answered();
    world.advance(15_000);
    world.input(Input::Wake(WakeHint::Shown));
    let ids = ping_ids(&world.outputs);
    answer(&mut world, ids[1]);
    world.advance(14_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn another_ping_does_not_extend_the_patience() {
    let mut world = answered();
    world.advance(15_000 + 4000);
    world.input(Input::Wake(WakeHint::Resumed));
    assert_eq!(pings(&world), 2);
    world.advance(999);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn connection_is_judged_right_after_a_reconnect() {
    let mut world = answered();
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    world.advance(4999);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4008));
}

#[test]
fn pong_before_the_ack_answers_nothing() {
    let mut world = World::new(watched());
    world.connect(SESSION);
    world.input(Input::Opened(world.socket));
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.input(Input::Control(world.socket, Control::Ack));
    world.advance(60_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn cloud_without_pongs_is_asked_about_64_kib_until_a_ping_is_overdue() {
    let bytes = "x".repeat(64 * 1024);
    for (config, silence, asked) in [(watched(), 0, 1), (watched(), 15_000, 0), (config(), 0, 0)] {
        let mut world = World::connected(config);
        world.advance(silence);
        world.take();
        world.send(&bytes);
        assert_eq!(pings(&world), asked, "after {silence} ms");
    }
}
