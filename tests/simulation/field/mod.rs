//! Sessions with default options and usual apps, on lines, machines and clouds as they are in the
//! field ([`testkit::world::field`]).
//!
//! Promises that hold for such sessions only have tests here, one module for each:
//!
//! | promise | module |
//! |---|---|
//! | a silence of less than 45 s ends no session | `silence` |
//! | a wrong `onLine` ends no session, and keeps none from connecting | `online` |
//! | a living connection is left at most twice, however slow, and on a usual line never | `slow` |
//! | a cloud that stalls is not met by all its clients at once, again and again | `stall` |
//! | a dead connection is left in time, and replaced in time | `dead` |
//! | a frame that the cloud refuses costs no other | `culprits` |
//! | pings are rare | `cost` |
//! | a clock that stands still, jumps or goes back costs nothing | `clocks` |
//! | a card that was lost is shown, and one that was received does not come back | `cards` |
//!
//! `seeds` runs random worlds.

mod cards;
mod clocks;
mod cost;
mod culprits;
mod dead;
mod generator;
mod online;
mod seeds;
mod silence;
mod slow;
mod stall;

pub use seeds::Field;

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::field::World;
use tpa_session::session::State;

/// Checks that the session is connected, and was never over.
fn check_connected(world: &World) -> Result<(), Violation> {
    ensure!(
        !world.record.is_permanent(),
        "permanent",
        "{:?}",
        world.record.losses.last()
    );
    ensure!(
        world.state() == State::Connected,
        "progress",
        "{:?} at {} ms",
        world.state(),
        world.now
    );
    Ok(())
}

/// Runs the cases, and reports the first that fails with the number of all that do.
fn all<C: std::fmt::Debug>(
    cases: impl IntoIterator<Item = C>,
    run: impl Fn(&C) -> Result<(), Violation>,
) {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases {
        count += 1;
        if let Err(Violation { rule, detail }) = run(&case) {
            failures.push(format!("{case:?}: {rule}: {detail}"));
        }
    }
    let shown = failures
        .iter()
        .take(5)
        .map(|failure| format!("\n  {failure}"));
    let shown: String = shown.collect();
    assert!(
        failures.is_empty(),
        "{} of {count} fail:{shown}",
        failures.len()
    );
}
