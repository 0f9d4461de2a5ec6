//! Tests written in JavaScript, run by the test runner of Node.

use std::ffi::OsStr;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use super::counts::Counts;
use super::report::Report;
use crate::browsers::{CHROMIUM, FIREFOX, WEBKIT_DRIVER, XVFB};
use crate::stores::Store;
use crate::{
    browsers, build, cloud, npm, process, rust_pages, site, soak, where_it_runs, workspace,
};

/// Texts in the test files whose sessions are of the entry point that `TPA_ENTRY` names.
const BY_ENTRY: [&str; 3] = ["\"./peer.mjs\"", "\"./connected.mjs\"", "${ENTRY}"];

/// Folders whose tests hold processes to times, so that one file runs at a time.
const TIMED: [&str; 3] = ["tests/abuse", "tests/cluster", "tests/network"];

/// Minutes of random faults in a full run.
const SOAK_MINUTES: f64 = 10.0;

/// Single modules.
pub fn unit(report: &mut Report) {
    run(report, "tests/js", Browsers::None);
}

/// The package as users install it, and the sessions of `tpa-session/js`.
pub fn package(report: &mut Report) {
    match build::plain() {
        Ok(plain) => run_with(
            report,
            "tests/package",
            Browsers::None,
            &[("TPA_PKG_PLAIN", plain.as_os_str())],
        ),
        Err(error) => report.fail("plain build", error),
    }
    let mut files = test_files(&workspace::root().join("tests/package"));
    files.retain(|file| {
        let text = fs::read_to_string(file).unwrap_or_default();
        BY_ENTRY.iter().any(|mark| text.contains(mark))
    });
    let entry = [("TPA_ENTRY", OsStr::new("js"))];
    let name = "tests/package with tpa-session/js";
    run_files(report, name, files, Browsers::None, &entry);
}

/// The package `tpa-cloud` as users install it.
pub fn npm_cloud(report: &mut Report) {
    run(report, "tests/cloud", Browsers::None);
}

/// The cloud with a client of another project.
pub fn sdk(report: &mut Report) {
    run(report, "tests/sdk", Browsers::None);
}

/// The package in runtimes, bundlers, test runners and frameworks.
pub fn matrix(report: &mut Report) {
    if let Err(error) = where_it_runs::forget() {
        return report.fail("tests/matrix", error);
    }
    run(report, "tests/matrix", Browsers::All);
    report.check("docs/where-it-runs.md", &mut where_it_runs::check());
}

/// The demo page and the examples in browsers.
pub fn end_to_end(report: &mut Report, full: bool) {
    // On failure only the tests of these examples fail.
    if let Err(error) = rust_pages::build() {
        report.fail("examples in Rust", error);
    }
    run(report, "tests/e2e", Browsers::All);
    if full {
        report.show("random faults, full", || soak::run(SOAK_MINUTES));
    }
}

/// The static site, from a plain file server.
pub fn site(report: &mut Report) {
    match site::build() {
        Ok(folder) => run_with(
            report,
            "tests/site",
            Browsers::Chromium,
            &[("TPA_SITE", folder.as_os_str())],
        ),
        Err(error) => report.fail("site", error),
    }
}

/// Hostile programs, and the memory and the event loop of those that they attack; in a full run
/// for longer, and 1,000,000 frames of any content.
pub fn abuse(report: &mut Report, full: bool) {
    let variables: &[(&str, &OsStr)] = if full {
        &[("TPA_ABUSE_FULL", OsStr::new("1"))]
    } else {
        &[]
    };
    run_with(report, "tests/abuse", Browsers::None, variables);
}

/// Several processes of a server and what they share; in a full run with more schedules, clouds
/// and faults.
pub fn cluster(report: &mut Report, full: bool) {
    let variables: &[(&str, &OsStr)] = if full {
        &[("TPA_CLUSTER_FULL", OsStr::new("1"))]
    } else {
        &[]
    };
    run_with(report, "tests/cluster", Browsers::None, variables);
    if full {
        for store in Store::ALL {
            store_of_cluster(report, store);
        }
    }
}

