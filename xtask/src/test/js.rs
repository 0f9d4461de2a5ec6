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

/// Files of tests/cluster that measure what processes use, or hold many of them to times.
const ALONE: [&str; 2] = ["growth.test.mjs", "real.test.mjs"];

/// Files of tests/cluster that hold a few processes to times, or compare them with times of others.
const WAITING: [&str; 3] = [
    "compared.test.mjs",
    "node-cluster.test.mjs",
    "redis-failover.test.mjs",
];

/// Files of tests/abuse in which nothing attacks while memory is measured.
const HARMLESS: [&str; 2] = ["arbitrary.test.mjs", "bad-input.test.mjs"];

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
    run_files(report, name, files, Browsers::None, &entry, processors());
}

/// The package `tpa-cloud` as users install it.
pub fn npm_cloud(report: &mut Report) {
    run(report, "tests/cloud", Browsers::None);
}

/// The cloud with a client of another project.
pub fn sdk(report: &mut Report) {
    run(report, "tests/sdk", Browsers::None);
}

/// The package in runtimes, bundlers, test runners and frameworks; in a full run also in those that
/// take long.
pub fn matrix(report: &mut Report, full: bool) {
    if let Err(error) = where_it_runs::forget() {
        return report.fail("tests/matrix", error);
    }
    let variables = if_full(full, "TPA_MATRIX_FULL");
    run_with(report, "tests/matrix", Browsers::All, &variables);
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
/// for longer.
pub fn abuse(report: &mut Report, full: bool) {
    let variables = if_full(full, "TPA_ABUSE_FULL");
    let (_, files) = files_of_abuse();
    // Delays are processor time, so two that attack may share the machine.
    let at_once = if full { 1 } else { processors() };
    run_files(report, ABUSE, files, Browsers::None, &variables, at_once);
}

/// Frames with wrong fields and of any content; in a full run 1,000,000 of them.
pub fn abusive_frames(report: &mut Report, full: bool) {
    let variables = if_full(full, "TPA_ABUSE_FULL");
    let (files, _) = files_of_abuse();
    let name = format!("{ABUSE}, frames");
    run_files(
        report,
        &name,
        files,
        Browsers::None,
        &variables,
        processors(),
    );
}

const ABUSE: &str = "tests/abuse";

/// The files that attack nothing, and the others.
fn files_of_abuse() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let files = test_files(&workspace::root().join(ABUSE));
    files
        .into_iter()
        .partition(|file| is_one_of(file, &HARMLESS))
}

fn is_one_of(file: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| file.ends_with(name))
}

/// Several processes of a server and what they share; in a full run with more schedules, clouds,
/// faults and stores.
pub fn cluster(report: &mut Report, full: bool) {
    let files = files_of_cluster(|file| !is_one_of(file, &ALONE) && !is_one_of(file, &WAITING));
    // The figures of a full run are those of a machine that does nothing else.
    let at_once = if full { 1 } else { processors() };
    run_cluster(report, CLUSTER, files, full, at_once);
    if full {
        for store in Store::ALL {
            store_of_cluster(report, store);
        }
    }
}

/// Those that wait for what must come in time, one after the other.
pub fn cluster_waiting(report: &mut Report, full: bool) {
    let files = files_of_cluster(|file| is_one_of(file, &WAITING));
    run_cluster(report, &format!("{CLUSTER}, waiting"), files, full, 1);
}

/// Those that need the machine, one after the other.
pub fn cluster_alone(report: &mut Report, full: bool) {
    let files = files_of_cluster(|file| is_one_of(file, &ALONE));
    run_cluster(report, &format!("{CLUSTER}, alone"), files, full, 1);
}

fn run_cluster(report: &mut Report, name: &str, files: Vec<PathBuf>, full: bool, at_once: usize) {
    // What the witness takes from the machine is missing to the processes.
    let cloud = match full.then(cloud::build_release).transpose() {
        Ok(cloud) => cloud,
        Err(error) => return report.fail(name, error),
    };
    let mut variables = if_full(full, "TPA_CLUSTER_FULL");
    variables.extend(cloud.iter().map(|path| ("TPA_CLOUD_BIN", path.as_os_str())));
    run_files(report, name, files, Browsers::None, &variables, at_once);
}

const CLUSTER: &str = "tests/cluster";

/// The files for which `is_wanted` is true.
fn files_of_cluster(is_wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut files = test_files(&workspace::root().join(CLUSTER));
    files.retain(|file| is_wanted(file));
    files
}

/// The tests of the store and its scripts, with another server.
fn store_of_cluster(report: &mut Report, store: Store) {
    let Some(program) = store.find() else {
        return process::skipped(CLUSTER, &format!("skipped: there is no {}", store.name()));
    };
    let mut files = test_files(&workspace::root().join(CLUSTER));
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("redis") || name.starts_with("scripts")
    });
    let title = format!("{CLUSTER}, {}", store.name());
    let variables: &[(&str, &OsStr)] = &[("REDIS_SERVER", program.as_os_str())];
    run_files(
        report,
        &title,
        files,
        Browsers::None,
        variables,
        processors(),
    );
}

/// Faults made by the kernel: a selection, or all and the table in the docs.
pub fn network(report: &mut Report, full: bool) {
    let folder = "tests/network";
    if !process::can_unshare() {
        return process::skipped(folder, "skipped: network namespaces need root on Linux");
    }
    run_with(
        report,
        folder,
        Browsers::All,
        &if_full(full, "TPA_NETWORK_FULL"),
    );
}

/// The variable by which tests know that all of them are wanted.
fn if_full(full: bool, name: &'static str) -> Vec<(&'static str, &'static OsStr)> {
    full.then(|| (name, OsStr::new("1"))).into_iter().collect()
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
    run_files(report, folder, files, browsers, variables, processors());
}

/// Runs test files, up to `at_once` at the same time, and reports them under a name.
fn run_files(
    report: &mut Report,
    name: &str,
    files: Vec<PathBuf>,
    browsers: Browsers,
    variables: &[(&str, &OsStr)],
    at_once: usize,
) {
    if files.is_empty() {
        return report.fail(name, "it contains no *.test.js and no *.test.mjs".into());
    }
    let mut node = npm::node();
    if let Err(error) = prepare(&mut node, browsers) {
        return report.fail(name, error);
    }
    node.envs(variables.iter().copied());
    node.args(["--test", "--test-reporter=spec"])
        .arg(format!("--test-concurrency={at_once}"));
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
    /// The package that is installed once for all of them.
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let cloud = CLOUD.get_or_init(|| build::run().and_then(|()| cloud::build()));
    node.env("TPA_CLOUD_BIN", cloud.as_ref()?)
        .env("TPA_INSTALLED", INSTALLED.get_or_init(install).as_ref()?)
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

/// Packs the package and installs it with npm; the folder of the projects, which tests copy.
fn install() -> Result<PathBuf, String> {
    let folder = workspace::target().join("package/installed");
    let mut node = npm::node();
    node.arg("tests/package/install.mjs")
        .arg(&folder)
        .env("TPA_PKG", workspace::package())
        .current_dir(workspace::root());
    process::run("npm pack, npm install", &mut node)?;
    Ok(folder)
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
