//! `cargo xtask soak`: random faults on the demo page in Chromium.

use crate::browsers::CHROMIUM;
use crate::{build, cloud, npm, process, workspace};

/// Injects faults for some minutes; fails unless the page recovered from each
/// without an error.
pub fn run(minutes: f64) -> Result<(), String> {
    on_demo_page("tests/e2e/run-soak.mjs", &[minutes.to_string()])
}

/// Runs a script that opens the demo page of a fresh build in Chromium.
pub fn on_demo_page(script: &str, arguments: &[String]) -> Result<(), String> {
    build::run()?;
    let cloud = cloud::build()?;
    let mut node = npm::node();
    node.arg(script)
        .args(arguments)
        .env("TPA_CLOUD_BIN", cloud)
        .env("TPA_PKG", workspace::package())
        .env("CHROMIUM", CHROMIUM.get()?);
    process::show(script, &mut node)
}
