//! `cargo xtask bench`: the receive benchmark, on a freshly built package.

use std::process::Command;

use crate::{build, npm, workspace};

/// Builds the package and runs the benchmark, its output as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    build::run()?;
    let mut bench: Command = npm::node();
    bench
        .arg("bench/receive.mjs")
        .args(arguments)
        .env("TPA_PKG", workspace::package());
    let status = bench
        .status()
        .map_err(|e| format!("cannot start node: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!(
            "bench/receive.mjs failed ({status}); it said why above"
        ))
    }
}
