//! `cargo xtask build`: from the Rust sources to `pkg/`, the npm package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::toolchain::{self, TARGET, Toolchain};
use crate::workspace::{self, Fingerprint, Stamp};
use crate::{link, npm, process, tools};

/// The name of the library, and of the files made from it.
const LIBRARY: &str = "tpa_session";
/// The cargo profile (in Cargo.toml) that the package is built with.
const PROFILE: &str = "wasm";
/// Without types for references to JavaScript's values: a table of them that JavaScript keeps
/// itself is smaller by 900 bytes in brotli than one that wasm keeps.
const FEATURES_OFF: &str = "-reference-types,-multivalue";
/// Those that are left, as the standard library was compiled with more.
const FEATURES: &str = "bulk-memory,bulk-memory-opt,mutable-globals,nontrapping-fptoint,sign-ext";
/// What LLVM does for the sake of speed even where small size was asked for; 290 bytes.
const PASSES_OFF: [&str; 3] = [
    "-disable-lsr",
    "-enable-load-pre=false",
    "-simplifycfg-sink-common=false",
];
/// Bytes of the stack, which comes first in memory: addresses after a small one are short.
const STACK: u32 = 65_536;
/// Functions and modules that never run in the package; 2,700 bytes in brotli.
///
/// A panic traps, whatever it would have said: on this target its message goes nowhere. And a
/// future is polled by the queue of microtasks, not by a stack that the browser switches.
const NEVER_RUNS: [&str; 15] = [
    "core::panicking",
    "core::cell::panic_already_borrowed",
    "core::cell::panic_already_mutably_borrowed",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "std::panicking",
    "js_sys::futures::jspi",
    "__rustc::rust_begin_unwind",
    "wasm_bindgen::throw_str",
];
/// Smallest size, twice: the second time with the jumps arranged anew. Nothing is below the first
/// 1,024 bytes, where the stack ends, so that offsets of fields need not be added up at run time.
/// And without the sections that only tools read. The wasm features are those that the file names.
const WASM_OPT: [&str; 8] = [
    "-Oz",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--strip-producers",
    "--strip-target-features",
];

/// Makes the package; each step only when its inputs changed.
pub fn run() -> Result<(), String> {
    npm::get()?;
    let toolchain = toolchain::get()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    let bindgen_folder = wasm_bindgen.get()?;

    let wasm = compile(toolchain)?;
    let module = bind(&wasm, &bindgen_folder, &wasm_bindgen.version)?;
    pack(&module)
}

