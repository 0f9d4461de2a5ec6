//! `cargo xtask bench` and `cargo xtask herd`: the programs in `bench/`.

use std::path::Path;

use crate::browsers::CHROMIUM;
use crate::setup::Need;
use crate::{build, cloud, npm, process, workspace};

/// Needs of the benchmark that the first argument names.
pub fn needs(arguments: &[String]) -> &'static [Need] {
    const PACKAGE: &[Need] = &[
        Need::WasmTarget,
        Need::WasmBindgen,
        Need::Node,
        Need::NpmPackages(""),
    ];
    const PAGE: &[Need] = &[
        Need::WasmTarget,
        Need::WasmBindgen,
        Need::Node,
        Need::NpmPackages(""),
        Need::Chromium,
        Need::NpmPackages("bench/clients"),
    ];
    match arguments.first().map(String::as_str) {
        Some("core") => &[],
        Some("cloud") => PACKAGE,
        _ => PAGE,
    }
}

/// Runs a benchmark: `core`, `cloud`, `cycles`, `profile`, `sensitivity`, or the
/// comparison of clients.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (name, options) = match arguments {
        [name, options @ ..] => (name.as_str(), options),
        [] => ("", arguments),
    };
    match name {
        "core" => {
            let mut bench = process::command("cargo");
            bench.args(["bench", "--package", "tpa-session", "--bench", "core", "--"]);
            process::show("bench/core.rs", bench.args(options))
        }
        "cloud" => load(options),
        "cycles" => on_package(
            "bench/cycles/run.mjs",
            options,
            &[("CHROMIUM", &CHROMIUM.get()?)],
        ),
        "profile" => on_package("bench/profile/run.mjs", options, &[]),
        "sensitivity" => on_package(
            "bench/sensitivity.mjs",
            options,
            &[("CHROMIUM", &CHROMIUM.get()?)],
        ),
        _ => on_package(
            "bench/run.mjs",
            arguments,
            &[("CHROMIUM", &CHROMIUM.get()?)],
        ),
    }
}

/// Runs `bench/herd.rs`: a million clients that reconnect at the same time.
pub fn herd(options: &[String]) -> Result<(), String> {
    let mut herd = process::command("cargo");
    herd.args([
        "run",
        "--locked",
        "--quiet",
        "--release",
        "--package",
        "tpa-session",
    ])
    .args(["--example", "herd", "--"])
    .args(options);
    process::show("bench/herd.rs", &mut herd)
}

/// Opens many connections to tpa-cloud, native and from npm, and for comparison to a server in Node.
fn load(options: &[String]) -> Result<(), String> {
    build::run()?;
    let npm = workspace::cloud_package().join("cli.js");
    let cloud = cloud::build_release()?;
    let mut bench = process::command("cargo");
    bench
        .args([
            "run",
            "--locked",
            "--quiet",
            "--release",
            "--package",
            "cloud-load",
        ])
        .args(["--", "--cloud"])
        .arg(cloud)
        .arg("--npm")
        .arg(npm)
        .args(options);
    process::show("bench/cloud", &mut bench)
}

/// Runs a script on a fresh build of the package.
fn on_package(
    script: &str,
    options: &[String],
    environment: &[(&str, &Path)],
) -> Result<(), String> {
    build::run()?;
    let mut bench = npm::node();
    bench
        .arg(script)
        .args(options)
        .envs(environment.iter().copied())
        .env("TPA_PKG", workspace::package());
    process::show(script, &mut bench)
}
