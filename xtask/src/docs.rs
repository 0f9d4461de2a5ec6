//! `cargo xtask docs`: the API reference of the package, and of the crate.

use crate::toolchain::{self, TARGET};
use crate::{npm, process, workspace};

/// Makes both, and says where they are.
pub fn run() -> Result<(), String> {
    npm::get()?;
    let out = workspace::target().join("api");
    let mut typedoc = npm::program("typedoc");
    typedoc
        .arg("--out")
        .arg(&out)
        .current_dir(workspace::root());
    process::run("typedoc", &mut typedoc)?;
    // For wasm, where the crate has all that it has.
    let mut rustdoc = process::command("cargo");
    toolchain::get()?
        .apply(&mut rustdoc)
        .args(["doc", "--no-deps", "--package", "tpa-session"])
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
