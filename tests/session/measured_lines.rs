//! What the session learns from round trips, and from connections that it left too early.

use tpa_session::session::{Duration, State};

use crate::patience::{KIB, reconnect, send_bytes, time_to_leave};
use crate::world::{World, answer, answered, ping_ids, pings, pong, watched};

/// Waits for the next ping, and then for the end of the connection; returns the patience.
fn patience(world: &mut World) -> u64 {
    world.take();
    while pings(world) == 0 {
        world.next_deadline();
    }
    time_to_leave(world)
}

#[test]
fn further_round_trips_move_the_estimate_as_in_rfc_6298() {
    let mut config = watched();
    config.watch.pong_timeout = Duration::from_millis(1000);
    let mut world = World::connected(config);
    world.advance(800);
    pong(&mut world);
    world.advance(14_200 + 1600);
    pong(&mut world);
    // Smoothed: 7/8 * 800 + 1/8 * 1600 = 900; deviation: 3/4 * 400 + 1/4 * 800 = 500.
    assert_eq!(patience(&mut world), 900 + 4 * 500);
}

#[test]
fn round_trip_of_weeks_gives_the_longest_patience() {
    let mut config = watched();
    config.watch.ping_interval = Duration::from_millis(10_000_000_000);
    let mut world = World::connected(config);
    world.advance(5_000_000_000);
    pong(&mut world);
    assert_eq!(patience(&mut world), 60_000);
}

#[test]
fn patience_recovers_once_an_hour_after_a_second_connection_was_left() {
    for (answered_for, expected) in [(3_500_000, 20_000), (3_700_000, 10_000)] {
        let mut world = answered();
        for _ in 0..2 {
            time_to_leave(&mut world);
            reconnect(&mut world);
        }
        world.advance_answering(answered_for, 20);
        assert_eq!(world.session.state(), State::Connected);
        assert_eq!(patience(&mut world), expected);
    }
}

#[test]
fn recovery_before_another_loss_is_taken_back() {
    let mut world = answered();
    time_to_leave(&mut world);
    reconnect(&mut world);
    world.advance_answering(80_000, 20);
    assert_eq!(patience(&mut world), 5000);
    reconnect(&mut world);
    assert_eq!(patience(&mut world), 20_000);
}

#[test]
fn only_pongs_in_time_let_the_patience_recover() {
    for (round_trip, recovers) in [(5000, true), (5001, false)] {
        let mut world = answered();
        time_to_leave(&mut world);
        reconnect(&mut world);
        world.advance_answering(1_207_000, round_trip);
        assert_eq!(world.session.state(), State::Connected);
        let patience = patience(&mut world);
        assert_eq!(patience < 6000, recovers, "{patience} ms");
    }
}

/// Time that a connection has for 64 KiB, after its cloud has answered a message of `size` bytes
/// so late. An earlier connection was left, so that the lowest rate is 4 KiB/s.
fn time_for_64_kib(size: usize, round_trip: u64) -> u64 {
    let mut world = answered();
    time_to_leave(&mut world);
    reconnect(&mut world);
    world.take();
    send_bytes(&mut world, 0, size);
    while pings(&world) == 0 {
        world.next_deadline();
    }
    let ids = ping_ids(&world.outputs);
    world.advance(round_trip);
    answer(&mut world, ids[0]);
    assert_eq!(world.session.state(), State::Connected);
    world.advance_answering(55_000, 0);
    world.take();
    send_bytes(&mut world, 1, 64 * KIB);
    assert_eq!(pings(&world), 1);
    time_to_leave(&mut world)
}

#[test]
fn bytes_that_were_slow_lower_the_rate_of_the_line() {
    // 5 s of these are the patience: 16 KiB took 4 s at 4 KiB/s, and more at 2 KiB/s.
    let unmeasured = time_for_64_kib(16 * KIB - 1, 12_000);
    for size in [16 * KIB, 17 * KIB] {
        assert_eq!(time_for_64_kib(size, 12_000) - unmeasured, 16_000);
    }
    let longer = time_for_64_kib(16 * KIB, 9001) - time_for_64_kib(16 * KIB, 9000);
    assert!((15_990..16_010).contains(&longer), "{longer} ms");
}
