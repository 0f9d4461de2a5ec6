//! Node and the npm packages of the workspace.

use std::path::{Path, PathBuf};
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

/// Are the packages of the workspace those of its package-lock.json?
pub fn up_to_date() -> bool {
    stamp(&workspace::root()).matches(&fingerprint(&workspace::root()))
}

/// Installs the packages of the workspace, if they are not there yet.
pub fn get() -> Result<(), String> {
    get_in(&workspace::root())
}

/// Installs the packages of a folder's own package-lock.json, if they are not there yet.
pub fn get_in(folder: &Path) -> Result<(), String> {
    let fingerprint = fingerprint(folder);
    if stamp(folder).matches(&fingerprint) {
        return Ok(());
    }
    stamp(folder).clear();
    let mut npm = npm();
    npm.args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder);
    process::run("npm ci", &mut npm)?;
    stamp(folder).set(&fingerprint);
    Ok(())
}

fn stamp(folder: &Path) -> Stamp {
    Stamp::new(folder.join("node_modules/.xtask-stamp"))
}

fn fingerprint(folder: &Path) -> String {
    Fingerprint::default()
        .path(&folder.join("package-lock.json"))
        .finish()
}
