//! Time for each attempt.

use tpa_session::session::{
    Command, Config, Duration, Input, Output, Reconnect, Session, SocketId, State, Timer,
};

use crate::world::{SESSION, World, answered, config};

/// Serves deadlines until the session stops; returns how long each attempt lasted.
fn times_of_silent_attempts(world: &mut World) -> Vec<u64> {
    let mut times = Vec::new();
    while world.session.state() != State::Stopped {
        let is_attempt = world.session.state() == State::Connecting;
        let start = world.now;
        world.next_deadline();
        if is_attempt {
            times.push(world.now - start);
        }
        assert!(times.len() < 100, "it dials for ever");
    }
    times
}

#[test]
fn attempts_after_a_lost_connection_last_10_20_and_20_s() {
    for code in [1005, 1006] {
        let mut world = World::connected(config());
        world.close(code, "");
        let times = times_of_silent_attempts(&mut world);
        assert_eq!(times, [10_000, 20_000, 20_000], "{code}");
        assert_eq!(world.now, 1000 + 2000 + 4000 + 50_000);
    }
    let mut world = answered();
    world.advance(20_000);
    assert_eq!(world.disconnected()[0].code, 4008, "the client's own");
    let times = times_of_silent_attempts(&mut world);
    assert_eq!(times, [10_000, 20_000, 20_000]);
}

#[test]
fn attempts_of_a_first_connect_last_5_10_20_and_20_s() {
    let mut world = World::new(config());
    world.connect(SESSION);
    let times = times_of_silent_attempts(&mut world);
    assert_eq!(times, [5000, 10_000, 20_000, 20_000]);
    assert_eq!(world.now, 62_000, "about a minute");
}

#[test]
fn attempt_without_an_ack_is_followed_by_a_longer_one() {
    // On a line of 2 kB/s the handshake takes more than 5 s, although each attempt opens a socket.
    let mut world = World::new(config());
    world.connect(SESSION);
    let mut times = Vec::new();
    while world.session.state() != State::Stopped {
        world.input(Input::Opened(world.socket));
        let start = world.now;
        world.next_deadline();
        times.push(world.now - start);
        world.next_deadline();
    }
    assert_eq!(times, [5000, 10_000, 20_000, 20_000]);
}

#[test]
fn closures_that_are_no_silence_leave_the_time_as_it_is() {
    for code in [1008, 1011, 1012, 1013, 4008] {
        let mut world = World::connected(config());
        world.close(code, "");
        world.next_deadline();
        world.take();
        world.advance(4999);
        assert_eq!(world.session.state(), State::Connecting, "{code}");
        world.advance(1);
        assert_eq!(world.session.state(), State::Waiting, "{code}");
    }
}

#[test]
fn attempts_that_are_refused_are_no_silence() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.close(1006, "");
    for _ in 0..2 {
        world.next_deadline();
        assert_eq!(world.session.state(), State::Connecting);
        let (end, _) = world.session.poll_timeout().expect("a deadline");
        assert_eq!(end.as_millis() - world.now, 5000);
        world.close(1006, "");
    }
}

/// Fails the attempt as a runtime does that gives up a dial after this time.
fn time_out_after(millis: u64, world: &mut World) {
    world.advance(millis);
    world.close(1006, "");
}

#[test]
fn dial_that_the_runtime_gives_up_is_made_again_in_the_same_attempt() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    world.advance(10_000);
    world.next_deadline();
    world.take();
    let start = world.now;
    time_out_after(10_600, &mut world);
    let next = world.reconnecting()[0];
    assert_eq!((next.attempt, next.counted), (2, false));
    assert!(next.delay.as_millis() <= 250);
    world.next_deadline();
    assert_eq!(world.next_deadline(), Some(Timer::Connect));
    assert_eq!(world.now, start + 20_000, "the time of the attempt is over");
    let next = world.reconnecting()[1];
    assert_eq!((next.attempt, next.counted), (3, true));
    world.next_deadline();
    let (end, _) = world.session.poll_timeout().expect("a deadline");
    assert_eq!(end.as_millis() - world.now, 20_000);
}

#[test]
fn silence_lasts_as_long_where_the_runtime_gives_up_each_dial() {
    for limit in [5000, 7000, 10_600, 19_000] {
        let mut world = World::connected(config());
        world.close(1006, "");
        while world.session.state() != State::Stopped {
            let (due, _) = world.session.poll_timeout().expect("a deadline");
            if world.session.state() == State::Connecting && due.as_millis() > world.now + limit {
                time_out_after(limit, &mut world);
            } else {
                world.next_deadline();
            }
            assert!(world.dials() < 20, "it dials for ever");
        }
        assert_eq!(world.now, 57_000, "{limit}");
    }
}

