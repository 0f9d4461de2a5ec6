//! Cards survive the connection, and do not come back once they were received.

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::field::apps::{CARD, Habit};
use testkit::world::field::faults::Fault;
use testkit::world::field::{Setup, World};

const SEEDS: u64 = 100;

/// A session that showed a card so long ago, and was idle before.
fn shown(seed: u64, ago: u64) -> Result<World, Violation> {
    let mut world = World::connected(Setup::new(seed, Habit::Idle), 20_000 + seed * 131)?;
    world.call(CARD)?;
    world.run_for(ago)?;
    Ok(world)
}

#[test]
fn a_card_sent_into_a_dead_connection_is_shown_after_the_reconnect() {
    super::all(0..SEEDS, |&seed| {
        let mut world = World::connected(Setup::new(seed, Habit::Idle), 20_000 + seed * 131)?;
        world.fault(Fault::FORGET)?;
        world.run_for(seed * 29 % 4000)?;
        world.call(CARD)?;
        world.run_for(60_000)?;
        super::check_connected(&world)?;
        ensure!(
            world.cloud.arrivals(1) == 1 && world.cloud.display == Some(1),
            "cards",
            "it arrived {} times",
            world.cloud.arrivals(1)
        );
        Ok(())
    });
}

#[test]
fn a_card_that_was_received_does_not_come_back() {
    let resets = [Fault::Reset, Fault::FORGET];
    let cases = (0..SEEDS).flat_map(|seed| resets.map(|reset| (seed, reset)));
    super::all(cases, |&(seed, reset)| {
        let mut world = shown(seed, 30_000)?;
        world.fault(Fault::OtherWriter)?;
        world.run_for(1)?;
        // Two connections later, and after each of them.
        for _ in 0..2 {
            world.fault(reset)?;
            world.run_for(60_000)?;
            super::check_connected(&world)?;
        }
        ensure!(
            world.cloud.arrivals(1) == 1 && world.cloud.display.is_none(),
            "cards",
            "it arrived {} times",
            world.cloud.arrivals(1)
        );
        Ok(())
    });
}

#[test]
fn a_card_arrives_twice_at_most() {
    super::all(0..SEEDS, |&seed| {
        let mut world = shown(seed, seed * 37 % 3000)?;
        for round in 0..4 {
            world.fault(Fault::Reset)?;
            world.run_for(1500 + (seed + round) * 700 % 20_000)?;
        }
        let arrivals = world.cloud.arrivals(1);
        ensure!((1..=2).contains(&arrivals), "cards", "{arrivals} arrivals");
        Ok(())
    });
}
