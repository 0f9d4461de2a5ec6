//! Format, lints, types and documentation.

use std::fs;
use std::path::{Path, PathBuf};

use super::report::Report;
use super::{dependencies, portable, workflows};
use crate::toolchain::{self, TARGET};
use crate::workspace::{self, Fingerprint, Stamp};
use crate::{npm, process, rust_pages};

/// Those for Rust.
pub fn rust(report: &mut Report) {
    portable::run(report);
    native(report);
    wasm(report);
}

/// Those for all else. The site, if it is made too, runs typedoc with the same settings.
pub fn others(report: &mut Report, has_site: bool) {
    javascript(report, has_site);
    workflows::run(report);
    dependencies::run(report);
}

fn native(report: &mut Report) {
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
        cargo().args([
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-Dwarnings",
        ]),
    );
    // A build of the whole workspace always has the feature `server`.
    report.check(
        "clippy without the server",
        cargo()
            .args(["clippy", "--locked", "--package", "tpa-cloud", "--lib"])
            .args(["--no-default-features", "--", "-Dwarnings"]),
    );
    report.check(
        "rustdoc",
        cargo()
            .args([
                "doc",
                "--locked",
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
            // It compiles the crate again, which must not replace the artifacts of the tests.
            .env("CARGO_TARGET_DIR", workspace::target().join("tarball")),
    );
}

/// Lints what is compiled for wasm only: half of the root crate.
fn wasm(report: &mut Report) {
    match toolchain::get() {
        Ok(toolchain) => {
            let mut cargo = process::command("cargo");
            toolchain
                .apply(&mut cargo)
                .args([
                    "clippy",
                    "--locked",
                    "--package",
                    "tpa-session",
                    "--all-targets",
                ])
                .args(["--target", TARGET, "--", "-Dwarnings"]);
            report.check("clippy for wasm", &mut cargo);
            let mut cargo = process::command("cargo");
            toolchain
                .apply(&mut cargo)
                .args(["clippy", "--workspace", "--locked", "--target", TARGET])
                .arg("--target-dir")
                .arg(rust_pages::target())
                .args(["--", "-Dwarnings"])
                .current_dir(rust_pages::folder());
            report.check("clippy of the pages", &mut cargo);
            let mut cargo = process::command("cargo");
            toolchain
                .apply(&mut cargo)
                .args(["doc", "--locked", "--package", "tpa-session", "--no-deps"])
                .args(["--document-private-items", "--target", TARGET])
                .env("RUSTDOCFLAGS", "-Dwarnings");
            report.check("rustdoc for wasm", &mut cargo);
        }
        Err(error) => report.fail("clippy for wasm", error),
    }
}

fn javascript(report: &mut Report, has_site: bool) {
    let target = workspace::target();
    report.check(
        "prettier",
        npm::program("prettier")
            .args(["--check", ".", "--cache", "--cache-strategy", "content"])
            .arg("--cache-location")
            .arg(target.join("prettier-cache")),
    );
    report.check(
        "eslint",
        npm::program("eslint")
            .args(["--max-warnings", "0", "."])
            .args(["--cache", "--cache-strategy", "content", "--cache-location"])
            .arg(eslint_cache(&target)),
    );
    report.check(
        "tsc",
        npm::program("tsc")
            .args(["--project", "tsconfig.json", "--incremental"])
            .arg("--tsBuildInfoFile")
            .arg(target.join("tsc.tsbuildinfo")),
    );
    if !has_site {
        report.check("typedoc", npm::program("typedoc").args(["--emit", "none"]));
    }
}

/// The cache of eslint, which tells what it has to check again by the content of a file, the version
/// of eslint and the settings. Of a rule that the configuration defines it knows the name alone, so
/// that another configuration begins with none.
fn eslint_cache(target: &Path) -> PathBuf {
    let cache = target.join("eslint-cache");
    let root = workspace::root();
    let fingerprint = ["eslint.config.js", "package-lock.json"]
        .iter()
        .fold(Fingerprint::default(), |sum, name| {
            sum.path(&root.join(name))
        })
        .finish();
    let stamp = Stamp::new(target.join("eslint-cache.stamp"));
    if !stamp.matches(&fingerprint) {
        // It may be missing.
        let _ = fs::remove_file(&cache);
        stamp.set(&fingerprint);
    }
    cache
}
