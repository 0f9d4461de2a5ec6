//! A living connection is left at most twice, however slow; on a usual line it is never left.

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::field::apps::Habit;
use testkit::world::field::faults::Fault;
use testkit::world::field::gauge::Gauge;
use testkit::world::field::line::{Delay, Line};
use testkit::world::field::machine::Timers;
use testkit::world::field::{Setup, World};

const HOUR: u64 = 3_600_000;

const BULK: Habit = Habit::Bulk {
    size: 16_384,
    every: 200,
};

/// Runs a session, whose connection lives all the time, and checks how often it is left.
fn run(setup: Setup, faults: &[Fault], time: u64, most: usize) -> Result<(), Violation> {
    let mut world = World::new(Setup {
        checked: false,
        ..setup
    });
    world.start()?;
    for &fault in faults {
        world.fault(fault)?;
    }
    world.run_for(time)?;
    let alarms = world.record.false_alarms();
    ensure!(
        alarms <= most && !world.record.is_permanent(),
        "false alarms",
        "left {alarms} times: {:?}",
        world.record.losses
    );
    Ok(())
}

#[test]
fn a_living_connection_is_left_at_most_twice() {
    let rates = [2000, 4000, 8192, 16_000, 64_000];
    let delays = [
        Delay::Constant(20),
        Delay::Constant(900),
        Delay::Spiky {
            usual: 50,
            spike: 7000,
            one_in: 20,
        },
    ];
    let habits = [BULK, Habit::Busy, Habit::Idle];
    let cases = rates.into_iter().flat_map(move |rate| {
        let delays = delays.into_iter();
        delays.flat_map(move |delay| {
            let habits = habits.into_iter();
            habits.flat_map(move |habit| {
                [0, 65_536, 1 << 20].map(|kernel| (rate, delay, habit, kernel))
            })
        })
    });
    let cases = cases.zip(Gauge::ALL.into_iter().cycle());
    super::all(cases, |&((rate, delay, habit, kernel), gauge)| {
        let line = Line {
            up: rate,
            down: rate,
            delay,
            kernel,
            silent_until: 0,
        };
        let setup = Setup {
            line,
            gauge,
            ..Setup::new(rate + kernel, habit)
        };
        run(setup, &[], HOUR / 3, 2)
    });
}

/// A round trip that is longer than the patience cannot be told from a dead connection. The
/// patience grows, and shrinks again after a minute of answers.
#[test]
fn spikes_beyond_the_patience_end_no_session() {
    let spikes = [7000, 9000];
    let cases = spikes.into_iter().flat_map(|spike| {
        let habits = [BULK, Habit::Busy, Habit::Idle].into_iter();
        habits.flat_map(move |habit| [1, 2, 3].map(|seed| (spike, habit, seed)))
    });
    super::all(cases, |&(spike, habit, seed)| {
        let delay = Delay::Spiky {
            usual: 50,
            spike,
            one_in: 20,
        };
        let line = Line {
            delay,
            ..Line::GOOD
        };
        let setup = Setup {
            line,
            ..Setup::new(seed, habit)
        };
        run(setup, &[], HOUR, 60)
    });
}

#[test]
fn an_hour_on_a_slow_uplink_with_much_waiting_is_no_alarm() {
    let cases = Gauge::ALL
        .into_iter()
        .flat_map(|gauge| [0, 65_536, 262_144, 1 << 20].map(|kernel| (gauge, kernel)));
    super::all(cases, |&(gauge, kernel)| {
        let line = Line {
            up: 64_000,
            kernel,
            ..Line::GOOD
        };
        let setup = Setup {
            line,
            gauge,
            ..Setup::new(kernel, BULK)
        };
        run(setup, &[], HOUR, 0)
    });
}

#[test]
fn an_hour_in_a_hidden_tab_is_no_alarm() {
    let timers = [
        Timers::Grid(1000),
        Timers::Grid(60_000),
        Timers::Thaws {
            every: 60_000,
            open: 300,
        },
    ];
    let cases = timers
        .into_iter()
        .flat_map(|timers| Habit::ALL.map(|habit| (timers, habit)));
    let cases = cases.flat_map(|(timers, habit)| [1, 2].map(|seed| (timers, habit, seed)));
    super::all(cases, |&(timers, habit, seed)| {
        let setup = Setup::new(seed, habit);
        run(setup, &[Fault::Timers(timers)], HOUR, 0)
    });
}
