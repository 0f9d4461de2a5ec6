//! `cargo xtask coverage`: line coverage of the core by its own tests.

use std::path::PathBuf;
use std::process::Command;

use crate::{process, tools, workspace};

/// Required line coverage of `src/session`, in percent.
const REQUIRED: &str = "99";

/// Files that are not part of the core.
const IGNORED: &str = "/(tests|testkit|cloud|bench|fuzz)/|/src/(web/|lib\\.rs)|/registry/";

/// Runs the tests of the core with instrumentation, and prints the coverage of each file.
pub fn run() -> Result<(), String> {
    let tool = tools::cargo_llvm_cov();
    let mut test = process::command("cargo");
    test.env("PATH", process::path_with(&[tool.get()?]))
        // Enough to reach every line, in a debug build.
        .env("SIM_SEEDS", "2000")
        .args(["llvm-cov", "--locked", "--package", "tpa-session"])
        .args(["--test", "session", "--test", "simulation"])
        .args(["--test", "model_checking"])
        .args(["--ignore-filename-regex", IGNORED])
        .args(["--show-missing-lines", "--fail-under-lines", REQUIRED]);
    if let Some(folder) = llvm_folder() {
        test.env("LLVM_COV", folder.join("llvm-cov"))
            .env("LLVM_PROFDATA", folder.join("llvm-profdata"));
    }
    process::show("the coverage of the core", &mut test)
}

/// Folder of Debian's LLVM tools, if they are as new as the compiler's LLVM. rustup's component
/// `llvm-tools` is found by cargo-llvm-cov itself, and so are `LLVM_COV` and `LLVM_PROFDATA`.
fn llvm_folder() -> Option<PathBuf> {
    if std::env::var_os("LLVM_COV").is_some() {
        return None;
    }
    let version = process::ask(
        Command::new("rustc")
            .arg("-vV")
            .current_dir(workspace::root()),
    )?;
    let line = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    let major = line.split('.').next()?;
    let folder = PathBuf::from(format!("/usr/lib/llvm-{major}/bin"));
    folder.join("llvm-cov").is_file().then_some(folder)
}
