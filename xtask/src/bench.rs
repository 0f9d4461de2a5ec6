//! `cargo xtask bench`: this package beside its peers; `bench profile`: where the time of a
//! message goes; `bench core`: the core by itself; `bench cloud`: tpa-cloud under load; `bench
//! cycles`: what sessions leave in memory.

use std::path::Path;
use std::process::Command;

use crate::browsers::CHROMIUM;
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
        ["cycles", options @ ..] => {
            let chromium = CHROMIUM.get()?;
            package("bench/cycles/run.mjs", options, &[("CHROMIUM", &chromium)])
        }
        ["profile", options @ ..] => {
            peers()?;
            package("bench/profile/run.mjs", options, &[])
        }
        _ => {
            peers()?;
            let chromium = CHROMIUM.get()?;
            package("bench/run.mjs", arguments, &[("CHROMIUM", &chromium)])
        }
    }
}

/// Installs the clients that are compared.
fn peers() -> Result<(), String> {
    npm::get_in(&workspace::root().join("bench/clients"))
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

/// One that is written in JavaScript, on a freshly built package.
fn package(script: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> Result<(), String> {
    build::run()?;
    let mut bench: Command = npm::node();
    bench
        .arg(script)
        .args(arguments)
        .envs(environment.iter().copied())
        .env("TPA_PKG", workspace::package());
    show(script, &mut bench)
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
