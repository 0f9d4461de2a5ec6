//! `cargo xtask build`: from the Rust sources to `pkg/`, the npm package.

mod bind;
mod compile;

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{self, Fingerprint, Stamp};
use crate::{arguments, npm, process, toolchain, tools};

/// Name of the library, and of the files made from it.
const LIBRARY: &str = "tpa_session";

/// Variant of the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For size, with a standard library built with `panic=immediate-abort`.
    ImmediateAbort,
    /// For size, with the prebuilt standard library of the toolchain.
    Plain,
    /// For debugging: with function names and panic messages.
    Dev,
}

impl Mode {
    /// Name of the mode in paths and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::ImmediateAbort => "immediate-abort",
            Self::Plain => "plain",
            Self::Dev => "dev",
        }
    }
}

/// Runs the command `build`.
pub fn command(options: arguments::Build) -> Result<(), String> {
    let mode = match options {
        arguments::Build { plain: true, .. } => Some(Mode::Plain),
        arguments::Build { dev: true, .. } => Some(Mode::Dev),
        arguments::Build { .. } => None,
    };
    make(mode, &workspace::package())
}

/// Builds the package in `pkg/` for a command that needs it.
pub fn run() -> Result<(), String> {
    make(None, &workspace::package())
}

/// Builds the package a second time with the prebuilt standard library, for the tests of its
/// size; returns its folder.
pub fn plain() -> Result<PathBuf, String> {
    let output = workspace::target().join("package/pkg-plain");
    make(Some(Mode::Plain), &output)?;
    Ok(output)
}

/// Mode in which `run` builds the package.
pub fn default_mode() -> Result<Mode, String> {
    Ok(compile::default_mode(toolchain::get()?).0)
}

/// Builds the package; a step is skipped when its inputs are unchanged.
fn make(mode: Option<Mode>, output: &Path) -> Result<(), String> {
    npm::get()?;
    let toolchain = toolchain::get()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    let programs = wasm_bindgen.get()?;

    let mode = mode.unwrap_or_else(|| {
        let (mode, reason) = compile::default_mode(toolchain);
        if let Some(reason) = reason {
            println!("  plain build, 4,200 bytes larger: {reason}");
        }
        mode
    });
    let wasm = compile::run(toolchain, mode)?;
    let module = bind::run(mode, &wasm, &programs, &wasm_bindgen.version)?;
    pack(mode, &module, output)
}

/// Folder for what the build in `mode` leaves behind. Each mode has its own, and none shares one
/// with another command: different compiler flags overwrite each other's artifacts.
fn work_folder(mode: Mode) -> PathBuf {
    workspace::target().join("package").join(mode.name())
}

/// Bundles the module into the package: entry points, types, manifest. Prints the sizes.
fn pack(mode: Mode, module: &Path, output: &Path) -> Result<(), String> {
    let root = workspace::root();
    let script = root.join("pkg-template/build/build.mjs");
    let mut fingerprint = Fingerprint::default().path(module);
    for input in ["pkg-template", "package-lock.json", "Cargo.toml", "LICENSE"] {
        fingerprint = fingerprint.path(&root.join(input));
    }
    let fingerprint = fingerprint.finish();
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let stamp = Stamp::new(workspace::target().join(format!("package/{name}.stamp")));
    let sizes = work_folder(mode).join("sizes.txt");
    if stamp.matches(&fingerprint) && output.join("package.json").is_file() {
        process::skipped("package", "up to date");
    } else {
        stamp.clear();
        let mut node = npm::node();
        node.arg(script).arg(module).arg(output);
        if mode == Mode::Dev {
            node.arg("--dev");
        }
        let printed = process::run("package", &mut node)?;
        fs::write(&sizes, printed).map_err(|e| format!("cannot write {}: {e}", sizes.display()))?;
        stamp.set(&fingerprint);
    }
    for line in fs::read_to_string(&sizes).unwrap_or_default().lines() {
        println!("    {line}");
    }
    println!("  {} is ready ({} build)", output.display(), mode.name());
    Ok(())
}
