//! Number of attempts to reconnect, and giving up.

use std::collections::BTreeSet;

use tpa_session::session::{CloseKind, Config, Input, Output, Redacted, Redactor, Session, State};

use crate::world::{SESSION, World, config};

#[test]
fn gives_up_after_three_attempts_at_growing_delays() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all();
    let delays: Vec<_> = world
        .reconnecting()
        .iter()
        .map(|r| r.delay.as_millis())
        .collect();
    assert_eq!(delays, [1000, 2000, 4000]);
    assert_eq!(world.dials(), 3);
    let ends = world.disconnected();
    assert_eq!(ends.len(), 2, "the loss, and the end");
    assert_eq!((ends[0].code, ends[0].permanent), (1006, false));
    assert_eq!((ends[1].code, ends[1].permanent), (4000, true));
    assert_eq!(ends[1].reason, "Maximum reconnection attempts exceeded");
    assert_eq!(ends[1].kind, CloseKind::Exhausted);
    assert!(!ends[1].was_clean);
    world.take();
    world.advance(600_000);
    assert_eq!(world.outputs, [], "nothing after the end");
}

#[test]
fn events_of_an_outage_come_in_order() {
    let mut world = World::connected(Config {
        max_reconnect_attempts: Some(1),
        ..config()
    });
    world.send("kept");
    world.take();
    world.close(1006, "");
    world.send("lost");
    world.refuse_all();
    let story = [
        "-> waiting",
        "disconnected 1006",
        "reconnecting 1",
        "-> connecting",
        "connecting 1",
        "dropped ended",
        "-> stopped",
        "disconnected 4000 permanent",
    ];
    assert_eq!(world.story(), story);
}

#[test]
fn maximum_is_the_number_of_dials_after_a_loss() {
    for max in [0, 1, 3, 7] {
        let mut world = World::connected(Config {
            max_reconnect_attempts: Some(max),
            ..config()
        });
        world.close(1006, "");
        world.refuse_all();
        assert_eq!(world.dials(), max as usize);
        let ends = world.disconnected();
        assert_eq!(ends.iter().filter(|end| end.permanent).count(), 1);
    }
}

#[test]
fn maximum_of_zero_ends_the_session_at_the_loss() {
    let mut world = World::connected(Config {
        max_reconnect_attempts: Some(0),
        ..config()
    });
    world.close(1011, "oops");
    assert_eq!(world.story(), ["-> stopped", "disconnected 1011 permanent"]);
}

#[test]
fn without_a_maximum_it_never_gives_up() {
    let mut world = World::connected(Config {
        max_reconnect_attempts: None,
        ..config()
    });
    world.close(1006, "");
    for _ in 0..200 {
        world.next_deadline();
        world.close(1006, "");
    }
    assert_eq!(world.session.state(), State::Waiting);
    let last = world.reconnecting().last().copied().expect("an attempt");
    assert_eq!(last.max_attempts, f64::INFINITY);
    assert_eq!(last.delay.as_millis(), 30_000, "the cap, not an overflow");
}

#[test]
fn failed_first_connection_is_retried_and_rejects_once() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.refuse_all();
    assert_eq!(world.dials(), 4, "one, and three more");
    let rejected: Vec<_> = world
        .outputs
        .iter()
        .filter_map(|output| match output {
            Output::Settle(_, result) => Some(result.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(rejected.len(), 1);
    let error = rejected[0].clone().expect_err("a rejection");
    assert_eq!((error.cause.code, error.attempts), (4000, 3));
    assert_eq!(world.disconnected().len(), 1);
}

#[test]
fn server_that_accepts_and_drops_is_given_up() {
    let mut world = World::connected(config());
    let mut dials = 0;
    while world.session.state() != State::Stopped {
        world.advance(10);
        if world.session.state() == State::Connected {
            world.close(1011, "flap");
        }
        if world.session.state() == State::Connecting {
            dials += 1;
            world.acknowledge();
        }
        assert!(dials <= 3, "hammered");
    }
    assert_eq!(dials, 3);
    let ends = world.disconnected();
    assert_eq!(ends.last().map(|end| end.code), Some(4000));
}

#[test]
fn server_that_never_acks_is_given_up() {
    let mut world = World::connected(config());
    world.close(1006, "");
    let mut dials = 0;
    while world.session.state() != State::Stopped {
        match world.next_deadline() {
            Some(_) if world.session.state() == State::Connecting => {
                dials += 1;
                assert!(dials <= 3, "hammered");
                world.input(Input::Opened(world.socket));
            }
            Some(_) => {}
            None => panic!("stalled"),
        }
    }
    assert_eq!(dials, 3);
}

#[test]
fn server_that_closes_before_the_ack_is_given_up() {
    let mut world = World::connected(config());
    world.close(1006, "");
    for _ in 0..3 {
        world.next_deadline();
        world.input(Input::Opened(world.socket));
        world.advance(50);
        world.close(1011, "");
    }
    assert_eq!(world.session.state(), State::Stopped);
    assert_eq!(world.dials(), 3);
    assert_eq!(world.disconnected().last().map(|end| end.code), Some(4000));
}

#[test]
fn each_failure_leads_to_one_socket() {
    let mut world = World::connected(config());
    for _ in 0..5 {
        world.close(1006, "");
        for _ in 0..2 {
            world.next_deadline();
            // Each failure is reported twice.
            world.input(Input::Failed(world.socket, Redacted::default()));
            world.close(1006, "");
        }
        world.next_deadline();
        world.acknowledge();
        world.take();
        world.advance(60_000);
        assert_eq!(world.outputs, [], "another attempt is under way");
        assert_eq!(world.session.state(), State::Connected);
    }
}

#[test]
fn clients_do_not_reconnect_in_step() {
    let mut dials = BTreeSet::new();
    for seed in 0..200 {
        let mut world = World::new(Config::default());
        world.session = Session::new(Config::default(), seed, world.now());
        world.connect(SESSION);
        world.acknowledge();
        world.close(1012, "restart");
        let due = world.session.poll_timeout().map(|(at, _)| at.as_millis());
        dials.extend(due);
    }
    assert!(dials.len() > 120, "{} moments for 200 dials", dials.len());
    let (first, last) = (dials.first().copied(), dials.last().copied());
    assert!(first < Some(520) && last > Some(980), "{first:?} {last:?}");
}

#[test]
fn stable_connection_resets_the_count() {
    let mut world = World::connected(config());
    for stable_for in [4999, 5000] {
        world.close(1006, "");
        world.take();
        world.next_deadline();
        world.acknowledge();
        world.advance(stable_for);
    }
    world.take();
    world.close(1006, "");
    assert_eq!(world.reconnecting()[0].attempt, 1);
}

#[test]
fn late_timer_does_not_make_a_connection_unstable() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    world.take();
    world.now += 60_000;
    world.close(1006, "");
    assert_eq!(world.reconnecting()[0].attempt, 1);
}

#[test]
fn unstable_connection_keeps_the_count() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    world.acknowledge();
    world.advance(4999);
    world.take();
    world.close(1006, "");
    assert_eq!(world.reconnecting()[0].attempt, 2);
}

