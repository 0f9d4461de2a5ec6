//! Node and the npm packages of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;
use crate::workspace::{self, Fingerprint, Stamp};

/// Oldest major version of Node that is supported.
pub const NODE_MAJOR: u32 = 20;

/// A command that runs Node.
pub fn node() -> Command {
    process::command("node")
}

/// A command that runs npm.
pub fn npm() -> Command {
    process::command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// A command that runs a program of an installed npm package.
pub fn program(name: &str) -> Command {
    let suffix = if cfg!(windows) { ".cmd" } else { "" };
    process::command(bin().join(format!("{name}{suffix}")))
}

/// Folder with the programs of the installed npm packages.
pub fn bin() -> PathBuf {
    workspace::root().join("node_modules/.bin")
}

/// Tests whether the packages of a folder are those of its package-lock.json.
pub fn is_installed(folder: &Path) -> bool {
    stamp(folder).matches(&fingerprint(folder))
}

/// Installs the packages of a folder's package-lock.json.
pub fn install(folder: &Path) -> Result<(), String> {
    stamp(folder).clear();
    let mut npm = npm();
    // No package needs its install script: binaries come as optional dependencies.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder);
    let name = folder.strip_prefix(workspace::root()).unwrap_or(folder);
    process::run(&format!("npm ci {}", name.display()), &mut npm)?;
    stamp(folder).set(&fingerprint(folder));
    Ok(())
}

/// Checks that the packages of the workspace are installed.
pub fn get() -> Result<(), String> {
    get_in(&workspace::root())
}

/// Checks that the packages of a folder are installed.
pub fn get_in(folder: &Path) -> Result<(), String> {
    if is_installed(folder) {
        return Ok(());
    }
    Err(format!(
        "npm packages are missing or old in {}; run `cargo xtask setup`",
        folder.display()
    ))
}

fn stamp(folder: &Path) -> Stamp {
    Stamp::new(folder.join("node_modules/.xtask-stamp"))
}

fn fingerprint(folder: &Path) -> String {
    Fingerprint::default()
        .path(&folder.join("package-lock.json"))
        .finish()
}
