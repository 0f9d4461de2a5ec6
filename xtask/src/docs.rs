//! `cargo xtask docs`: API references of the package and of the crate.

use crate::toolchain::{self, TARGET};
use crate::{npm, process, workspace};

/// Generates both and prints their paths.
pub fn run() -> Result<(), String> {
    npm::get()?;
    let out = workspace::target().join("api");
    let mut typedoc = npm::program("typedoc");
    typedoc
        .arg("--out")
        .arg(&out)
        .current_dir(workspace::root());
    process::run("typedoc", &mut typedoc)?;
    // For wasm: the module `web` exists only there.
    let mut rustdoc = process::command("cargo");
    toolchain::get()?
        .apply(&mut rustdoc)
        .args(["doc", "--locked", "--no-deps", "--package", "tpa-session"])
        .args(["--target", TARGET]);
    process::run("cargo doc", &mut rustdoc)?;
    println!("  {}", out.join("index.html").display());
    println!(
        "  {}",
        workspace::target()
            .join(TARGET)
            .join("doc/tpa_session/index.html")
            .display()
    );
    Ok(())
}
