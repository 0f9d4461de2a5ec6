//! Delays before attempts to reconnect.

use std::collections::BTreeSet;

use fastrand::Rng;
use tpa_session::session::{Backoff, Duration};

fn backoff(initial: u64, max: u64, jitter: f64) -> Backoff {
    Backoff {
        initial: Duration::from_millis(initial),
        max: Duration::from_millis(max),
        jitter,
    }
}

#[test]
fn doubles_up_to_the_maximum() {
    let backoff = backoff(1000, 30_000, 0.0);
    let mut rng = Rng::with_seed(1);
    let delays: Vec<_> = (0..8)
        .map(|n| backoff.delay(n, &mut rng).as_millis())
        .collect();
    assert_eq!(
        delays,
        [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]
    );
}

#[test]
fn overflow_does_not_shorten_the_delay() {
    let backoff = backoff(1000, 30_000, 0.0);
    let mut rng = Rng::with_seed(1);
    for attempt in [31, 32, 53, 54, 63, 64, 200, u32::MAX] {
        assert_eq!(backoff.delay(attempt, &mut rng).as_millis(), 30_000);
    }
}

#[test]
fn jitter_only_shortens_and_fills_its_interval() {
    let backoff = backoff(1000, 30_000, 0.5);
    let mut rng = Rng::with_seed(1);
    let delays: Vec<_> = (0..10_000)
        .map(|_| backoff.delay(0, &mut rng).as_millis())
        .collect();
    assert!(delays.iter().all(|delay| (500..=1000).contains(delay)));
    for bucket in 0..5 {
        let range = 500 + bucket * 100..600 + bucket * 100_u64;
        let hits = delays.iter().filter(|delay| range.contains(delay)).count();
        assert!(
            (1700..2300).contains(&hits),
            "{hits} of 10,000 in {range:?}"
        );
    }
}

#[test]
fn zero_delay_is_immediate() {
    for attempt in [63, 64, 65, 66, u32::MAX] {
        let delay = backoff(0, 30_000, 0.0).delay(attempt, &mut Rng::with_seed(1));
        assert_eq!(delay, Duration::ZERO);
    }
    assert_eq!(
        backoff(0, 0, 1.0).delay(9, &mut Rng::with_seed(1)),
        Duration::ZERO
    );
}

#[test]
fn delay_never_exceeds_a_javascript_timer() {
    let longest = i32::MAX as u64;
    let backoff = backoff(1 << 30, longest, 0.0);
    let mut rng = Rng::with_seed(1);
    let delays: Vec<_> = (0..3)
        .map(|n| backoff.delay(n, &mut rng).as_millis())
        .collect();
    assert_eq!(delays, [1 << 30, longest, longest]);
}

#[test]
fn both_ends_of_the_interval_are_drawn() {
    let mut rng = Rng::with_seed(1);
    let backoff = backoff(1, 1, 1.0);
    let drawn: BTreeSet<_> = (0..100)
        .map(|_| backoff.delay(0, &mut rng).as_millis())
        .collect();
    assert_eq!(drawn, BTreeSet::from([0, 1]));
}
