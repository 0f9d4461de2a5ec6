//! Tests of all crates that run on this machine itself.

use super::Report;
use super::counts::Counts;
use crate::process;

/// `cargo test` of the workspace.
pub fn run(report: &mut Report) {
    report.tests(
        "cargo test",
        process::command("cargo").args(["test", "--workspace", "--no-fail-fast"]),
        Counts::of_cargo,
    );
}
