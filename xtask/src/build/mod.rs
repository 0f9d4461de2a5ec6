//! `cargo xtask build`: from the Rust sources to the npm packages, `pkg/` and `pkg-cloud/`.

mod bind;
mod compile;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::workspace::{self, Fingerprint, Stamp};
use crate::{arguments, npm, process, toolchain, tools};

/// The sources of an npm package.
#[derive(Debug)]
struct Source {
    /// Crate of the bindings.
    package: &'static str,
    /// Name of the library, and of the files made from it.
    library: &'static str,
    /// Features of the crate, and those with `--dev`.
    features: &'static str,
    dev_features: &'static str,
    /// Messages for people are made with `{:?}`.
    formats_debug: bool,
    /// Pages download it, so that its size counts more than its CPU time.
    for_pages: bool,
    /// Script that bundles the package.
    script: &'static str,
    /// Further files that the package is made of.
    inputs: &'static [&'static str],
    /// Folder in `target` for what the build leaves behind.
    work: &'static str,
}

/// `tpa-session`.
const SESSION: Source = Source {
    package: "tpa-session",
    library: "tpa_session",
    features: "small-allocator",
    dev_features: "small-allocator,panic-messages",
    formats_debug: false,
    for_pages: true,
    script: "pkg-template/build/build.mjs",
    inputs: &["pkg-template", "Cargo.toml"],
    work: "package",
};

/// `tpa-cloud`.
const CLOUD: Source = Source {
    package: "tpa-cloud-wasm",
    library: "tpa_cloud_wasm",
    features: "",
    dev_features: "",
    formats_debug: true,
    for_pages: false,
    script: "cloud/npm/build/build.mjs",
    inputs: &[
        "cloud/npm",
        "cloud/scenarios",
        "pkg-template/build",
        "pkg-template/src/session",
    ],
    work: "package/cloud",
};

impl Source {
    /// Folder for what the build in `mode` leaves behind. Each mode has its own, and none shares
    /// one with another command: different compiler flags overwrite each other's artifacts.
    fn work_folder(&self, mode: Mode) -> PathBuf {
        workspace::target().join(self.work).join(mode.name())
    }
}

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
    make(mode, &SESSION, &workspace::package())?;
    make(mode, &CLOUD, &workspace::cloud_package())
}

/// Builds the packages in `pkg/` and `pkg-cloud/` for a command that needs them.
pub fn run() -> Result<(), String> {
    make(None, &SESSION, &workspace::package())?;
    make(None, &CLOUD, &workspace::cloud_package())
}

/// Builds `tpa-session` a second time with the prebuilt standard library, for the tests of its
/// size; returns its folder.
pub fn plain() -> Result<PathBuf, String> {
    let output = workspace::target().join("package/pkg-plain");
    make(Some(Mode::Plain), &SESSION, &output)?;
    Ok(output)
}

/// Mode in which `run` builds the packages.
pub fn default_mode() -> Result<Mode, String> {
    Ok(compile::default_mode(toolchain::get()?).0)
}

/// Builds a package; a step is skipped when its inputs are unchanged.
fn make(mode: Option<Mode>, source: &Source, output: &Path) -> Result<(), String> {
    // Parts of the tests that run at the same time build the same packages.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    npm::get()?;
    let toolchain = toolchain::get()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    let programs = wasm_bindgen.get()?;

    let mode = mode.unwrap_or_else(|| {
        let (mode, reason) = compile::default_mode(toolchain);
        if let Some(reason) = reason {
            process::line(format!("  plain build, which is larger: {reason}"));
        }
        mode
    });
    let wasm = compile::run(toolchain, mode, source)?;
    let module = bind::run(mode, source, &wasm, &programs, &wasm_bindgen.version)?;
    pack(mode, source, &module, output)
}

/// Bundles the module into the package: entry points, types, manifest. Prints the sizes.
fn pack(mode: Mode, source: &Source, module: &Path, output: &Path) -> Result<(), String> {
    let root = workspace::root();
    let script = root.join(source.script);
    let mut fingerprint = Fingerprint::default().path(module);
    for input in source
        .inputs
        .iter()
        .chain(&["package-lock.json", "LICENSE"])
    {
        fingerprint = fingerprint.path(&root.join(input));
    }
    let fingerprint = fingerprint.finish();
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let stamp = Stamp::new(workspace::target().join(format!("package/{name}.stamp")));
    let sizes = source.work_folder(mode).join("sizes.txt");
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
        process::line(format!("    {line}"));
    }
    let name = mode.name();
    process::line(format!("  {} is ready ({name} build)", output.display()));
    Ok(())
}