/// The tests of the store and its scripts, with another server.
fn store_of_cluster(report: &mut Report, store: Store) {
    let folder = "tests/cluster";
    let Some(program) = store.find() else {
        return process::skipped(folder, &format!("skipped: there is no {}", store.name()));
    };
    let mut files = test_files(&workspace::root().join(folder));
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("redis") || name.starts_with("scripts")
    });
    let title = format!("{folder}, {}", store.name());
    let variables: &[(&str, &OsStr)] = &[("REDIS_SERVER", program.as_os_str())];
    run_files(report, &title, files, Browsers::None, variables);
}

/// Faults made by the kernel: a selection, or all and the table in the docs.
pub fn network(report: &mut Report, full: bool) {
    let folder = "tests/network";
    if !process::can_unshare() {
        return process::skipped(folder, "skipped: network namespaces need root on Linux");
    }
    let variables: &[(&str, &OsStr)] = if full {
        &[("TPA_NETWORK_FULL", OsStr::new("1"))]
    } else {
        &[]
    };
    run_with(report, folder, Browsers::All, variables);
}

#[derive(Clone, Copy, PartialEq)]
enum Browsers {
    None,
    Chromium,
    All,
}

/// Runs all test files in a folder.
fn run(report: &mut Report, folder: &str, browsers: Browsers) {
    run_with(report, folder, browsers, &[]);
}

/// Runs all test files in a folder with further variables in the environment.
fn run_with(report: &mut Report, folder: &str, browsers: Browsers, variables: &[(&str, &OsStr)]) {
    let files = test_files(&workspace::root().join(folder));
    run_files(report, folder, files, browsers, variables);
}

/// Runs test files and reports them under a name.
fn run_files(
    report: &mut Report,
    name: &str,
    files: Vec<PathBuf>,
    browsers: Browsers,
    variables: &[(&str, &OsStr)],
) {
    if files.is_empty() {
        return report.fail(name, "it contains no *.test.js and no *.test.mjs".into());
    }
    let mut node = npm::node();
    if let Err(error) = prepare(&mut node, browsers) {
        return report.fail(name, error);
    }
    node.envs(variables.iter().copied());
    node.args(["--test", "--test-reporter=spec"]);
    if !TIMED.iter().any(|folder| name.starts_with(folder)) {
        node.arg(format!("--test-concurrency={}", processors()));
    }
    node.args(files);
    report.tests(name, &mut node, Counts::of_node);
}

/// Number of files that run at once. Most of the time of a test is waiting: Node's default, one less,
/// leaves a processor idle where there are two.
fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Builds what the tests use and sets the variables by which they find it.
fn prepare(node: &mut Command, browsers: Browsers) -> Result<(), String> {
    /// Built once for all folders; the path of the cloud.
    static CLOUD: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let cloud = CLOUD.get_or_init(|| build::run().and_then(|()| cloud::build()));
    node.env("TPA_CLOUD_BIN", cloud.as_ref()?)
        .env("TPA_PKG", workspace::package())
        .env("TPA_PKG_CLOUD", workspace::cloud_package())
        .env("TPA_PKG_MODE", build::default_mode()?.name());
    if browsers != Browsers::None {
        node.env("CHROMIUM", CHROMIUM.get()?);
    }
    if browsers == Browsers::All {
        node.env("FIREFOX", FIREFOX.get()?)
            .env("GECKODRIVER", browsers::geckodriver()?)
            .env("TPA_RUST_PAGES", rust_pages::out());
        // The tests themselves skip what needs it elsewhere.
        if browsers::has_webkit() {
            node.env("WEBKIT_DRIVER", WEBKIT_DRIVER.get()?)
                .env("XVFB", XVFB.get()?);
        }
    }
    Ok(())
}

/// Test files in a folder and below it, sorted.
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
