//! Node and the npm packages of the workspace.

use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::workspace::{self, Fingerprint, Stamp};

/// The oldest Node that works.
pub const NODE_MAJOR: u32 = 20;

/// Node with arguments.
pub fn node() -> Command {
    process::command("node")
}

/// npm with arguments.
pub fn npm() -> Command {
    process::command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// A program that an npm package brings.
pub fn program(name: &str) -> Command {
    let suffix = if cfg!(windows) { ".cmd" } else { "" };
    process::command(bin().join(format!("{name}{suffix}")))
}

/// The folder of the programs that npm packages bring.
pub fn bin() -> PathBuf {
    workspace::root().join("node_modules/.bin")
}

/// Are the packages those of package-lock.json?
pub fn up_to_date() -> bool {
    stamp().matches(&fingerprint())
}

/// Installs the packages of package-lock.json, if they are not there yet.
pub fn get() -> Result<(), String> {
    if up_to_date() {
        return Ok(());
    }
    stamp().clear();
    process::run("npm ci", npm().args(["ci", "--no-audit", "--no-fund"]))?;
    stamp().set(&fingerprint());
    Ok(())
}

fn stamp() -> Stamp {
    Stamp::new(workspace::root().join("node_modules/.xtask-stamp"))
}

fn fingerprint() -> String {
    Fingerprint::default()
        .path(&workspace::root().join("package-lock.json"))
        .finish()
}
