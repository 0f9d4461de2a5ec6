//! `cargo xtask explore`: all that a session can come to in small worlds, as deep as there is
//! time for.

use crate::process;

/// Explores in a release build and prints its output.
pub fn run(seconds: u64) -> Result<(), String> {
    let mut test = process::command("cargo");
    test.args(["test", "--release", "--package", "tpa-session"])
        .args(["--test", "exploration", "every_short_life"])
        .args(["--", "--nocapture"])
        .env("EXPLORE_SECONDS", seconds.to_string());
    process::show("the model checker", &mut test)
}
