//! `cargo xtask sim`: the simulation of the core, alone and with the cloud, with as many seeds as
//! there is time for.

use std::process::Command;

use crate::process;

/// The test of sessions whose network and cloud do their worst.
const ALONE: &str = "every_life";
/// The test of sessions and the cloud that ships.
const WITH_CLOUD: &str = "clients_and_cloud";

/// Lives through the seeds in a release build, its output as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    // A single seed is one of a single world.
    let worlds: &[&str] = if arguments.contains(&"--seed") {
        &[ALONE]
    } else if arguments.contains(&"--cloud-seed") {
        &[WITH_CLOUD]
    } else {
        &[ALONE, WITH_CLOUD]
    };
    let mut test = process::command("cargo");
    test.args(["test", "--release", "--package", "tpa-session"])
        .args(["--test", "simulation", "--", "--nocapture"])
        // Each takes all cores by itself.
        .arg("--test-threads=1")
        .args(worlds);
    let known = [
        ("--seeds", "SIM_SEEDS"),
        ("--seed", "SIM_SEED"),
        ("--cloud-seeds", "SIM_CLOUD_SEEDS"),
        ("--cloud-seed", "SIM_CLOUD_SEED"),
    ];
    options(&mut test, &known, arguments)?;
    let status = test
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the simulation failed; it said why above".into())
    }
}

/// Hands numbers on to a test: each option that is `known`, as the variable named beside it.
pub fn options(
    test: &mut Command,
    known: &[(&str, &str)],
    arguments: &[&str],
) -> Result<(), String> {
    let mut rest = arguments;
    while let [option, value, more @ ..] = rest {
        let found = known.iter().find(|(name, _)| name == option);
        let (_, variable) = found.ok_or(format!("`{option}` is not understood here"))?;
        let number = value.replace('_', "");
        number
            .parse::<u64>()
            .map_err(|_| format!("{option} takes a whole number, not `{value}`"))?;
        test.env(variable, number);
        rest = more;
    }
    match rest {
        [] => Ok(()),
        [option, ..] => Err(format!("`{option}` takes a number")),
    }
}
