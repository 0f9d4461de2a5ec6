//! `cargo xtask explore`: model checking of the core, as deep as the time allows.

use crate::process;

/// Explores in a release build and prints its output.
pub fn run(seconds: u64) -> Result<(), String> {
    let mut test = process::command("cargo");
    test.args(["test", "--locked", "--release", "--package", "tpa-session"])
        .args(["--test", "model_checking", "every_state"])
        .args(["--", "--nocapture"])
        .env("EXPLORE_SECONDS", seconds.to_string());
    process::show("the model checker", &mut test)
}
