//! `cargo xtask explore`: all that a session can come to in small worlds, as deep as there is
//! time for.

use crate::{process, sim};

/// How long, unless something else is asked for.
const SECONDS: &str = "60";

/// Explores in a release build, its output as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let mut test = process::command("cargo");
    test.args(["test", "--release", "--package", "tpa-session"])
        .args(["--test", "exploration", "every_short_life"])
        .args(["--", "--nocapture"])
        .env("EXPLORE_SECONDS", SECONDS);
    sim::options(&mut test, &[("--seconds", "EXPLORE_SECONDS")], arguments)?;
    let status = test
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("a rule is broken; which and how was said above".into())
    }
}
