//! Pings are rare.

use testkit::ensure;
use testkit::world::field::apps::Habit;
use testkit::world::field::pongs::Pongs;
use testkit::world::field::record::Record;
use testkit::world::field::{Setup, World};

const MINUTE: u64 = 60_000;
const MINUTES: u64 = 30;

/// Checks the pings of each minute after the first, and their mean.
fn check(habits: &[Habit], pongs: &[Pongs], least: f64, most: f64) {
    let cases = habits
        .iter()
        .flat_map(|habit| pongs.iter().map(move |pongs| (habit, pongs)));
    super::all(cases, |&(&habit, &pongs)| {
        let mut world = World::new(Setup {
            pongs: vec![pongs],
            checked: false,
            ..Setup::new(3, habit)
        });
        world.start()?;
        world.run_for(MINUTES * MINUTE)?;
        let pings = |from, to| Record::count(&world.record.pings, from * MINUTE, to * MINUTE);
        let busiest = (1..MINUTES).map(|minute| pings(minute, minute + 1)).max();
        let mean = pings(1, MINUTES) as f64 / (MINUTES - 1) as f64;
        println!("{habit:?}, {pongs:?}: {mean:.2} pings a minute, at most {busiest:?}");
        ensure!(
            least <= mean && busiest.unwrap_or(0) as f64 <= most.ceil(),
            "cost",
            "{mean:.2} pings a minute, at most {busiest:?}"
        );
        Ok(())
    });
}

#[test]
fn an_idle_session_pings_4_times_a_minute() {
    check(&[Habit::Idle], &[Pongs::Always], 4.0, 4.0);
}

#[test]
fn a_session_that_hears_something_pings_4_times_a_minute() {
    check(&[Habit::Listening, Habit::Busy], &[Pongs::Always], 4.0, 4.0);
}

#[test]
fn a_session_that_sends_to_a_quiet_cloud_pings_at_most_15_times_a_minute() {
    check(&[Habit::Showing], &[Pongs::Always], 4.0, 15.0);
}

#[test]
fn a_cloud_that_does_not_pong_is_pinged_at_most_4_times_a_minute() {
    let habits = [Habit::Idle, Habit::Listening, Habit::Showing, Habit::Busy];
    check(&habits, &[Pongs::Never], 0.5, 4.0);
}
