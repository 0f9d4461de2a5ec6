//! Verdicts that fall late: hidden tabs, frozen and thawed pages.

use tpa_session::session::{Input, State, Timer};

use crate::world::{World, answer, answered, ping_ids, pings, pong, receive_frame, watched};

/// Fires the timer so many milliseconds late.
fn fire_late(world: &mut World, late: u64) {
    let (due, _) = world.session.poll_timeout().expect("a deadline");
    world.now = world.now.max(due.as_millis() + late);
    world.input(Input::Timeout);
}

/// A connection with a ping that was not answered.
fn asked() -> World {
    let mut world = answered();
    world.advance(15_000);
    assert_eq!(pings(&world), 1);
    world
}

#[test]
fn late_verdict_asks_again() {
    let mut world = asked();
    fire_late(&mut world, 1001);
    assert_eq!(pings(&world), 2);
    assert_eq!(world.session.state(), State::Connected);
    pong(&mut world);
    pong(&mut world);
    world.advance(10_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn verdict_that_is_a_second_late_leaves() {
    let mut world = asked();
    fire_late(&mut world, 1000);
    assert_eq!(world.session.state(), State::Waiting);
}

#[test]
fn second_verdict_leaves() {
    let mut world = asked();
    fire_late(&mut world, 5000);
    world.advance(2499);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn verdict_that_falls_due_in_sleep_asks_once() {
    let mut world = asked();
    fire_late(&mut world, 60_000);
    assert_eq!(pings(&world), 2, "one ping serves both signs");
    world.advance(2499);
    assert_eq!(world.session.state(), State::Connected);
    world.advance(1);
    assert_eq!(world.disconnected()[0].code, 4008);
}

#[test]
fn second_verdict_needs_a_task_in_between() {
    let mut world = asked();
    // Frozen again for a minute at once: the timer comes before the pong in the queue.
    fire_late(&mut world, 60_000);
    fire_late(&mut world, 60_000);
    assert_eq!(world.session.state(), State::Connected);
    let ids = ping_ids(&world.outputs);
    answer(&mut world, ids[1]);
    world.advance(10_000);
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn dead_line_is_left_on_a_grid_of_a_minute() {
    let mut world = asked();
    for minute in 1..=10 {
        world.now = (world.now / 60_000 + 1) * 60_000;
        world.input(Input::Timeout);
        if world.session.state() != State::Connected {
            assert_eq!(minute, 3, "late, again, and after a task in between");
            return;
        }
    }
    panic!("still connected");
}

/// Runs a session for an hour in a tab whose timers fire once a minute; each ping is answered
/// 100 ms later if the cloud pongs.
fn hidden_tab(pongs: bool, talks: bool) -> World {
    let mut world = World::connected(watched());
    if pongs {
        pong(&mut world);
    }
    world.take();
    for minute in 1..=60 {
        if talks {
            for second in 1..60 {
                world.now = (minute - 1) * 60_000 + second * 1000;
                receive_frame(&mut world);
                world.send("a");
            }
        }
        world.now = minute * 60_000;
        world.input(Input::WallClock(1_000_000 + world.now));
        world.input(Input::Timeout);
        let asked = ping_ids(&world.outputs);
        world.now += 100;
        for id in asked.into_iter().filter(|_| pongs) {
            answer(&mut world, id);
        }
        assert_eq!(world.disconnected().len(), 0, "minute {minute}");
        world.take();
    }
    world
}

#[test]
fn hidden_tab_keeps_its_connection_for_an_hour() {
    for (pongs, talks) in [(true, false), (true, true), (false, false), (false, true)] {
        let world = hidden_tab(pongs, talks);
        assert_eq!(world.session.state(), State::Connected);
        assert_eq!(world.session.stats().connections, 1);
    }
}

#[test]
fn activity_does_not_replace_the_answer() {
    let mut world = asked();
    fire_late(&mut world, 2000);
    world.now += 1;
    receive_frame(&mut world);
    while world.session.state() == State::Connected {
        assert!(matches!(
            world.next_deadline(),
            Some(Timer::Pong | Timer::Ping)
        ));
    }
    assert_eq!(world.disconnected()[0].code, 4008);
}
