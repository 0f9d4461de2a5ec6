//! `cargo xtask bench`: the receive benchmark, on a freshly built package; `bench core`: the
//! core by itself; `bench cloud`: tpa-cloud under load.

use std::process::Command;

use crate::{build, cloud, npm, process, workspace};

/// Runs the benchmark that is asked for, its output as it comes.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    match arguments {
        ["core", filter @ ..] => {
            let mut bench = process::command("cargo");
            bench.args(["bench", "--package", "tpa-session", "--bench", "core", "--"]);
            show("bench/core.rs", bench.args(filter))
        }
        ["cloud", options @ ..] => load(options),
        _ => receive(arguments),
    }
}

/// Many connections to tpa-cloud and, for comparison, to a plain server in Node.
fn load(options: &[&str]) -> Result<(), String> {
    npm::get()?;
    let cloud = cloud::build_release()?;
    let mut bench = process::command("cargo");
    bench
        .args(["run", "--quiet", "--release", "--package", "cloud-load"])
        .args(["--", "--cloud"])
        .arg(cloud)
        .args(options);
    show("bench/cloud", &mut bench)
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
