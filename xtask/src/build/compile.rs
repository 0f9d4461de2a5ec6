//! Rust to wasm.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Mode, Source};
use crate::toolchain::{self, TARGET, Toolchain};
use crate::{process, workspace};

/// Wasm features that are off: a table of JavaScript values in the glue is 700 bytes smaller in
/// brotli than one in wasm.
const FEATURES_OFF: &str = "-reference-types,-multivalue";
/// Wasm features that the package may use. Set only with the prebuilt standard library, whose
/// object files name more features than they use.
const FEATURES: &str = "bulk-memory,bulk-memory-opt,mutable-globals,nontrapping-fptoint,sign-ext";
/// LLVM passes that favour speed over size; without them the wasm is 290 bytes smaller in brotli.
const PASSES_OFF: [&str; 3] = [
    "-disable-lsr",
    "-enable-load-pre=false",
    "-simplifycfg-sink-common=false",
];
/// What makes a wasm for pages 680 bytes smaller in brotli: LLVM copies and clears more than 8 bytes
/// by one instruction, where it would load and store them in pieces, repeats a short calculation where
/// it would keep the result, and inlines functions that are as short as a call of them. A queued
/// message takes as much CPU time as without them. Older versions of LLVM do not know the first three.
const SMALL_FOR_PAGES: [&str; 6] = [
    "-max-store-memcpy=1",
    "-max-store-memmove=1",
    "-max-store-memset=1",
    "-disable-machine-cse",
    "-disable-machine-licm",
    "-inline-threshold=10",
];
/// Size of the stack in bytes. It is first in memory, so a small one keeps addresses short.
const STACK: u32 = 65_536;
/// Panics abort without a message, and the compiler omits all code that would build one.
const IMMEDIATE_ABORT: [&str; 3] = [
    "-Cpanic=immediate-abort",
    "-Zunstable-options",
    "-Zlocation-detail=none",
];
/// Omits all code for `{:?}`.
const NO_DEBUG_FORMAT: &str = "-Zfmt-debug=none";
/// Arguments of cargo that build a standard library with the flags of the package.
const BUILD_STD: [&str; 2] = [
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
];

/// The smallest build that the toolchain can make, and the reason if it is the plain one.
pub fn default_mode(toolchain: Toolchain) -> (Mode, Option<String>) {
    match missing_for_immediate_abort(toolchain) {
        None => (Mode::ImmediateAbort, None),
        reason => (Mode::Plain, reason),
    }
}

/// The part that the toolchain lacks to build a standard library with `panic=immediate-abort`.
fn missing_for_immediate_abort(toolchain: Toolchain) -> Option<String> {
    let Some(sysroot) = process::ask(rustc(toolchain).args(["--print", "sysroot"])) else {
        return Some("rustc does not work".into());
    };
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    if !library.join("Cargo.lock").is_file() {
        let how = "`rustup component add rust-src` installs it";
        return Some(format!(
            "the source of the standard library is not there; {how}"
        ));
    }
    let mut probe = rustc(toolchain);
    probe
        .args(IMMEDIATE_ABORT)
        .arg(NO_DEBUG_FORMAT)
        .args(["--target", TARGET, "--print", "cfg"]);
    let accepted = process::ask(unstable(&mut probe)).is_some();
    (!accepted).then(|| "this rustc has no panic=immediate-abort".into())
}

fn rustc(toolchain: Toolchain) -> Command {
    let mut rustc = process::command("rustc");
    toolchain.apply(&mut rustc);
    rustc
}

/// Returns true if the LLVM of the compiler knows these arguments.
fn accepts(toolchain: Toolchain, llvm_args: &[&str]) -> bool {
    let mut probe = rustc(toolchain);
    probe.args(llvm_args.iter().map(|arg| format!("-Cllvm-args={arg}")));
    process::ask(probe.args(["--print", "cfg"])).is_some()
}

/// Allows unstable options in a release of the compiler.
fn unstable(command: &mut Command) -> &mut Command {
    command.env("RUSTC_BOOTSTRAP", "1")
}

/// Compiles a library and returns the wasm file.
pub fn run(toolchain: Toolchain, mode: Mode, source: &Source) -> Result<PathBuf, String> {
    // `path_flags` lists the folders of the sources, so they must exist.
    let mut fetch = process::command("cargo");
    process::run("cargo fetch", fetch.args(["fetch", "--locked"]))?;
    let folder = source.work_folder(mode).join("target");
    let (profile, features) = match mode {
        Mode::ImmediateAbort | Mode::Plain => ("wasm", source.features),
        Mode::Dev => ("wasm-dev", source.dev_features),
    };
    let mut cargo = process::command("cargo");
    toolchain
        .apply(&mut cargo)
        .args(["rustc", "--locked", "--package", source.package, "--lib"])
        .args(["--features", features, "--crate-type", "cdylib"])
        .args(["--profile", profile, "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(mode, source).join("\x1f"));
    if mode == Mode::ImmediateAbort {
        unstable(&mut cargo).args(BUILD_STD);
    }
    // For the last crate alone: with link-time optimisation it makes the code of all of them.
    if source.for_pages && mode != Mode::Dev && accepts(toolchain, &SMALL_FOR_PAGES) {
        let arguments = SMALL_FOR_PAGES.map(|arg| format!("-Cllvm-args={arg}"));
        cargo.arg("--").args(arguments);
    }
    let step = format!("compile {} to wasm ({})", source.package, mode.name());
    process::run(&step, &mut cargo)?;
    Ok(folder
        .join(TARGET)
        .join(profile)
        .join(format!("{}.wasm", source.library)))
}

fn flags(mode: Mode, source: &Source) -> Vec<String> {
    let mut flags = path_flags();
    flags.push(format!("-Ctarget-feature={FEATURES_OFF}"));
    flags.push(format!("-Clink-arg=-zstack-size={STACK}"));
    if mode != Mode::Dev {
        flags.extend(PASSES_OFF.map(|pass| format!("-Cllvm-args={pass}")));
    }
    if mode == Mode::ImmediateAbort {
        flags.extend(IMMEDIATE_ABORT.map(String::from));
        if !source.formats_debug {
            flags.push(NO_DEBUG_FORMAT.into());
        }
    } else {
        flags.push(format!("-Clink-arg=--features={FEATURES}"));
        flags.push("-Clink-arg=--no-check-features".into());
    }
    flags
}

/// Flags that replace paths of this machine in panic messages.
fn path_flags() -> Vec<String> {
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let registries = toolchain::registry_folders();
    let mut flags = vec![remap(&workspace::root(), ".")];
    flags.extend(registries.iter().map(|folder| remap(folder, "/crates")));
    flags
}
