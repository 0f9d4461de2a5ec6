//! Tests of all crates that run natively.

use super::counts::Counts;
use super::report::Report;
use crate::arguments::Sim;
use crate::{explore, process, sim};

/// Seconds of model checking in a full run.
const EXPLORE_SECONDS: u64 = 600;

/// `cargo test` for the workspace. A full run adds the long simulation and the
/// long model checking.
pub fn run(report: &mut Report, full: bool) {
    report.tests(
        "cargo test",
        process::command("cargo").args(["test", "--locked", "--workspace", "--no-fail-fast"]),
        Counts::of_cargo,
    );
    if full {
        let seeds = Sim {
            full: true,
            ..Sim::default()
        };
        report.show("simulation, full", || sim::run(&seeds));
        report.show("model checking, full", || explore::run(EXPLORE_SECONDS));
    }
}
