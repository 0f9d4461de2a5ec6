//! Wasm to a module: bindings by wasm-bindgen, size by wasm-opt.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Mode, Source};
use crate::workspace::{self, Fingerprint, Stamp};
use crate::{npm, process, toolchain};

/// Glue for a bundler. Every engine that runs the package (ES2022) has `TextEncoder.encodeInto`,
/// so that the glue needs no substitute.
const WASM_BINDGEN: [&str; 4] = [
    "--target=bundler",
    "--no-typescript",
    "--encode-into",
    "always",
];
/// Optimises for size, and again after restructuring control flow. To restructure it twice saves 70
/// bytes in brotli. The first 1,024 bytes of memory are the end of the stack and hold no data, so
/// wasm-opt may fold offsets. Sorted by name, functions of one type are neighbours, which saves 110
/// bytes in brotli.
const WASM_OPT: [&str; 10] = [
    "-Oz",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--reorder-functions-by-name",
];

/// Makes the module and returns its folder.
pub fn run(
    mode: Mode,
    source: &Source,
    wasm: &Path,
    programs: &Path,
    version: &str,
) -> Result<PathBuf, String> {
    let output = source.work_folder(mode).join("bindgen");
    let fingerprint = Fingerprint::default()
        .path(wasm)
        .path(&workspace::root().join("package-lock.json"))
        .text(version)
        .text(&WASM_BINDGEN.join(" "))
        .text(&WASM_OPT.join(" "))
        .finish();
    let stamp = Stamp::new(source.work_folder(mode).join("bindgen.stamp"));
    if stamp.matches(&fingerprint) && output.is_dir() {
        process::skipped("wasm-bindgen, wasm-opt", "up to date");
        return Ok(output);
    }
    stamp.clear();
    if output.exists() {
        fs::remove_dir_all(&output)
            .map_err(|e| format!("cannot empty {}: {e}", output.display()))?;
    }
    let mut wasm_bindgen = process::command(programs.join("wasm-bindgen"));
    wasm_bindgen
        .args(WASM_BINDGEN)
        .args(["--out-name", source.library, "--out-dir"])
        .arg(&output)
        .arg(wasm);
    process::run("wasm-bindgen", &mut wasm_bindgen)?;

    let bound = output.join(format!("{}_bg.wasm", source.library));
    let before = size(&bound)?;
    if mode != Mode::Dev {
        let mut wasm_opt = npm::program("wasm-opt");
        wasm_opt.args(WASM_OPT).arg(&bound).arg("-o").arg(&bound);
        process::run("wasm-opt", &mut wasm_opt)?;
    }
    require_no_local_paths(&bound)?;
    process::line(format!(
        "    wasm: {} bytes compiled, {before} bound, {} optimised",
        size(wasm)?,
        size(&bound)?
    ));
    stamp.set(&fingerprint);
    Ok(output)
}

/// Fails if the wasm contains a path of this machine, which the compiler's flags can miss.
fn require_no_local_paths(wasm: &Path) -> Result<(), String> {
    let bytes = fs::read(wasm).map_err(|e| format!("cannot read {}: {e}", wasm.display()))?;
    let folders = [
        Some(workspace::root()),
        toolchain::cargo_home(),
        env::home_dir(),
    ];
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    for folder in folders.into_iter().flatten() {
        // With the separator: `/root` alone can be part of any text.
        let prefix = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
        if contains(prefix.as_bytes()) {
            return Err(format!(
                "{} contains a path of this machine ({prefix}); see path_flags in \
                 xtask/src/build/compile.rs",
                wasm.display()
            ));
        }
    }
    Ok(())
}

fn size(path: &Path) -> Result<u64, String> {
    fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|e| format!("cannot read {}: {e}", path.display()))
}
