//! `cargo xtask sim`: the simulation of the core, with as many seeds as there is time for.

use crate::process;

/// Lives through the seeds in a release build, its output as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let mut test = process::command("cargo");
    test.args(["test", "--release", "--package", "tpa-session"])
        .args(["--test", "simulation", "every_life", "--", "--nocapture"]);
    let mut rest = arguments;
    while let [option, value, more @ ..] = rest {
        let variable = match *option {
            "--seeds" => "SIM_SEEDS",
            "--seed" => "SIM_SEED",
            other => return Err(format!("`{other}` is not understood here")),
        };
        let number = value.replace('_', "");
        number
            .parse::<u64>()
            .map_err(|_| format!("{option} takes a whole number, not `{value}`"))?;
        test.env(variable, number);
        rest = more;
    }
    if let [option] = rest {
        return Err(format!("`{option}` takes a number"));
    }
    let status = test
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the simulation failed; it said why above".into())
    }
}
