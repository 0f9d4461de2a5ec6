//! Formatting, lints, types and documentation.

use super::{Report, workflows};
use crate::toolchain::{self, TARGET};
use crate::{npm, process, rust_pages, workspace};

/// All of them, the Rust ones first.
pub fn run(report: &mut Report) {
    rust(report);
    wasm(report);
    match npm::get() {
        Ok(()) => javascript(report),
        Err(error) => report.fail("npm ci", error),
    }
    workflows::run(report);
}

fn rust(report: &mut Report) {
    for component in ["rustfmt", "clippy"] {
        if let Err(error) = toolchain::get_component(component) {
            report.fail(component, error);
        }
    }
    let cargo = || process::command("cargo");
    report.check("rustfmt", cargo().args(["fmt", "--all", "--check"]));
    report.check(
        "rustfmt of the pages",
        cargo()
            .args(["fmt", "--all", "--check"])
            .current_dir(rust_pages::folder()),
    );
    report.check(
        "clippy",
        cargo().args(["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]),
    );
    // With the rest of the workspace the cloud always has its server.
    report.check(
        "clippy without the server",
        cargo()
            .args(["clippy", "--package", "tpa-cloud", "--lib"])
            .args(["--no-default-features", "--", "-Dwarnings"]),
    );
    report.check(
        "rustdoc",
        cargo()
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
            ])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    );
    report.check(
        "cargo package",
        cargo()
            .args(["package", "--package", "tpa-session"])
            .args(["--locked", "--allow-dirty"])
            // It builds the crate again, which must not replace the artifacts of the tests.
            .env("CARGO_TARGET_DIR", workspace::target().join("tarball")),
    );
}

/// Half of the root crate is compiled for wasm only.
fn wasm(report: &mut Report) {
    let ready = toolchain::get().and_then(|toolchain| {
        toolchain::get_clippy(toolchain)?;
        Ok(toolchain)
    });
    match ready {
        Ok(toolchain) => {
            let mut cargo = process::command("cargo");
            toolchain
                .apply(&mut cargo)
                .args(["clippy", "--package", "tpa-session", "--all-targets"])
                .args(["--target", TARGET, "--", "-Dwarnings"]);
            report.check("clippy for wasm", &mut cargo);
            let mut cargo = process::command("cargo");
            toolchain
                .apply(&mut cargo)
                .args(["clippy", "--workspace", "--locked", "--target", TARGET])
                .arg("--target-dir")
                .arg(workspace::target())
                .args(["--", "-Dwarnings"])
                .current_dir(rust_pages::folder());
            report.check("clippy of the pages", &mut cargo);
            let mut cargo = process::command("cargo");
            toolchain
                .apply(&mut cargo)
                .args(["doc", "--package", "tpa-session", "--no-deps"])
                .args(["--document-private-items", "--target", TARGET])
                .env("RUSTDOCFLAGS", "-Dwarnings");
            report.check("rustdoc for wasm", &mut cargo);
        }
        Err(error) => report.fail("clippy for wasm", error),
    }
}

fn javascript(report: &mut Report) {
    report.check("prettier", npm::program("prettier").args(["--check", "."]));
    report.check(
        "eslint",
        npm::program("eslint").args(["--max-warnings", "0", "."]),
    );
    report.check(
        "tsc",
        npm::program("tsc").args(["--project", "tsconfig.json"]),
    );
    report.check("typedoc", npm::program("typedoc").args(["--emit", "none"]));
}
