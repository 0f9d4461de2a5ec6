//! A wrong `onLine` neither ends a session nor keeps it from connecting.

use testkit::world::field::apps::Habit;
use testkit::world::field::faults::Fault;
use testkit::world::field::{Setup, World};
use tpa_session::session::Input;

const SEEDS: u64 = 60;
/// Interval of the attempts while the environment says that there is no network, and the time of
/// one attempt, ms.
const OFFLINE_RETRY: u64 = 30_000 + 2000;

fn habit(seed: u64) -> Habit {
    Habit::ALL[seed as usize % Habit::ALL.len()]
}

#[test]
fn a_session_connects_although_it_is_told_that_there_is_no_network() {
    super::all(0..SEEDS, |&seed| {
        let mut world = World::new(Setup::new(seed, habit(seed)));
        world.input(Input::Offline)?;
        world.start()?;
        world.run_for(2000)?;
        super::check_connected(&world)?;
        // It is not told better, and the connection is lost.
        world.run_for(20_000)?;
        world.fault(Fault::Reset)?;
        world.run_for(OFFLINE_RETRY)?;
        super::check_connected(&world)
    });
}

#[test]
fn a_flapping_online_state_ends_no_session() {
    let cases = (0..SEEDS).flat_map(|seed| [300, 1000, 7000].map(|every| (seed, every)));
    super::all(cases, |&(seed, every)| {
        let setup = Setup::new(seed, habit(seed));
        let mut world = World::connected(setup, 7000 + 100 * seed)?;
        world.fault(Fault::Flap {
            every,
            time: 600_000,
        })?;
        world.run_for(120_000)?;
        super::check_connected(&world)?;
        // The line is silent as well.
        world.fault(Fault::Silence(20_000 + 400 * seed))?;
        world.fault(Fault::FORGET)?;
        world.run_for(180_000)?;
        super::check_connected(&world)
    });
}

#[test]
fn an_online_state_that_lies_ends_no_session() {
    super::all(0..SEEDS, |&seed| {
        let setup = Setup::new(seed, habit(seed));
        let mut world = World::connected(setup, 7000 + 100 * seed)?;
        // "Online" while there is nothing, and "offline" when there is something again.
        for _ in 0..3 {
            world.fault(Fault::Silence(40_000))?;
            world.fault(Fault::FORGET)?;
            for _ in 0..8 {
                world.fault(Fault::Online(true))?;
                world.run_for(5000)?;
            }
            world.fault(Fault::Online(false))?;
            world.run_for(120_000)?;
            super::check_connected(&world)?;
        }
        Ok(())
    });
}
