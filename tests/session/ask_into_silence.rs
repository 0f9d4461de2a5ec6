//! Silence as a reason to ask: after sends, after talk, and after a rhythm of protocol pings.

use tpa_session::session::{Input, Instant, State, WakeHint};

use crate::world::{World, answered, ping_ids, pings, pong, receive_frame, watched};

fn protocol_ping(world: &mut World) {
    let at = Instant::from_millis(world.now);
    world.input(Input::ProtocolPing(world.socket, at));
}

/// Advances the time to the next ping; returns how long that took.
fn time_to_ping(world: &mut World) -> u64 {
    let (start, before) = (world.now, pings(world));
    while pings(world) == before {
        world.next_deadline();
    }
    world.now - start
}

#[test]
fn send_into_silence_is_asked_about_after_three_seconds() {
    let mut world = answered();
    world.advance(100);
    world.send("a");
    assert_eq!(time_to_ping(&mut world), 3000);
    assert_eq!(world.sent(), ["a"], "the ping follows the message");
}

#[test]
fn dead_line_is_left_within_ten_seconds_of_the_first_send() {
    for pause in [0, 100, 999, 1000, 2500, 2999] {
        let mut world = answered();
        world.advance(5000);
        // The last frame arrives just after the first send of a busy app, and nothing later.
        world.send("a");
        world.advance(1);
        receive_frame(&mut world);
        let died = world.now;
        world.advance(pause);
        world.send("b");
        while world.session.state() == State::Connected {
            let next = world.now + 1000;
            while let Some((at, _)) = world.session.poll_timeout()
                && at.as_millis() <= next
            {
                world.next_deadline();
            }
            if world.session.state() == State::Connected {
                world.now = next;
                world.send("c");
            }
        }
        let took = world.now - died - pause;
        assert!(took <= 10_000, "{took} ms with a pause of {pause}");
    }
}

#[test]
fn frame_after_the_send_makes_the_ping_needless() {
    let mut world = answered();
    world.send("a");
    world.advance(2000);
    receive_frame(&mut world);
    assert_eq!(time_to_ping(&mut world), 13_000, "the rhythm");
}

#[test]
fn send_after_the_frame_has_its_own_time() {
    let mut world = answered();
    world.send("a");
    world.advance(200);
    let heard = Instant::from_millis(world.now);
    world.advance(300);
    world.send("b");
    world.advance(1000);
    // The driver reports the frame late.
    world.input(Input::Activity(world.socket, heard));
    assert_eq!(time_to_ping(&mut world), 2000);
}

#[test]
fn pong_does_not_end_the_silence() {
    let mut world = answered();
    world.send("a");
    time_to_ping(&mut world);
    world.advance(20);
    pong(&mut world);
    world.send("b");
    assert_eq!(
        time_to_ping(&mut world),
        3980,
        "4 s after the last such ping"
    );
}

#[test]
fn one_send_is_asked_about_once() {
    let mut world = answered();
    world.send("a");
    time_to_ping(&mut world);
    pong(&mut world);
    assert_eq!(time_to_ping(&mut world), 15_000);
}

#[test]
fn send_while_a_ping_is_out_is_asked_about_after_its_pong() {
    let mut world = answered();
    world.advance(15_000);
    world.send("a");
    world.advance(4000);
    assert_eq!(pings(&world), 1);
    pong(&mut world);
    world.next_deadline();
    assert_eq!(pings(&world), 2);
}

#[test]
fn busy_app_and_quiet_cloud_cost_at_most_fifteen_pings_a_minute() {
    let mut world = answered();
    for _ in 0..3600 {
        world.send("a");
        world.advance_answering(1000, 30);
    }
    let pings = pings(&world);
    assert!(pings <= 15 * 60, "{pings} in an hour");
    assert!(pings >= 14 * 60, "{pings} in an hour");
    assert_eq!(world.session.state(), State::Connected);
}

#[test]
fn cloud_whose_pongs_are_unknown_is_not_asked_into_silence() {
    let mut world = World::connected(watched());
    world.send("a");
    assert_eq!(time_to_ping(&mut world), 15_000);
}

/// The cloud sends a frame each `pause` ms, `count` of them.
fn talk(world: &mut World, count: u32, pause: u64) {
    for _ in 0..count {
        world.advance(pause);
        receive_frame(world);
    }
}

