//! Debian's compiler for wasm, `rustc-web`, and a standard library for it.
//!
//! Debian ships the compiler and the source of the standard library, but not
//! the library. It is compiled once and installed where the compiler searches
//! it; after that `cargo build --target wasm32-unknown-unknown` works.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGET, has_rustup, registry_folders};
use crate::{apt, process};

/// Name under which rustup knows this toolchain.
pub(super) const LINKED: &str = "debian-web";
/// The compiler, and what compiling a standard library with it needs.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const LINKER: &str = "/usr/bin/rust-lld";
/// File beside the installed library that names the compiler it was built for.
const STAMP: &str = ".built-for";

/// Identity of the compiler; a library works with this compiler only.
fn compiler() -> Option<String> {
    process::ask(process::command(RUSTC).arg("-vV"))
}

fn library_folder() -> Option<PathBuf> {
    process::ask(process::command(RUSTC).args(["--print", "target-libdir", "--target", TARGET]))
        .map(PathBuf::from)
}

/// Tests for the linker and for a library of this compiler.
pub(super) fn is_ready() -> bool {
    let built_for = library_folder().and_then(|folder| fs::read_to_string(folder.join(STAMP)).ok());
    Path::new(LINKER).exists() && built_for.is_some() && built_for == compiler()
}

/// Installs the packages, compiles the library, and registers both with rustup.
pub fn install() -> Result<(), String> {
    apt::install(&PACKAGES)?;
    // The linker is a symbolic link to `lld-N`, which is in a package of that
    // name that the others do not depend on.
    if !Path::new(LINKER).exists() {
        let lld = fs::read_link(LINKER).map_err(|e| format!("{LINKER} is missing: {e}"))?;
        let package = lld
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        apt::install(&[&package])?;
    }
    if !is_ready() {
        build_std()?;
    }
    if has_rustup() {
        let linked = process::command("rustup")
            .args(["toolchain", "link", LINKED, "/usr"])
            .output();
        if !linked.is_ok_and(|output| output.status.success()) {
            return Err(format!("`rustup toolchain link {LINKED} /usr` failed"));
        }
    }
    Ok(())
}

/// Compiles the standard library from Debian's source and installs it. The
/// crate that is built is empty; the result is in its dependencies.
fn build_std() -> Result<(), String> {
    let missing = || format!("{RUSTC} does not work; reinstall rustc-web");
    let folder = library_folder().ok_or_else(missing)?;
    let compiler = compiler().ok_or_else(missing)?;
    let work = env::temp_dir().join(format!("xtask-std-{}", std::process::id()));
    let built = compile_std(&work).and_then(|libraries| {
        install_std(&libraries, &folder, &compiler).map_err(|e| {
            format!(
                "cannot install the standard library in {}: {e}",
                folder.display()
            )
        })
    });
    let _ = fs::remove_dir_all(&work);
    built
}

/// Compiles it in `work`; returns the folder with the libraries.
fn compile_std(work: &Path) -> Result<PathBuf, String> {
    let unusable = |e: std::io::Error| format!("cannot write to {}: {e}", work.display());
    fs::create_dir_all(work.join("src")).map_err(unusable)?;
    fs::write(work.join("src/lib.rs"), "#![no_std]\n").map_err(unusable)?;
    // Its own workspace, with the profile that releases of std are built with.
    let manifest = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
        [profile.release]\ncodegen-units = 1\npanic = \"abort\"\n\n[workspace]\n";
    fs::write(work.join("Cargo.toml"), manifest).map_err(unusable)?;

    let output = work.join("target");
    let mut cargo = process::command(CARGO);
    cargo
        .current_dir(work)
        .args(["build", "--release", "--target", TARGET])
        .arg("-Zbuild-std=std,panic_abort,test,proc_macro")
        .env("CARGO_TARGET_DIR", &output)
        .env("CARGO_ENCODED_RUSTFLAGS", std_flags().join("\x1f"))
        .env("RUSTC", RUSTC)
        // `-Zbuild-std` requires it with a compiler that is not a nightly.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTUP_TOOLCHAIN");
    process::run(&format!("build std for {TARGET}"), &mut cargo)?;
    Ok(output.join(TARGET).join("release/deps"))
}

/// Flags for std: bitcode, which LTO needs, and the paths in panic messages
/// that the std of rustup has.
fn std_flags() -> Vec<String> {
    let mut flags = vec!["-Cembed-bitcode=yes".to_string()];
    let sysroot = process::ask(process::command(RUSTC).args(["--print", "sysroot"]));
    let version = compiler().unwrap_or_default();
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))
        .unwrap_or("unknown");
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    if let Some(sysroot) = sysroot {
        let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
        let library = format!("/rustc/{commit}/library");
        flags.push(remap(&source, &library));
        // If it is a symbolic link, either path may be recorded.
        flags.extend(fs::canonicalize(&source).map(|source| remap(&source, &library)));
    }
    flags.extend(
        registry_folders()
            .iter()
            .map(|folder| remap(folder, "/rust/deps")),
    );
    flags
}

fn install_std(libraries: &Path, folder: &Path, compiler: &str) -> std::io::Result<()> {
    let new = folder.with_extension("new");
    if new.exists() {
        fs::remove_dir_all(&new)?;
    }
    fs::create_dir_all(&new)?;
    for entry in fs::read_dir(libraries)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, new.join(&name))?;
        }
    }
    fs::write(new.join(STAMP), compiler)?;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(&new, folder)
}