#[test]
fn connect_after_the_end_resets_the_count() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.refuse_all();
    world.take();
    world.connect(SESSION);
    assert_eq!(world.story(), ["-> connecting", "connecting 0"]);
    world.acknowledge();
    assert_eq!(world.session.state(), State::Connected);
    world.take();
    world.close(1006, "");
    world.refuse_all();
    assert_eq!(world.dials(), 3, "all attempts are there again");
}

#[test]
fn dial_that_reports_only_an_error_fails() {
    let mut world = World::connected(config());
    world.close(1006, "");
    let mut dials = Vec::new();
    while world.session.state() != State::Stopped {
        world.next_deadline();
        if world.session.state() == State::Connecting {
            dials.push(world.now);
            assert!(dials.len() <= 3);
            world.input(Input::Failed(world.socket, Redacted::default()));
        }
    }
    let grace = 250;
    assert_eq!(dials, [1000, 3000 + grace, 7000 + 2 * grace]);
    let ends = world.disconnected();
    assert_eq!(ends.iter().filter(|end| end.permanent).count(), 1);
}

#[test]
fn repeated_error_and_close_are_one_failure() {
    let mut world = World::connected(config());
    world.close(1006, "");
    world.next_deadline();
    world.take();
    let socket = world.socket;
    world.input(Input::Failed(socket, Redacted::default()));
    world.input(Input::Failed(socket, Redacted::default()));
    world.close(1006, "");
    world.close(1006, "");
    assert_eq!(world.reconnecting().len(), 1);
    assert_eq!(world.reconnecting()[0].attempt, 2);
}

#[test]
fn close_after_an_error_provides_the_reason() {
    let mut world = World::connected(config());
    world.input(Input::Failed(world.socket, Redacted::default()));
    assert_eq!(world.story(), Vec::<String>::new());
    world.close(1011, "why");
    assert_eq!(world.disconnected()[0].reason, "why");
    world.take();
    world.advance(900);
    assert_eq!(world.outputs, []);
}

fn error(text: &'static str) -> Redacted {
    Redactor::default().redact_line(text)
}

#[test]
fn error_of_the_socket_is_the_reason_where_no_close_frame_came() {
    let refused = "connect ECONNREFUSED 127.0.0.1:1";
    let mut world = World::new(config());
    world.connect(SESSION);
    for attempt in 0..=3 {
        world.input(Input::Prepared(world.socket));
        world.input(Input::Failed(world.socket, error(refused)));
        world.close(1006, "");
        if attempt < 3 {
            let told = world.reconnecting();
            assert_eq!(told.last().expect("an attempt").cause.reason, refused);
            world.next_deadline();
        }
    }
    let end = &world.disconnected()[0];
    assert!(
        end.permanent && end.message.ends_with(refused),
        "{}",
        end.message
    );
}

#[test]
fn error_of_the_socket_is_the_reason_where_no_close_event_came() {
    let mut world = World::new(config());
    world.connect(SESSION);
    world.input(Input::Prepared(world.socket));
    world.input(Input::Failed(
        world.socket,
        error("getaddrinfo ENOTFOUND host"),
    ));
    world.advance(250);
    let cause = &world.reconnecting()[0].cause;
    assert_eq!(
        (cause.code, &*cause.reason),
        (1006, "getaddrinfo ENOTFOUND host")
    );
}

#[test]
fn error_of_the_socket_replaces_no_reason_and_means_nothing_to_the_table() {
    for (code, reason, shown) in [
        (1006, "told", "told"),
        (1011, "", ""),
        (1006, "", "App stopped: not really"),
    ] {
        let mut world = World::connected(config());
        world.input(Input::Failed(
            world.socket,
            error("App stopped: not really"),
        ));
        world.close(code, reason);
        let cause = &world.reconnecting()[0].cause;
        assert_eq!((&*cause.reason, cause.kind), (shown, CloseKind::Abnormal));
    }
}

#[test]
fn error_of_the_socket_is_not_told_of_the_next_one() {
    let mut world = World::connected(config());
    world.input(Input::Failed(world.socket, error("read ECONNRESET")));
    world.close(1012, "");
    world.next_deadline();
    world.acknowledge();
    world.close(1006, "");
    assert_eq!(&*world.reconnecting()[1].cause.reason, "");
}
