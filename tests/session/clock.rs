//! Raw clocks that jump, stand still or go back, and timers that fire before their time.

use tpa_session::session::{Clock, Duration, Instant};

const fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Arms a timer for `wait` ms from now; returns the time that it is armed for.
fn arm(clock: &mut Clock, raw: u64, wait: u64) -> Instant {
    let now = clock.read(raw);
    Clock::arm(now, now.after(Duration::from_millis(wait))).0
}

#[test]
fn steady_clock_is_the_raw_clock() {
    let mut clock = Clock::default();
    for raw in [0, 5, 5, 1_000_000] {
        assert_eq!(clock.read(raw), at(raw));
    }
    let armed_for = arm(&mut clock, 1_000_000, 1000);
    assert!(clock.fired(1_001_003, armed_for));
    assert_eq!(clock.read(1_001_003), at(1_001_003), "a late timer");
}

#[test]
fn timer_before_its_time_has_waited_its_time() {
    let mut clock = Clock::default();
    let armed_for = arm(&mut clock, 10, 1000);
    clock.fired(12, armed_for);
    assert_eq!(clock.read(12), at(1010));
    assert_eq!(clock.read(20), at(1018));
}

#[test]
fn clock_that_stands_still_advances_by_its_timers() {
    let mut clock = Clock::default();
    for fired in 1..=100 {
        let armed_for = arm(&mut clock, 7, 250);
        clock.fired(7, armed_for);
        assert_eq!(clock.read(7), at(7 + 250 * fired));
    }
}

#[test]
fn raw_clock_that_goes_back_raises_the_offset() {
    let mut clock = Clock::default();
    clock.read(90_000);
    assert_eq!(clock.read(0), at(90_000), "fake timers were installed");
    assert_eq!(clock.read(61_000), at(151_000));
    assert_eq!(clock.read(91_500), at(181_500), "and removed");
    assert_eq!(clock.read(91_400), at(181_500));
    assert_eq!(clock.read(91_401), at(181_501));
}

#[test]
fn clock_never_goes_back() {
    let mut seed = 12_345_u64;
    let mut clock = Clock::default();
    let mut last = at(0);
    for _ in 0..10_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let raw = seed >> 40;
        if seed.is_multiple_of(3) {
            let armed_for = arm(&mut clock, raw, seed >> 50);
            clock.fired(seed >> 44, armed_for);
            assert!(clock.read(seed >> 44) >= armed_for);
        }
        let now = clock.read(raw);
        assert!(now >= last, "{now:?} < {last:?}");
        last = now;
    }
}

#[test]
fn clock_ends_where_instants_end() {
    let mut clock = Clock::default();
    clock.read(u64::MAX);
    assert_eq!(clock.read(0), at(u64::MAX));
    assert_eq!(clock.read(u64::MAX), at(u64::MAX));
}

#[test]
fn noted_time_is_converted_before_the_clock_moves() {
    let mut clock = Clock::default();
    let armed_for = arm(&mut clock, 100, 15_000);
    let heard = clock.at(103);
    clock.fired(105, armed_for);
    assert_eq!(heard, at(103));
    assert!(heard < clock.read(105));
}

#[test]
fn deadline_beyond_the_longest_wait_is_armed_for_the_longest_wait() {
    let longest = Duration::from_millis((1 << 31) - 1);
    let now = at(5);
    assert_eq!(Clock::arm(now, at(9)), (at(9), Duration::from_millis(4)));
    assert_eq!(Clock::arm(now, at(3)), (now, Duration::ZERO));
    assert_eq!(Clock::arm(now, now.after(longest)).1, longest);
    assert_eq!(Clock::arm(now, at(1 << 40)), (now.after(longest), longest));
    let mut clock = Clock::default();
    clock.fired(0, Clock::arm(at(0), at(1 << 40)).0);
    assert_eq!(clock.read(0), at((1 << 31) - 1), "not the deadline");
}

#[test]
fn timeout_in_the_turn_of_the_one_before_is_not_conclusive() {
    let mut clock = Clock::default();
    let first = arm(&mut clock, 0, 100);
    assert!(clock.fired(100, first));
    let second = arm(&mut clock, 100, 100);
    assert!(!clock.fired(200, second), "no task could run in between");
    let third = arm(&mut clock, 200, 100);
    clock.turned();
    assert!(clock.fired(300, third));
}

#[test]
fn first_of_several_jumps_is_not_conclusive() {
    let mut clock = Clock::default();
    for (early, conclusive) in [
        (1000, true),
        (1001, false),
        (5000, true),
        (0, true),
        (5000, false),
    ] {
        let armed_for = arm(&mut clock, 0, early);
        assert_eq!(clock.fired(0, armed_for), conclusive, "{early} ms early");
        clock.turned();
    }
}

#[test]
fn time_is_converted_back_to_the_raw_clock() {
    let mut clock = Clock::default();
    clock.read(5000);
    assert_eq!(clock.raw(at(5100)), 5100);
    clock.read(3000);
    assert_eq!(clock.raw(at(5100)), 3100);
    assert_eq!(clock.raw(at(1000)), 0, "before the raw clock began");
}
