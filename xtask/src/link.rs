//! The linker of the package's wasm: LLVM's, on objects without what never runs.
//!
//! rustc calls this program as its linker, since between the compiler and the linker is the one
//! place where a function can be emptied and all that only it needed is left out with it: later
//! nobody knows any more which part of the data, and which entry of the table of functions,
//! belongs to which function.

use std::fs;
use std::process::{Command, ExitCode};

use crate::snip::snip;
use crate::workspace::Fingerprint;

/// How rustc calls a linker of LLVM's.
pub const CALLED_BY: &str = "-flavor";
/// An argument of ours, followed by the path of a function or a module that never runs.
const NEVER_RUNS: &str = "--never-runs=";

/// An argument of ours that changes with this program: else cargo would not link anew.
const VERSION: &str = "--snip-version=";

/// What rustc must be told so that none of these functions and modules is linked.
pub fn arguments(never_run: &[&str]) -> Vec<String> {
    let version = Fingerprint::default()
        .text(include_str!("snip/mod.rs"))
        .text(include_str!("snip/object.rs"));
    let mut arguments = vec![format!("{VERSION}{}", version.finish())];
    arguments.extend(never_run.iter().map(|path| format!("{NEVER_RUNS}{path}")));
    arguments
}

/// Links; `arguments` are those of rustc.
pub fn run(arguments: &[&str]) -> Result<ExitCode, String> {
    let mut paths = Vec::new();
    let mut theirs = Vec::new();
    for argument in arguments {
        if let Some(path) = argument.strip_prefix(NEVER_RUNS) {
            paths.push(path);
        } else if !argument.starts_with(VERSION) {
            theirs.push(*argument);
        }
    }
    for object in theirs.iter().filter(|argument| argument.ends_with(".o")) {
        let whole = fs::read(object).map_err(|e| format!("cannot read {object}: {e}"))?;
        let snipped = snip(&whole, &paths).map_err(|e| format!("{object}: {e}"))?;
        // rustc made the file for this link only.
        fs::write(object, snipped).map_err(|e| format!("cannot write {object}: {e}"))?;
    }
    let linked = Command::new("rust-lld")
        .args(theirs)
        .status()
        .map_err(|e| format!("cannot run rust-lld: {e}"))?;
    Ok(if linked.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
