//! The examples in Rust that are pages: `examples/rust-pages`.
//!
//! They are a workspace of their own, since what their frameworks need is not for the lock file
//! of the crate. They are compiled into the same target folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::toolchain::{self, TARGET};
use crate::{process, tools, workspace};

/// What is served as it is.
const STATIC: [&str; 2] = ["index.html", "start.js"];

/// Their workspace.
pub fn folder() -> PathBuf {
    workspace::root().join("examples/rust-pages")
}

/// Where each of them is, ready to be served, in a folder of its own.
pub fn out() -> PathBuf {
    workspace::root().join("target/examples")
}

/// Compiles and binds all of them.
pub fn build() -> Result<(), String> {
    let tool = tools::wasm_bindgen()?;
    same_version(
        &workspace::wasm_bindgen_version_in(&folder())?,
        &tool.version,
    )?;
    let toolchain = toolchain::get()?;
    let mut cargo = process::command("cargo");
    toolchain
        .apply(&mut cargo)
        .args(["build", "--locked", "--target", TARGET, "--target-dir"])
        .arg(workspace::target())
        .current_dir(folder());
    process::run("compile the pages in Rust", &mut cargo)?;
    let wasm_bindgen = tool.get()?.join("wasm-bindgen");
    for page in pages() {
        bind(&wasm_bindgen, &page, &out().join(&page))?;
    }
    Ok(())
}

/// The names of those that there are, in order.
pub fn pages() -> Vec<String> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn bind(wasm_bindgen: &Path, page: &str, out: &Path) -> Result<(), String> {
    let compiled = workspace::target().join(TARGET).join("debug");
    let mut command = process::command(wasm_bindgen);
    command
        .args(["--target", "web", "--no-typescript", "--out-name", page])
        .arg("--out-dir")
        .arg(out)
        .arg(compiled.join(format!("{page}.wasm")));
    process::run(&format!("wasm-bindgen {page}"), &mut command)?;
    for file in STATIC {
        let from = folder().join(page).join(file);
        fs::copy(&from, out.join(file))
            .map_err(|e| format!("cannot copy {}: {e}", from.display()))?;
    }
    Ok(())
}

/// One wasm-bindgen binds them all, and takes its own version only.
fn same_version(theirs: &str, ours: &str) -> Result<(), String> {
    if theirs == ours {
        return Ok(());
    }
    Err(format!(
        "examples/rust-pages/Cargo.lock has wasm-bindgen {theirs} and Cargo.lock has {ours}; there run \
         `cargo update --package wasm-bindgen --precise {ours}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_versions_of_wasm_bindgen_are_told_with_their_mend() {
        assert_eq!(same_version("0.2.1", "0.2.1"), Ok(()));
        let error = same_version("0.2.1", "0.2.2").unwrap_err();
        assert!(error.ends_with("--precise 0.2.2`"), "{error}");
    }

    #[test]
    fn the_lock_files_have_one_version_of_wasm_bindgen() {
        let theirs = workspace::wasm_bindgen_version_in(&folder());
        assert_eq!(theirs, workspace::wasm_bindgen_version());
    }

    #[test]
    fn each_page_has_what_is_served() {
        assert!(!pages().is_empty());
        for page in pages() {
            for file in STATIC {
                assert!(folder().join(&page).join(file).is_file(), "{page}/{file}");
            }
        }
    }
}
