//! `cargo xtask where-it-runs`: the tables of docs/where-it-runs.md.

use std::fs;
use std::process::Command;

use crate::{npm, process, workspace};

/// Writes the tables from the results of the last tests.
pub fn write() -> Result<(), String> {
    process::run("docs/where-it-runs.md", &mut program()).map(drop)
}

/// Removes the results of earlier tests, so that only rows that pass have one.
pub fn forget() -> Result<(), String> {
    let folder = workspace::target().join("where-it-runs");
    match fs::remove_dir_all(&folder) {
        Err(error) if folder.exists() => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}

/// A command that compares the tables with the results.
pub fn check() -> Command {
    let mut program = program();
    program.arg("--check");
    program
}

fn program() -> Command {
    let mut node = npm::node();
    node.arg("tests/matrix/where-it-runs.mjs");
    node
}
