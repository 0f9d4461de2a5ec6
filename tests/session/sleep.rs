//! Sleep of the computer, and pages that are resumed.

use testkit::model::CheckedSession;
use tpa_session::session::{
    Command, Config, Control, Input, Instant, SocketId, State, Timer, WakeHint,
};

use crate::world::{SESSION, World, answered, pings, receive_frame, watched};

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
fn sleep_without_pong_support_asks_and_then_reconnects_uncounted() {
    for sleep in sleeps() {
        let mut world = World::connected(watched());
        sleep(&mut world);
        assert!(pings(&world) >= 1);
        world.advance(2499);
        assert_eq!(world.session.state(), State::Connected);
        world.advance(1);
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
fn frame_after_sleep_keeps_the_connection() {
    for sleep in sleeps() {
        let mut world = World::connected(watched());
        sleep(&mut world);
        world.advance(2400);
        receive_frame(&mut world);
        world.advance(600_000);
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn both_clocks_make_one_sign() {
    let mut world = World::connected(watched());
    world.input(Input::WallClock(1_000_000));
    world.advance(15_000);
    world.take();
    world.now += 2 * 3_600_000;
    world.input(Input::WallClock(1_000_000 + 5 * 3_600_000));
    world.input(Input::Timeout);
    assert_eq!(pings(&world), 1);
    world.advance(2500);
    assert_eq!(world.disconnected().len(), 1);
}

#[test]
fn late_verdict_on_a_silent_cloud_without_pongs_proves_nothing() {
    let mut world = World::connected(watched());
    world.now = 100_000;
    world.input(Input::Timeout);
    for _ in 0..10 {
        let (due, _) = world.session.poll_timeout().expect("a deadline");
        world.now = due.as_millis() + 1001;
        world.input(Input::Timeout);
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn session_forgotten_during_sleep_ends_once() {
    for sleep in sleeps() {
        let mut world = World::connected(watched());
        sleep(&mut world);
        world.advance(2500);
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
fn page_resumed_with_a_dead_socket_has_all_attempts() {
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
    // The browser has broken the socket, so the first attempt is not counted.
    let next = world.reconnecting()[0];
    assert_eq!((next.attempt, next.counted), (0, false));
    world.refuse_all();
    assert_eq!(world.dials(), 1 + 3);
}

#[test]
fn sleep_with_pong_support_sends_a_probe() {
    for sleep in sleeps() {
        let mut world = answered();
        sleep(&mut world);
        assert_eq!(world.session.state(), State::Connected);
        assert!(pings(&world) >= 1);
        world.input(Input::Control(world.socket, Control::Pong { id: None }));
        world.advance(10_000);
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn steady_or_receding_wall_clock_is_not_sleep() {
    let mut world = World::connected(watched());
    for wall in [1_000_000, 1_000_000 + 45_000, 5, 40_000] {
        world.input(Input::WallClock(wall));
    }
    assert_eq!(world.outputs, []);
}

#[test]
fn wake_hint_without_a_connection_has_no_effect() {
    let mut world = World::connected(watched());
    world.close(1006, "");
    world.take();
    world.input(Input::Wake(WakeHint::Slept));
    assert_eq!(world.outputs, []);
}

#[test]
fn timer_that_is_more_than_45_s_late_means_sleep() {
    for (late, state) in [(45_000, State::Connected), (45_001, State::Waiting)] {
        let mut world = World::connected(watched());
        let (due, _) = world.session.poll_timeout().expect("a ping");
        world.now = due.as_millis() + late;
        world.input(Input::Timeout);
        world.advance(2500);
        assert_eq!(world.session.state(), state, "{late} ms late");
    }
}

#[test]
fn resumed_page_sends_a_probe() {
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
fn resumed_page_continues_without_pong_support() {
    let mut world = World::connected(watched());
    world.input(Input::Wake(WakeHint::Resumed));
    assert_eq!(world.outputs, []);
}

#[test]
fn clock_that_jumped_asks_and_does_not_judge() {
    let mut world = answered();
    world.advance(15_000);
    assert_eq!(pings(&world), 1);
    for _ in 0..3 {
        let (due, _) = world.session.poll_timeout().expect("the pong");
        world.now = due.as_millis();
        world.input(Input::ClockJumped);
        world.input(Input::Timeout);
        assert_eq!(world.session.state(), State::Connected);
        assert_eq!(pings(&world), 2, "it asks once");
    }
    world.advance(2500);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn clock_that_jumped_before_a_verdict_is_due_changes_nothing() {
    let mut world = answered();
    world.input(Input::ClockJumped);
    assert_eq!(pings(&world), 0);
    world.advance(15_000);
    world.input(Input::ClockJumped);
    assert_eq!(pings(&world), 1);
    world.advance(5000);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn frame_is_no_answer_if_sleep_was_not_the_only_sign() {
    let signs = [WakeHint::Resumed, WakeHint::Slept];
    for (first, second) in [(signs[0], signs[1]), (signs[1], signs[0])] {
        let mut world = answered();
        world.input(Input::Wake(first));
        world.input(Input::Wake(second));
        world.advance(1000);
        receive_frame(&mut world);
        world.advance(1500);
        assert_eq!(world.disconnected()[0].code, 4008);
    }
}

/// Frames that are handled at the time of the ping may have waited for hours.
#[test]
fn frame_at_the_time_of_a_repeated_ping_is_no_answer() {
    let mut checked = CheckedSession::new(&Config::default(), 1);
    let socket = SocketId(1);
    let connect = Command::Connect {
        session_id: SESSION.into(),
    };
    let command = checked.command(connect, Instant::default());
    command.expect("no violation").0.expect("a session id");
    let mut input = |now, input| {
        while let Some(output) = checked.poll_output() {
            let checked = checked.check_output(&output, &|_, _| true);
            checked.expect("an output of the model");
        }
        let now = Instant::from_millis(now);
        checked.input(input, now).expect("no violation");
        checked.session.state()
    };
    let activity = |at| Input::Activity(socket, Instant::from_millis(at));
    input(0, Input::Prepared(socket));
    input(0, Input::Opened(socket));
    input(0, Input::Control(socket, Control::Ack));
    input(100_000, activity(100_000));
    input(100_000, Input::Timeout);
    input(150_000, Input::Timeout);
    input(150_000, activity(150_000));
    assert_eq!(input(152_499, Input::Timeout), State::Connected);
    assert_eq!(input(152_500, Input::Timeout), State::Waiting);
}
