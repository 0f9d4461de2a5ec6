//! Is the peer still there: pings, silence, sleep.

use tpa_session::session::{
    Close, Config, Control, Duration, Input, Instant, Outgoing, Output, State, Timer, WakeHint,
};

use crate::world::{World, config};

fn watched() -> Config {
    Config {
        watch: Config::default().watch,
        ..config()
    }
}

/// A connected session whose cloud has ponged once.
fn answered() -> World {
    let mut world = World::connected(watched());
    world.input(Input::Control(world.socket, Control::Pong));
    world.take();
    world
}

fn pings(world: &World) -> usize {
    let is_ping = |output: &&Output<_>| matches!(output, Output::Transmit(_, Outgoing::Ping));
    world.outputs.iter().filter(is_ping).count()
}

/// A frame of the app's came, which the shell reports before the next timeout.
fn hear(world: &mut World) {
    let at = Instant::from_millis(world.now);
    world.input(Input::Activity(world.socket, at));
}

#[test]
fn no_ping_before_the_ack() {
    let mut world = World::new(watched());
    world.connect("user-org.example.app");
    world.input(Input::Opened(world.socket));
    world.advance(4999);
    assert_eq!(pings(&world), 0);
}

#[test]
fn an_idle_connection_is_pinged_at_its_interval() {
    let mut world = World::connected(watched());
    world.advance(14_999);
    assert_eq!(pings(&world), 0);
    world.advance(1);
    assert_eq!(pings(&world), 1);
    world.advance(30_000);
    assert_eq!(pings(&world), 3);
}

#[test]
fn a_connection_that_talks_both_ways_is_not_pinged() {
    let mut world = World::connected(watched());
    for _ in 0..20 {
        world.advance(5000);
        world.send("a");
        hear(&mut world);
    }
    assert_eq!(pings(&world), 0);
}

#[test]
fn traffic_in_one_direction_alone_does_not_replace_a_ping() {
    let mut world = World::connected(watched());
    for _ in 0..4 {
        world.advance(5000);
        world.send("a");
    }
    assert_eq!(pings(&world), 1, "nothing was received");
    let mut world = World::connected(watched());
    for _ in 0..4 {
        world.advance(5000);
        hear(&mut world);
    }
    assert_eq!(pings(&world), 1, "nothing was sent");
}

#[test]
fn an_interval_of_zero_means_no_pings() {
    let mut config = watched();
    config.watch.ping_interval = tpa_session::session::Duration::ZERO;
    let mut world = World::connected(config);
    world.advance(600_000);
    assert_eq!(pings(&world), 0);
}