#[test]
fn dial_that_is_refused_slowly_is_refused() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for attempt in 2..=3 {
        world.next_deadline();
        time_out_after(4999, &mut world);
        let next = world.reconnecting().last().copied().expect("an attempt");
        assert_eq!((next.attempt, next.counted), (attempt, true));
    }
}

#[test]
fn refusal_after_a_dial_that_was_given_up_ends_the_attempt() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    time_out_after(6000, &mut world);
    world.next_deadline();
    world.close(1006, "");
    let next = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!((next.attempt, next.counted), (2, true));
}

#[test]
fn dial_after_a_long_wait_has_all_of_its_time() {
    let full_time = |world: &mut World| {
        world.next_deadline();
        let (end, _) = world.session.poll_timeout().expect("a deadline");
        assert_eq!(end.as_millis() - world.now, 10_000);
    };
    let lost = |config| {
        let mut world = World::connected(config);
        world.close(1006, "");
        world
    };
    let mut world = lost(config());
    world.input(Input::Offline);
    world.next_deadline();
    time_out_after(6000, &mut world);
    full_time(&mut world);
    // The app gives the time of the next attempt, which counts as any other.
    let mut world = lost(Config {
        asks_app: true,
        ..config()
    });
    world.input(Input::ShouldReconnect(None));
    world.next_deadline();
    time_out_after(6000, &mut world);
    let delay = Duration::from_millis(100);
    world.input(Input::ShouldReconnect(Some(Reconnect::After(delay))));
    let next = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!((next.attempt, next.counted), (2, true));
    full_time(&mut world);
}

#[test]
fn cloud_that_refuses_is_given_up_after_7_s() {
    for first in [false, true] {
        let mut world = World::new(config());
        world.connect(SESSION);
        if !first {
            world.acknowledge();
            world.close(1006, "");
        }
        world.refuse_all();
        assert_eq!(world.session.state(), State::Stopped);
        assert_eq!(world.now, 7000);
    }
}

#[test]
fn stable_connection_resets_the_time_for_an_attempt() {
    for (stable_for, time) in [(4999, 20_000), (5000, 10_000)] {
        let mut world = World::connected(config());
        world.close(1006, "");
        world.next_deadline();
        world.acknowledge();
        world.advance(stable_for);
        world.close(1006, "");
        world.next_deadline();
        let (end, _) = world.session.poll_timeout().expect("a deadline");
        assert_eq!(end.as_millis() - world.now, time);
    }
}

#[test]
fn longer_timeout_of_the_options_is_kept() {
    for (timeout, times) in [(30_000, [30_000; 3]), (1, [2, 4, 8])] {
        let mut world = World::connected(Config {
            connect_timeout: Duration::from_millis(timeout),
            ..config()
        });
        world.close(1006, "");
        assert_eq!(times_of_silent_attempts(&mut world), times);
    }
    let mut world = World::connected(Config {
        connect_timeout: Duration::from_millis(1),
        max_reconnect_attempts: Some(80),
        ..config()
    });
    world.close(1006, "");
    let times = times_of_silent_attempts(&mut world);
    assert_eq!(times.iter().max(), Some(&20_000), "no overflow");
    assert_eq!(times.last(), Some(&20_000));
}

#[test]
fn time_for_an_attempt_includes_the_providers() {
    let mut world = World::new(config());
    let now = world.now();
    let session_id = SESSION.into();
    let connect = Command::Connect { session_id };
    world.session.command(connect, now).expect("a session id");
    while world.session.poll_output().is_some() {}
    // They answer when almost all of the time is over.
    world.now = 4900;
    let socket = SocketId(1);
    world.input(Input::Prepared(socket));
    world.advance(99);
    assert_eq!(world.session.state(), State::Connecting);
    world.advance(1);
    assert_eq!(world.session.state(), State::Waiting);
    assert_eq!(world.reconnecting()[0].cause.code, 4001);
}

#[test]
fn providers_that_never_answer_are_silence() {
    let mut session = Session::<testkit::Message>::new(config(), 1, World::new(config()).now());
    let mut now = 0;
    let session_id = SESSION.into();
    let at = tpa_session::session::Instant::from_millis;
    let connect = Command::Connect { session_id };
    session.command(connect, at(now)).expect("a session id");
    let mut times = Vec::new();
    while session.state() != State::Stopped {
        while session.poll_output().is_some() {}
        let (due, _) = session.poll_timeout().expect("a deadline");
        if session.state() == State::Connecting {
            times.push(due.as_millis() - now);
        }
        now = due.as_millis();
        session.handle_input(Input::Timeout, due);
    }
    assert_eq!(times, [5000, 10_000, 20_000, 20_000]);
}

#[test]
fn abandoned_attempt_is_closed_with_its_own_code() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.advance(5000);
    let closes =
        |output: &Output<_>| matches!(output, Output::Close(_, close) if close.code == 4001);
    assert!(world.outputs.iter().any(closes));
}
