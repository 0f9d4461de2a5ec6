//! Time for each attempt, the attempts that are not counted, and the least time of trying.

use std::collections::BTreeSet;

use tpa_session::session::{
    CloseKind, Command, Config, Control, Duration, Input, Output, Session, SocketId, State, Timer,
    WakeHint,
};

use crate::world::{SESSION, World, answered, config, watched};

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

/// A config with which sessions are given up only after this time.
fn patient(millis: u64) -> Config {
    Config {
        give_up_after: Duration::from_millis(millis),
        ..config()
    }
}

#[test]
fn attempts_go_on_until_the_least_time_is_over() {
    let mut world = World::connected(patient(120_000));
    world.advance(60_000);
    let lost_at = world.now;
    world.close(1006, "");
    world.refuse_all();
    assert!(world.dials() > 3);
    assert!(world.now - lost_at >= 120_000, "{}", world.now);
    assert!(world.now - lost_at < 120_000 + 30_000, "{}", world.now);
    let last = world.reconnecting().last().copied().expect("an attempt");
    assert!(last.counted && last.attempt > 3, "{last:?}");
    assert_eq!(last.max_attempts, 3.0);
    let end = world.disconnected().pop().expect("the end");
    assert_eq!((end.code, end.kind), (4000, CloseKind::Exhausted));
}

#[test]
fn least_time_does_not_end_a_session() {
    let mut world = World::connected(patient(1));
    world.close(1006, "");
    assert_eq!(times_of_silent_attempts(&mut world).len(), 3);
}

#[test]
fn least_time_begins_with_the_first_connect() {
    let mut world = World::new(Config {
        max_reconnect_attempts: Some(0),
        ..patient(20_000)
    });
    world.connect(SESSION);
    world.refuse_all();
    assert!((20_000..20_000 + 16_000).contains(&world.now));
}

#[test]
fn least_time_begins_anew_with_each_stable_connection() {
    let mut world = World::connected(patient(10_000));
    for _ in 0..3 {
        world.advance(60_000);
        let lost_at = world.now;
        world.close(1006, "");
        while world.now < lost_at + 9000 {
            world.next_deadline();
            if world.session.state() == State::Connecting && world.now < lost_at + 9000 {
                world.close(1006, "");
            }
        }
        world.acknowledge();
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn signs_of_a_network_hasten_an_attempt() {
    use WakeHint::{AddressChanged, Resumed, Shown, Slept};
    for (sign, hastens) in [
        (Input::Online, true),
        (Input::Wake(Resumed), true),
        (Input::Wake(AddressChanged), true),
        (Input::Wake(Shown), false),
        (Input::Wake(Slept), false),
    ] {
        let mut world = World::connected(config());
        world.close(1006, "");
        world.refuse_all_but_one();
        world.take();
        world.input(sign.clone());
        if hastens {
            let next = world.reconnecting()[0];
            assert_eq!((next.counted, next.attempt), (false, 2), "{sign:?}");
            assert!(next.delay.as_millis() <= 250);
        }
        world.advance(250);
        assert_eq!(world.dials(), usize::from(hastens), "{sign:?}");
    }
}

/// A session without a limit whose dials are refused at once.
fn refused(world: &mut World) {
    if world.session.state() == State::Connecting {
        world.close(1006, "");
    }
}

#[test]
fn signs_hasten_one_attempt_in_5_s() {
    let mut world = World::connected(Config {
        max_reconnect_attempts: None,
        ..config()
    });
    world.close(1006, "");
    for _ in 0..6 {
        world.next_deadline();
        refused(&mut world);
    }
    world.take();
    // The network comes and goes once a second, and each time the page is resumed as well.
    let mut hastened = Vec::new();
    let mut is_hastened = false;
    for step in 0..1200 {
        if step % 20 == 0 {
            world.input(Input::Offline);
            world.input(Input::Online);
            world.input(Input::Wake(WakeHint::Resumed));
        }
        is_hastened = world
            .reconnecting()
            .last()
            .map_or(is_hastened, |next| !next.counted);
        world.take();
        world.advance(50);
        if world.dials() > 0 && is_hastened {
            hastened.push(world.now);
        }
        refused(&mut world);
    }
    assert!(hastened.len() >= 11, "{hastened:?}");
    let gaps: Vec<_> = hastened.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= 4750), "{gaps:?}");
}

#[test]
fn network_that_toggles_does_not_use_up_a_session() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for step in 0..6000 {
        if step % 20 == 0 {
            world.input(Input::Offline);
        } else if step % 20 == 10 {
            world.input(Input::Online);
        }
        world.advance(50);
        refused(&mut world);
    }
    assert_eq!(world.session.state(), State::Waiting, "after five minutes");
    assert!(world.dials() <= 1 + 300 / 5 + 300 / 30, "{}", world.dials());
}

#[test]
fn reconnect_now_acts_at_once_however_often() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for _ in 0..50 {
        world.take();
        world.input(Input::Online);
        world.command(Command::ReconnectNow);
        assert_eq!(world.dials(), 1);
        assert!(world.reconnecting().iter().all(|next| !next.counted));
        world.close(1006, "");
    }
    assert_eq!(world.session.state(), State::Waiting);
}

/// The delay before the first attempt, and whether the connection was lost in silence.
fn first_delay(seed: u64, config: Config, lose: fn(&mut World)) -> u64 {
    let mut world = World::new(config.clone());
    world.session = Session::new(config, seed, world.now());
    world.connect(SESSION);
    world.acknowledge();
    lose(&mut world);
    world.reconnecting()[0].delay.as_millis()
}

fn falls_silent(world: &mut World) {
    world.advance(10_000);
    world.input(Input::Control(world.socket, Control::Pong { id: None }));
    world.advance(60_000);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn first_delay_after_full_silence_is_drawn_from_twice_the_delay() {
    // No jitter: all other delays are exact.
    let delays = (0..400).map(|seed| first_delay(seed, watched(), falls_silent));
    let delays: BTreeSet<_> = delays.collect();
    assert!(delays.len() > 300, "{} moments", delays.len());
    let (first, last) = (delays.first().copied(), delays.last().copied());
    assert!(first < Some(50), "{first:?}");
    assert!(last > Some(1950) && last <= Some(2000), "{last:?}");
    let mut capped = watched();
    capped.backoff.max = Duration::from_millis(700);
    assert!((0..50).all(|seed| first_delay(seed, capped.clone(), falls_silent) <= 700));
}

#[test]
fn other_losses_have_the_usual_first_delay() {
    let by_peer = |world: &mut World| world.close(4008, "No sign of life");
    let cut = |world: &mut World| world.close(1006, "");
    for lose in [by_peer, cut] {
        for seed in 0..20 {
            assert_eq!(first_delay(seed, watched(), lose), 1000);
        }
    }
    // Nor is it drawn anew for the second attempt.
    let mut world = answered();
    world.advance(20_000);
    world.next_deadline();
    world.close(1006, "");
    let last = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!((last.attempt, last.delay.as_millis()), (2, 2000));
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
