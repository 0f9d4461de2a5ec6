//! `cargo xtask herd`: when a million sessions dial after a restart of the cloud.

use crate::process;

/// Runs `bench/herd.rs`, its line as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let mut herd = process::command("cargo");
    herd.args(["run", "--quiet", "--release", "--package", "tpa-session"])
        .args(["--example", "herd", "--"])
        .args(arguments);
    let status = herd
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the herd was not spread; it said why above".into())
    }
}
