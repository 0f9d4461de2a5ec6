//! A clock that stands still, jumps or goes back costs no connection, no attempt, and no storm.

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::field::apps::Habit;
use testkit::world::field::faults::Fault;
use testkit::world::field::record::Record;
use testkit::world::field::{Setup, World};
use tpa_session::session::State;

const SEEDS: u64 = 20;
const MINUTE: u64 = 60_000;
/// The most pings a minute, with one more for each jump.
const MOST_PINGS: usize = 16;

const FAULTS: [Fault; 6] = [
    Fault::ClockStands(true),
    Fault::ClockJumps(-7_200_000),
    Fault::ClockJumps(-1500),
    Fault::ClockJumps(1500),
    Fault::ClockJumps(100_000),
    Fault::ClockJumps(7_200_000),
];

fn check(world: &World, from: u64) -> Result<(), Violation> {
    let state = world.state();
    ensure!(state == State::Connected, "progress", "{state:?}");
    ensure!(
        world.record.false_alarms() == 0,
        "false alarms",
        "{:?}",
        world.record.losses
    );
    let minutes = (from..world.now).step_by(MINUTE as usize);
    let pings = |at| Record::count(&world.record.pings, at, at + MINUTE);
    let most = minutes.map(pings).max().unwrap_or_default();
    ensure!(most <= MOST_PINGS, "storm", "{most} pings in a minute");
    Ok(())
}

#[test]
fn a_clock_of_any_kind_costs_no_connection() {
    let cases = (0..SEEDS).flat_map(|seed| FAULTS.map(|fault| (seed, fault)));
    super::all(cases, |&(seed, fault)| {
        let habit = Habit::ALL[seed as usize % 4];
        let mut world = World::connected(Setup::new(seed, habit), 10_000 + seed * 777)?;
        let at = world.now;
        world.fault(fault)?;
        world.run_for(5 * MINUTE)?;
        check(&world, at)?;
        world.fault(Fault::Reset)?;
        world.run_for(5000)?;
        check(&world, at)
    });
}

#[test]
fn a_clock_of_any_kind_costs_no_attempt() {
    let cases = (0..SEEDS).flat_map(|seed| FAULTS.map(|fault| (seed, fault)));
    super::all(cases, |&(seed, fault)| {
        let mut world = World::connected(Setup::new(seed, Habit::Busy), 10_000)?;
        world.fault(Fault::Reset)?;
        world.fault(Fault::Silence(7000))?;
        world.run_for(seed * 97 % 1500)?;
        let before = world.record.dials.len();
        world.fault(fault)?;
        world.run_for(30_000)?;
        let dials = world.record.dials.len() - before;
        ensure!(dials <= 3, "storm", "{dials} dials");
        check(&world, world.now)
    });
}
