//! `cargo xtask bench`: the receive benchmark, on a freshly built package; `bench core`: the
//! core by itself.

use std::process::Command;

use crate::{build, npm, process, workspace};

/// Runs the benchmark that is asked for, its output as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    match arguments {
        ["core", filter @ ..] => {
            let mut bench = process::command("cargo");
            bench.args(["bench", "--package", "tpa-session", "--bench", "core", "--"]);
            show("bench/core.rs", bench.args(filter))
        }
        _ => receive(arguments),
    }
}

fn receive(arguments: &[&str]) -> Result<(), String> {
    build::run()?;
    let mut bench: Command = npm::node();
    bench
        .arg("bench/receive.mjs")
        .args(arguments)
        .env("TPA_PKG", workspace::package());
    show("bench/receive.mjs", &mut bench)
}

fn show(what: &str, command: &mut Command) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|e| format!("cannot start {what}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what} failed ({status}); it said why above"))
    }
}