#[test]
fn cloud_that_talked_is_asked_once_when_it_falls_silent() {
    let mut world = answered();
    talk(&mut world, 5, 1000);
    assert_eq!(time_to_ping(&mut world), 3000);
    world.advance(20);
    pong(&mut world);
    assert_eq!(
        time_to_ping(&mut world),
        14_980,
        "a pong ends neither the silence nor its \"once\""
    );
}

#[test]
fn talk_after_the_silence_is_talk_again() {
    let mut world = answered();
    for _ in 0..3 {
        talk(&mut world, 3, 500);
        assert_eq!(time_to_ping(&mut world), 3000);
        pong(&mut world);
        world.advance(1000);
    }
}

#[test]
fn three_frames_in_ten_seconds_are_talk() {
    let mut world = answered();
    talk(&mut world, 3, 5000);
    assert_eq!(pings(&world), 1, "the rhythm, at the third frame");
    pong(&mut world);
    assert_eq!(time_to_ping(&mut world), 3000);
    let mut world = answered();
    talk(&mut world, 2, 5001);
    assert_eq!(time_to_ping(&mut world), 15_000 - 10_002, "the rhythm");
}

#[test]
fn silent_cloud_is_left_within_ten_seconds() {
    for frames in 3..20 {
        let mut world = answered();
        talk(&mut world, frames, 997);
        let silent = world.now;
        if !world.take().is_empty() {
            pong(&mut world);
        }
        while world.session.state() == State::Connected {
            world.next_deadline();
        }
        let took = world.now - silent;
        assert!(took <= 9000, "{took} ms after {frames} frames");
    }
}

#[test]
fn rhythm_of_protocol_pings_that_stops_is_a_reason_to_ask() {
    let mut world = answered();
    for pause in [2000, 1900, 2100, 2000, 2000] {
        world.advance_answering(pause, 10);
        protocol_ping(&mut world);
    }
    let before = pings(&world);
    assert_eq!(
        time_to_ping(&mut world),
        2520,
        "the longest interval and a fifth"
    );
    assert_eq!(pings(&world), before + 1);
    pong(&mut world);
    assert_eq!(
        time_to_ping(&mut world),
        15_000,
        "once, and no more than a reason"
    );
}

#[test]
fn irregular_protocol_pings_are_no_rhythm() {
    for pauses in [&[2000_u64, 2000, 2000][..], &[2000, 2600, 2000, 2600, 2000]] {
        let mut world = answered();
        for pause in pauses {
            protocol_ping(&mut world);
            world.advance_answering(*pause, 10);
        }
        world.take();
        let last = time_to_ping(&mut world);
        assert!(last > 2600, "{last} ms after {pauses:?}");
    }
}

#[test]
fn protocol_pings_are_no_talk() {
    let mut world = answered();
    for _ in 0..3 {
        world.advance(500);
        protocol_ping(&mut world);
    }
    assert_eq!(time_to_ping(&mut world), 13_500);
}

#[test]
fn signs_do_not_count_as_asking_into_silence() {
    let mut world = answered();
    world.send("a");
    world.advance(2000);
    world.input(Input::Wake(WakeHint::Shown));
    pong(&mut world);
    world.send("b");
    assert_eq!(time_to_ping(&mut world), 3000);
    assert_eq!(ping_ids(&world.outputs).len(), 2);
}

#[test]
fn first_send_of_each_second_has_its_own_time() {
    let mut world = answered();
    world.send("a");
    world.advance(1000);
    let heard = Instant::from_millis(world.now);
    for pause in [1000, 400, 500] {
        world.advance(pause);
        world.send("b");
    }
    // The driver reports the frame late.
    world.input(Input::Activity(world.socket, heard));
    assert_eq!(time_to_ping(&mut world), 3000 - 900);
}

#[test]
fn frame_of_the_same_millisecond_answers_no_send() {
    let mut world = answered();
    world.advance(100);
    world.send("a");
    receive_frame(&mut world);
    assert_eq!(time_to_ping(&mut world), 3000);
    pong(&mut world);
    world.advance(10_000);
    world.send("b");
    world.advance(500);
    world.send("c");
    receive_frame(&mut world);
    assert_eq!(time_to_ping(&mut world), 3000);
}

#[test]
fn frames_of_the_same_millisecond_are_no_talk() {
    let mut world = answered();
    for _ in 0..3 {
        receive_frame(&mut world);
    }
    assert_eq!(time_to_ping(&mut world), 15_000);
}
