//! Tests written in JavaScript, run by Node's own test runner.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::Report;
use super::counts::Counts;
use crate::browsers::{CHROMIUM, FIREFOX};
use crate::{browsers, build, cloud, npm, rust_pages, workspace};

/// Modules, one at a time.
pub fn unit(report: &mut Report) {
    run(report, "tests/js", false);
}

/// The package as it is installed.
pub fn package(report: &mut Report) {
    run(report, "tests/package", false);
}

/// The cloud, as a client sees it that is not ours.
pub fn sdk(report: &mut Report) {
    run_with_packages(report, "tests/sdk", false);
}

/// The packed package in every runtime, bundler, test runner and framework.
pub fn matrix(report: &mut Report) {
    run_with_packages(report, "tests/matrix", true);
}

/// The demo page and the examples, in a browser.
pub fn end_to_end(report: &mut Report) {
    // Without them their own tests fail, and the others run.
    if let Err(error) = rust_pages::build() {
        report.fail("examples in Rust", error);
    }
    run(report, "tests/e2e", true);
}

/// Runs the tests of a folder that has packages of its own.
fn run_with_packages(report: &mut Report, folder: &str, in_browser: bool) {
    match npm::get_in(&workspace::root().join(folder)) {
        Ok(()) => run(report, folder, in_browser),
        Err(error) => report.fail(folder, error),
    }
}

/// Runs all `*.test.js` and `*.test.mjs` in a folder. The tests start clouds of
/// their own; where all that is, the environment says.
fn run(report: &mut Report, folder: &str, in_browser: bool) {
    let files = test_files(&workspace::root().join(folder));
    if files.is_empty() {
        return report.fail(
            folder,
            "there is no *.test.js and no *.test.mjs in it".into(),
        );
    }
    let mut node = npm::node();
    if let Err(error) = prepare(&mut node, in_browser) {
        return report.fail(folder, error);
    }
    node.args(["--test", "--test-reporter=spec"]).args(files);
    report.tests(folder, &mut node, Counts::of_node);
}

/// Builds what the tests use and says in the environment where it is.
fn prepare(node: &mut Command, in_browser: bool) -> Result<(), String> {
    /// Built once for all folders; the path of the cloud.
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let cloud = BUILT.get_or_init(|| build::run().and_then(|()| cloud::build()));
    node.env("TPA_CLOUD_BIN", cloud.as_ref()?)
        .env("TPA_PKG", workspace::package());
    if in_browser {
        node.env("CHROMIUM", CHROMIUM.get()?)
            .env("FIREFOX", FIREFOX.get()?)
            .env("GECKODRIVER", browsers::geckodriver()?)
            .env("TPA_RUST_PAGES", rust_pages::out());
    }
    Ok(())
}

/// The test files in a folder and below it, in order of their names.
fn test_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() && name != "node_modules" {
                test_files(&path)
            } else if name.ends_with(".test.js") || name.ends_with(".test.mjs") {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}
