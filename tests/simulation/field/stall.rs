//! A cloud that stalls for some seconds is not met by all its clients again and again.

use testkit::model::Violation;
use testkit::world::field::apps::Habit;
use testkit::world::field::faults::Fault;
use testkit::world::field::{Setup, World};
use tpa_session::session::State;

const CLIENTS: u64 = 1000;
const FEW_CLIENTS: u64 = 300;
/// Longest time for which the cloud catches up, ms.
const BACKLOG: u64 = 1000;
/// Time after which everything is over, ms.
const AFTER: u64 = 120_000;

/// Dials of a client while the cloud stalls and after it.
fn dials(seed: u64, habit: Habit, stall: u64) -> Result<usize, Violation> {
    let setup = Setup {
        checked: false,
        ..Setup::new(seed, habit)
    };
    // All stall at the same time, each at another point of its own rhythm.
    let mut world = World::connected(setup, 30_000 + seed * 61 % 15_000)?;
    world.cloud.backlog = BACKLOG;
    let before = world.record.dials.len();
    world.fault(Fault::Stall(stall))?;
    world.run_for(stall + AFTER)?;
    testkit::ensure!(
        world.state() == State::Connected,
        "progress",
        "seed {seed}: {:?}, {:?}",
        world.state(),
        world.record.losses
    );
    Ok(world.record.dials.len() - before)
}

fn mean(clients: u64, habit: Habit, stall: u64) -> f64 {
    let all: Result<Vec<_>, _> = (0..clients).map(|seed| dials(seed, habit, stall)).collect();
    let all = all.unwrap_or_else(|violation| panic!("{habit:?}, {stall} ms: {violation:?}"));
    let mean = all.iter().sum::<usize>() as f64 / clients as f64;
    println!("{habit:?}, stall of {stall} ms: {mean:.3} dials each");
    mean
}

#[test]
fn a_stall_of_8_s_costs_at_most_one_and_a_half_dials_each() {
    for habit in [Habit::Busy, Habit::Listening, Habit::Showing, Habit::Idle] {
        for (stall, clients) in [(6000, FEW_CLIENTS), (8000, CLIENTS)] {
            let mean = mean(clients, habit, stall);
            assert!(mean <= 1.5, "{habit:?}, {stall} ms: {mean} dials each");
        }
    }
}

#[test]
fn a_stall_of_30_s_ends_no_session() {
    for habit in [Habit::Busy, Habit::Idle] {
        let mean = mean(FEW_CLIENTS, habit, 30_000);
        assert!(mean <= 4.0, "{habit:?}: {mean} dials each");
    }
}