/// Rust to wasm. `crate-type` is given because cargo does no link-time
/// optimisation for a library that is an rlib too.
fn compile(toolchain: Toolchain) -> Result<PathBuf, String> {
    // The sources must be there before their folders can be named in the flags.
    process::run("cargo fetch", process::command("cargo").arg("fetch"))?;
    let this = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let mut cargo = process::command("cargo");
    toolchain
        .apply(&mut cargo)
        .args(["rustc", "--package", "tpa-session", "--lib"])
        .args(["--features", "small-allocator"])
        .args([
            "--crate-type",
            "cdylib",
            "--profile",
            PROFILE,
            "--target",
            TARGET,
        ])
        .env("CARGO_ENCODED_RUSTFLAGS", flags().join("\x1f"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", this);
    process::run("compile to wasm", &mut cargo)?;
    let wasm = workspace::target()
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{LIBRARY}.wasm"));
    Ok(wasm)
}

fn flags() -> Vec<String> {
    let mut flags = path_flags();
    flags.push(format!("-Ctarget-feature={FEATURES_OFF}"));
    flags.extend(PASSES_OFF.map(|pass| format!("-Cllvm-args={pass}")));
    let linker = [
        format!("--features={FEATURES}"),
        "--no-check-features".into(),
        format!("-zstack-size={STACK}"),
    ];
    let arguments = linker.into_iter().chain(link::arguments(&NEVER_RUNS));
    flags.extend(arguments.map(|argument| format!("-Clink-arg={argument}")));
    flags
}

/// Compiler flags that keep this machine's paths out of panic messages.
fn path_flags() -> Vec<String> {
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let registries = toolchain::registry_folders();
    let mut flags = vec![remap(&workspace::root(), ".")];
    flags.extend(registries.iter().map(|folder| remap(folder, "/crates")));
    flags
}

/// The flags above can miss a path; then the package must not be made.
fn no_local_paths(wasm: &Path) -> Result<(), String> {
    let bytes = read(wasm)?;
    let folders = [
        Some(workspace::root()),
        toolchain::cargo_home(),
        env::home_dir(),
    ];
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    for folder in folders.into_iter().flatten() {
        // A separator makes it a path: `/root` alone can be part of any text.
        let prefix = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
        if contains(prefix.as_bytes()) {
            return Err(format!(
                "{} contains a path of this machine ({prefix}); see path_flags in xtask/src/build.rs",
                wasm.display()
            ));
        }
    }
    Ok(())
}

/// wasm to a module: bindings by wasm-bindgen, size by wasm-opt.
fn bind(wasm: &Path, tools: &Path, version: &str) -> Result<PathBuf, String> {
    let output = workspace::target().join("pkg-build");
    let fingerprint = Fingerprint::default()
        .path(wasm)
        .path(&workspace::root().join("package-lock.json"))
        .text(version)
        .text(&WASM_OPT.join(" "))
        .finish();
    let stamp = Stamp::new(workspace::target().join("pkg-build.stamp"));
    if stamp.matches(&fingerprint) && output.is_dir() {
        process::skipped("wasm-bindgen, wasm-opt", "up to date");
        return Ok(output);
    }
    stamp.clear();
    if output.exists() {
        fs::remove_dir_all(&output)
            .map_err(|e| format!("cannot empty {}: {e}", output.display()))?;
    }
    let mut wasm_bindgen = process::command(tools.join("wasm-bindgen"));
    wasm_bindgen
        .args([
            "--target",
            "bundler",
            "--no-typescript",
            "--out-name",
            LIBRARY,
            "--out-dir",
        ])
        .arg(&output)
        .arg(wasm);
    process::run("wasm-bindgen", &mut wasm_bindgen)?;

    let bound = output.join(format!("{LIBRARY}_bg.wasm"));
    let before = size(&bound)?;
    let mut wasm_opt = npm::program("wasm-opt");
    wasm_opt.args(WASM_OPT).arg(&bound).arg("-o").arg(&bound);
    process::run("wasm-opt", &mut wasm_opt)?;
    no_local_paths(&bound)?;
    println!(
        "    wasm: {} bytes compiled, {before} bound, {} optimised",
        size(wasm)?,
        size(&bound)?
    );
    stamp.set(&fingerprint);
    Ok(output)
}

/// A module to a package: entry points, types, manifest; says the sizes.
fn pack(module: &Path) -> Result<(), String> {
    let root = workspace::root();
    let script = root.join("pkg-template/build/build.mjs");
    let output = workspace::package();
    let mut fingerprint = Fingerprint::default().path(module);
    for input in ["pkg-template", "package-lock.json", "Cargo.toml", "LICENSE"] {
        fingerprint = fingerprint.path(&root.join(input));
    }
    let fingerprint = fingerprint.finish();
    let stamp = Stamp::new(workspace::target().join("pkg.stamp"));
    let sizes = workspace::target().join("pkg-sizes.txt");
    if stamp.matches(&fingerprint) && output.join("package.json").is_file() {
        process::skipped("package", "up to date");
    } else {
        stamp.clear();
        let said = process::run("package", npm::node().arg(script).arg(module).arg(&output))?;
        fs::write(&sizes, said).map_err(|e| format!("cannot write {}: {e}", sizes.display()))?;
        stamp.set(&fingerprint);
    }
    for line in fs::read_to_string(&sizes).unwrap_or_default().lines() {
        println!("    {line}");
    }
    println!("  {} is ready", output.display());
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

fn size(path: &Path) -> Result<u64, String> {
    fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|e| format!("cannot read {}: {e}", path.display()))
}