#[test]
fn a_cloud_that_ignores_pings_is_never_judged_by_silence() {
    let mut world = World::connected(watched());
    world.advance(600_000);
    assert_eq!(pings(&world), 40);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn a_cloud_that_ponged_and_falls_silent_is_dead() {
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
fn what_the_dead_socket_says_later_is_not_heard() {
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
fn any_frame_after_the_ping_is_life() {
    let mut world = answered();
    world.advance(15_000);
    world.advance(3000);
    hear(&mut world);
    world.advance(10_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn a_frame_after_one_ping_is_no_answer_to_the_next() {
    let mut world = answered();
    world.advance(15_000);
    assert_eq!(pings(&world), 1);
    world.advance(1000);
    hear(&mut world);
    world.advance(1000);
    world.input(Input::Wake(WakeHint::Resumed));
    assert_eq!(pings(&world), 2);
    world.advance(2499);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn a_pong_is_life() {
    let mut world = answered();
    for _ in 0..10 {
        world.advance(15_000);
        world.input(Input::Control(world.socket, Control::Pong));
    }
    assert_eq!(world.session.state(), State::Connected);
    assert_eq!(pings(&world), 10);
}

#[test]
fn what_one_connection_showed_is_not_expected_of_the_next() {
    let mut world = answered();
    world.advance(15_000);
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    world.advance(120_000);
    assert_eq!(world.session.state(), State::Connected, "it never ponged");
}

#[test]
fn a_late_timer_asks_before_it_judges() {
    let mut world = answered();
    world.advance(15_000);
    world.take();
    world.now += 60_000;
    world.input(Input::Timeout);
    assert_eq!(pings(&world), 1, "a probe");
    assert_eq!(world.session.state(), State::Connected);
    world.input(Input::Control(world.socket, Control::Pong));
    world.advance(10_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn a_late_timer_judges_nothing_where_frames_came_meanwhile() {
    let mut world = answered();
    world.advance(15_000);
    world.take();
    world.now += 59_000;
    hear(&mut world);
    world.now += 1000;
    world.input(Input::Timeout);
    assert_eq!(world.story(), Vec::<String>::new());
    world.advance(4999);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "a ping has its time"
    );
}

#[test]
fn a_probe_that_nobody_answers_is_the_end_even_in_a_hidden_tab() {
    let mut world = answered();
    world.advance(15_000);
    for _ in 0..2 {
        world.now += 60_000;
        world.input(Input::Timeout);
    }
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn a_resumed_page_asks_at_once_where_pongs_are_known() {
    for input in [Input::Wake(WakeHint::Resumed), Input::Online] {
        let mut world = answered();
        world.input(input);
        assert_eq!(pings(&world), 1);
        world.advance(2499);
        assert_eq!(world.session.state(), State::Connected);
        world.advance(1);
        assert_eq!(world.disconnected()[0].code, 4008);
    }
}

#[test]
fn a_resumed_page_carries_on_where_pongs_are_not_known() {
    let mut world = World::connected(watched());
    world.input(Input::Wake(WakeHint::Resumed));
    assert_eq!(world.outputs, []);
}

/// The computer slept: by its timers, and by its wall clock.
fn sleeps() -> [fn(&mut World); 2] {
    [
        |world| {
            world.advance(15_000);
            world.take();
            world.now += 2 * 3_600_000;
            world.input(Input::Timeout);
        },
        |world| {
            world.input(Input::WallClock(1_000_000));
            world.advance(10_000);
            world.input(Input::WallClock(1_000_000 + 10_000 + 45_001));
        },
    ]
}

#[test]
fn after_a_sleep_a_cloud_that_does_not_pong_is_dialled_anew_and_uncounted() {
    for sleep in sleeps() {
        let mut world = World::connected(watched());
        sleep(&mut world);
        assert_eq!(world.disconnected()[0].code, 4008);
        let next = world.reconnecting()[0];
        assert!(next.delay.as_millis() <= 250, "at once");
        assert_eq!(next.attempt, 0, "it does not count");
        world.take();
        assert_eq!(world.next_deadline(), Some(Timer::Retry));
        world.refuse_all();
        assert_eq!(
            world.dials(),
            1 + 3,
            "the three attempts are all still there"
        );
    }
}

#[test]
fn a_session_that_the_cloud_forgot_during_a_sleep_is_given_up_once() {
    for sleep in sleeps() {
        let mut world = World::connected(watched());
        sleep(&mut world);
        world.take();
        while world.session.state() != State::Stopped {
            world.next_deadline();
            if world.session.state() == State::Connecting {
                world.input(Input::Opened(world.socket));
                let refusal = Control::Error {
                    code: Some("SESSION_NOT_FOUND".into()),
                    message: "Session not found".into(),
                };
                world.input(Input::Control(world.socket, refusal));
                world.close(1008, "Session not found");
            }
            assert!(world.dials() <= 1 + 3, "it dials for ever");
        }
        let ends = world.disconnected();
        assert_eq!(ends.len(), 1);
        assert!(ends[0].permanent);
    }
}

#[test]
fn a_page_that_comes_back_with_a_dead_socket_has_all_its_attempts() {
    let mut world = World::connected(watched());
    world.close(1006, "");
    world.refuse_all_but_one();
    world.next_deadline();
    world.acknowledge();
    world.take();
    // Its timers stood still for an hour in the back/forward cache.
    world.now += 3_600_000;
    world.input(Input::Wake(WakeHint::Resumed));
    world.close(1006, "");
    let next = world.reconnecting()[0];
    assert_eq!((next.attempt, next.delay.as_millis()), (1, 1000));
    world.refuse_all();
    assert_eq!(world.dials(), 3);
}

#[test]
fn after_a_sleep_a_cloud_that_pongs_is_asked_first() {
    for sleep in sleeps() {
        let mut world = answered();
        sleep(&mut world);
        assert_eq!(world.session.state(), State::Connected);
        assert!(pings(&world) >= 1);
        world.input(Input::Control(world.socket, Control::Pong));
        world.advance(10_000);
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn a_wall_clock_that_keeps_step_or_goes_back_is_no_sleep() {
    let mut world = World::connected(watched());
    for wall in [1_000_000, 1_000_000 + 45_000, 5, 40_000] {
        world.input(Input::WallClock(wall));
    }
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn doubts_mean_nothing_while_there_is_no_connection() {
    let mut world = World::connected(watched());
    world.close(1006, "");
    world.take();
    world.input(Input::Wake(WakeHint::Slept));
    assert_eq!(world.outputs, []);
}

#[test]
fn a_sign_of_life_gives_the_next_late_timer_a_probe_of_its_own() {
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
        hear(&mut world);
        assert_eq!(world.next_deadline(), Some(Timer::Pong));
    }
}

#[test]
fn another_ping_gives_an_unanswered_one_no_more_time() {
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
fn a_ping_after_a_sign_of_life_has_its_own_time() {
    let mut world = answered();
    while pings(&world) == 0 {
        world.next_deadline();
    }
    world.advance(1000);
    hear(&mut world);
    world.advance(2000);
    world.input(Input::Wake(WakeHint::Resumed));
    world.advance(2000);
    assert_eq!(
        world.session.state(),
        State::Connected,
        "the first was answered by a sign"
    );
    world.advance(499);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn a_timer_that_is_a_second_late_judges() {
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
fn a_ping_is_due_an_interval_after_the_last_word_of_either_side() {
    let mut world = World::connected(watched());
    world.advance(5000);
    world.send("a");
    hear(&mut world);
    world.advance(14_999);
    assert_eq!(pings(&world), 0);
    world.advance(1);
    assert_eq!(pings(&world), 1);
}

#[test]
fn a_pong_that_takes_longer_than_the_interval_is_waited_for() {
    let mut config = watched();
    config.watch.ping_interval = Duration::from_millis(1000);
    let mut world = World::connected(config);
    world.input(Input::Control(world.socket, Control::Pong));
    world.take();
    world.advance(5999);
    assert_eq!(
        (pings(&world), world.session.state()),
        (1, State::Connected)
    );
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn a_tick_is_a_sleep_when_it_is_more_than_90_s_late() {
    for (late, state) in [(90_000, State::Connected), (90_001, State::Waiting)] {
        let mut world = World::connected(watched());
        let (due, _) = world.session.poll_timeout().expect("a ping");
        world.now = due.as_millis() + late;
        world.input(Input::Timeout);
        assert_eq!(world.session.state(), state, "{late} ms late");
    }
}
