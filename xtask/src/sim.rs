//! `cargo xtask sim`: simulation of the core, alone, with the cloud, and in the field.

use crate::arguments::Sim;
use crate::process;

/// Test of single sessions with a hostile network and a hostile cloud.
const ALONE: &str = "every_session";
/// Test of several sessions with tpa-cloud.
const WITH_CLOUD: &str = "sessions_and_cloud";
/// Test of usual sessions on lines, machines and clouds as they are.
const IN_FIELD: &str = "usual_sessions";

/// Seeds of a full run.
const FULL: u64 = 1_000_000;

/// Runs the seeds in a release build and prints its output.
pub fn run(arguments: &Sim) -> Result<(), String> {
    // A single seed belongs to one of the tests.
    let worlds: &[&str] = if arguments.seed.is_some() {
        &[ALONE]
    } else if arguments.cloud_seed.is_some() {
        &[WITH_CLOUD]
    } else if arguments.field_seed.is_some() {
        &[IN_FIELD]
    } else {
        &[ALONE, WITH_CLOUD, IN_FIELD]
    };
    let mut test = process::command("cargo");
    test.args(["test", "--locked", "--release", "--package", "tpa-session"])
        .args(["--test", "simulation", "--", "--nocapture"])
        // Each test uses all cores.
        .arg("--test-threads=1")
        .args(worlds);
    let variables = [
        (
            "SIM_SEEDS",
            arguments.full.then_some(FULL).or(arguments.seeds),
        ),
        ("SIM_SEED", arguments.seed),
        ("SIM_CLOUD_SEEDS", arguments.cloud_seeds),
        ("SIM_CLOUD_SEED", arguments.cloud_seed),
        ("SIM_FIELD_SEEDS", arguments.field_seeds),
        ("SIM_FIELD_SEED", arguments.field_seed),
    ];
    for (name, value) in variables {
        if let Some(value) = value {
            test.env(name, value.to_string());
        }
    }
    process::show("the simulation", &mut test)
}
