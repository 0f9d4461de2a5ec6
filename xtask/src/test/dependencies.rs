//! Licences and sources of the dependencies, and advisories against them.

use std::process::Command;

use serde_json::Value;

use super::report::Report;
use crate::{npm, process, tools, workspace};

/// Folders with a package-lock.json.
const LOCKED: [&str; 5] = [
    "",
    "bench/clients",
    "tests/cluster",
    "tests/matrix",
    "tests/sdk",
];

/// Checks licences and sources offline, and advisories where their databases can be reached.
/// The licences of the npm packages are a test in `tests/package`.
pub fn run(report: &mut Report) {
    match tools::cargo_deny().get() {
        Ok(folder) => crates(report, || deny(&folder.join("cargo-deny"))),
        Err(error) => report.fail("cargo deny", error),
    }
    for folder in LOCKED {
        audit(report, folder);
    }
}

fn deny(program: &std::path::Path) -> Command {
    let mut command = process::command(program);
    command.arg("--locked");
    command
}

fn crates(report: &mut Report, deny: impl Fn() -> Command) {
    report.check(
        "licences and sources of the crates",
        deny().args(["--offline", "check", "licenses", "bans", "sources"]),
    );
    let what = "advisories against the crates";
    if process::ask(deny().args(["fetch", "db"])).is_some() {
        report.check(
            what,
            deny().args(["check", "--disable-fetch", "advisories"]),
        );
    } else {
        process::skipped(what, "skipped: the database cannot be reached");
    }
}

/// Fails for an advisory of level `high` or above against a package of the lock file.
fn audit(report: &mut Report, folder: &str) {
    let what = format!("advisories against the npm packages {folder}");
    let what = what.trim_end();
    let mut audit = npm::npm();
    audit
        .args(["audit", "--package-lock-only", "--json"])
        .current_dir(workspace::root().join(folder));
    match audit
        .output()
        .ok()
        .and_then(|output| severe(&output.stdout))
    {
        Some(0) => report.show(what, || Ok(())),
        Some(count) => report.fail(what, format!("{count}; see `npm audit`")),
        None => process::skipped(what, "skipped: the registry has no advisories"),
    }
}

/// Number of severe vulnerabilities in the answer of `npm audit`; `None` if it is an error.
fn severe(answer: &[u8]) -> Option<u64> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let counts = &answer["metadata"]["vulnerabilities"];
    Some(counts["high"].as_u64()? + counts["critical"].as_u64()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severe_vulnerabilities_are_counted() {
        let report = br#"{"metadata":{"vulnerabilities":{"low":4,"high":2,"critical":1}}}"#;
        assert_eq!(severe(report), Some(3));
    }

    #[test]
    fn an_error_of_the_registry_is_no_result() {
        for answer in [
            &b"{\"message\":\"405 Method Not Allowed\",\"error\":{}}"[..],
            b"",
            b"<html>",
        ] {
            assert_eq!(severe(answer), None);
        }
    }
}
