//! The examples in Rust that are pages: `examples/rust-pages`.
//!
//! They are a workspace of their own, to keep the dependencies of their frameworks out of the
//! lock file of the crate. A workspace needs a target folder of its own: in a shared one it
//! replaces artifacts of the other, whose next build then fails or starts over.

use std::fs;
use std::path::{Path, PathBuf};

use crate::toolchain::{self, TARGET};
use crate::{process, tools, workspace};

/// Files of a page that are served unchanged.
const STATIC: [&str; 2] = ["index.html", "start.js"];

/// Folder of their workspace.
pub fn folder() -> PathBuf {
    workspace::root().join("examples/rust-pages")
}

/// Target folder of their workspace.
pub fn target() -> PathBuf {
    workspace::target().join("rust-pages")
}

/// Output folder, with a folder for each page that can be served.
pub fn out() -> PathBuf {
    workspace::root().join("target/examples")
}

/// Compiles and binds all pages.
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
        .arg(target())
        .current_dir(folder());
    process::run("compile the pages in Rust", &mut cargo)?;
    let wasm_bindgen = tool.get()?.join("wasm-bindgen");
    for page in pages() {
        bind(&wasm_bindgen, &page, &out().join(&page))?;
    }
    Ok(())
}

/// Names of the pages, sorted.
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
    let compiled = target().join(TARGET).join("debug");
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

/// Checks that one wasm-bindgen can bind both workspaces: it accepts only its own version.
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
    fn two_versions_of_wasm_bindgen_are_an_error_with_its_fix() {
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
