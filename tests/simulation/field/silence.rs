//! A silence of less than 45 s, after the session was connected, does not end it.

use fastrand::Rng;
use testkit::model::Violation;
use testkit::world::field::apps::Habit;
use testkit::world::field::faults::Fault;
use testkit::world::field::{Setup, World};

/// Silences of many lengths, each at another time of the connection.
const CASES: u64 = 1500;
/// Time after a silence within which the session must be connected, ms.
const RECOVERY: u64 = 60_000;

#[derive(Debug)]
struct Silence {
    seed: u64,
    habit: Habit,
    connected_for: u64,
    time: u64,
    /// The line does not know the old connection any more.
    forgets: bool,
}

impl Silence {
    fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let from = [1000, 20_000, 40_000][rng.usize(..3)];
        Self {
            seed,
            habit: Habit::ALL[rng.usize(..Habit::ALL.len())],
            connected_for: rng.u64(300..60_000),
            time: rng.u64(from..45_000),
            forgets: rng.bool(),
        }
    }

    fn run(&self) -> Result<(), Violation> {
        let setup = Setup::new(self.seed, self.habit);
        let mut world = World::connected(setup, self.connected_for)?;
        world.fault(Fault::Silence(self.time))?;
        if self.forgets {
            world.fault(Fault::FORGET)?;
        }
        world.run_for(self.time + RECOVERY)?;
        super::check_connected(&world)
    }
}

#[test]
fn less_than_45_s_of_silence_end_no_session() {
    super::all((0..CASES).map(Silence::of), Silence::run);
}

#[test]
fn a_tunnel_of_42_s_ends_no_session() {
    let tunnel = |seed| Silence {
        time: 42_000,
        forgets: seed % 2 == 0,
        ..Silence::of(seed)
    };
    super::all((0..200).map(tunnel), Silence::run);
}
