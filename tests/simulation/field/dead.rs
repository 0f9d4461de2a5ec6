//! A dead connection is left in time, and replaced in time.

use fastrand::Rng;
use testkit::ensure;
use testkit::model::Violation;
use testkit::world::field::apps::Habit;
use testkit::world::field::faults::Fault;
use testkit::world::field::line::{Delay, Line};
use testkit::world::field::{Setup, World};
use tpa_session::session::WakeHint;

const CASES: u64 = 300;
/// Longest round trip of these lines, ms.
const ROUND_TRIP: u64 = 400;

/// Connection that dies.
#[derive(Clone, Debug)]
struct Death {
    seed: u64,
    habit: Habit,
    connected_for: u64,
    delay: u64,
    fault: Fault,
}

impl Death {
    fn of(seed: u64, habits: &[Habit], faults: &[Fault]) -> Self {
        let mut rng = Rng::with_seed(seed);
        let longest = [2000, 8000, 60_000][rng.usize(..3)];
        Self {
            seed,
            habit: habits[rng.usize(..habits.len())],
            connected_for: rng.u64(1000 + ROUND_TRIP..=1000 + longest),
            delay: rng.u64(5..=ROUND_TRIP / 2),
            fault: faults[rng.usize(..faults.len())],
        }
    }

    fn connected(&self) -> Result<World, Violation> {
        let setup = Setup {
            line: Line {
                delay: Delay::Constant(self.delay),
                ..Line::GOOD
            },
            ..Setup::new(self.seed, self.habit)
        };
        let mut world = World::connected(setup, 4 * ROUND_TRIP)?;
        world.run_for(self.connected_for)?;
        Ok(world)
    }

    /// Kills the connection, and checks when it is left and replaced. Returns both times.
    fn strike(&self, world: &mut World, left: u64, replaced: u64) -> Result<(), Violation> {
        let at = world.now;
        world.fault(self.fault)?;
        world.run_for(120_000)?;
        let since = |time: Option<u64>| time.map_or(u64::MAX, |time| time - at);
        let lost = since(world.record.lost_after(at));
        let again = since(world.record.connected_after(at));
        ensure!(lost <= left, "left", "after {lost} ms");
        ensure!(again <= replaced, "replaced", "after {again} ms");
        Ok(())
    }
}

const UPLINK: Fault = Fault::Forget {
    up: true,
    down: false,
};
const DOWNLINK: Fault = Fault::Forget {
    up: false,
    down: true,
};

fn check(habits: &[Habit], faults: &[Fault], left: u64, replaced: u64) {
    let cases = (0..CASES).map(|seed| Death::of(seed, habits, faults));
    super::all(cases, |case| {
        let mut world = case.connected()?;
        case.strike(&mut world, left, replaced)
    });
}

#[test]
fn a_busy_session_leaves_a_dead_connection_in_10_s() {
    check(
        &[Habit::Busy, Habit::Showing],
        &[Fault::FORGET, DOWNLINK],
        10_000,
        16_000,
    );
}

#[test]
fn a_session_that_only_listens_leaves_one_in_21_s() {
    check(
        &[Habit::Idle, Habit::Listening],
        &[Fault::FORGET, DOWNLINK],
        21_000,
        27_000,
    );
}

#[test]
fn a_cloud_that_talked_is_missed_in_10_s() {
    // Frames are reported at timeouts, so that it takes a while to know that it talks.
    let cases = (0..CASES).map(|seed| Death {
        connected_for: 22_000 + seed * 97 % 30_000,
        ..Death::of(seed, &[Habit::Listening], &[Fault::FORGET, DOWNLINK])
    });
    super::all(cases, |case| {
        let mut world = case.connected()?;
        case.strike(&mut world, 10_000, 16_000)
    });
}

#[test]
fn a_change_of_the_address_is_noticed_where_it_is_reported() {
    let habits = [Habit::Idle, Habit::Listening];
    let cases = (0..CASES).map(|seed| Death::of(seed, &habits, &[Fault::FORGET]));
    super::all(cases, |case| {
        let mut world = case.connected()?;
        let at = world.now;
        world.fault(Fault::FORGET)?;
        // Node looks at the addresses every 5 s.
        world.run_for(case.seed % 5000)?;
        world.fault(Fault::Wake(WakeHint::AddressChanged))?;
        world.run_for(60_000)?;
        let again = world.record.connected_after(at).map(|time| time - at);
        ensure!(
            again.is_some_and(|time| time <= 16_000),
            "replaced",
            "after {again:?} ms"
        );
        Ok(())
    });
}

#[test]
fn a_dead_uplink_is_left_in_21_s() {
    let habits = [Habit::Busy, Habit::Showing, Habit::Idle, Habit::Listening];
    check(&habits, &[UPLINK], 21_000, 27_000);
}

#[test]
fn a_connection_after_a_reconnect_is_watched_like_the_first() {
    let habits = [Habit::Busy, Habit::Showing, Habit::Idle, Habit::Listening];
    let faults = [Fault::FORGET, UPLINK, DOWNLINK];
    let cases = (0..CASES).map(|seed| Death::of(seed, &habits, &faults));
    super::all(cases, |case| {
        let busy = matches!(case.habit, Habit::Busy | Habit::Showing);
        let left = if busy && case.fault != UPLINK {
            10_000
        } else {
            21_000
        };
        let mut world = case.connected()?;
        world.fault(Fault::Reset)?;
        // It is connected again, and dies as soon as the handshake is over or somewhat later.
        world.run_for(1000 + 4 * ROUND_TRIP + case.seed % 7 * 2000)?;
        case.strike(&mut world, left, left + 6000)?;
        // One more patience after the client's own verdict.
        world.run_for(case.seed % 5 * 3000)?;
        case.strike(&mut world, left + 5000, left + 11_000)
    });
}

#[test]
fn a_connection_that_dies_with_the_ack_is_left_too() {
    let faults = [Fault::FORGET, UPLINK, DOWNLINK];
    let cases = (0..CASES).map(|seed| Death::of(seed, &[Habit::Busy], &faults));
    super::all(cases, |case| {
        let mut world = case.connected()?;
        world.fault(Fault::Reset)?;
        let reset = world.now;
        while world.record.connected_after(reset).is_none() && world.now < reset + 20_000 {
            world.run_for(1)?;
        }
        case.strike(&mut world, 21_000, 27_000)
    });
}
