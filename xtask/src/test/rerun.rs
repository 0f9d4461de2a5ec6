//! Checks that a second `cargo xtask test` in this clone would compile and pass.
//!
//! Two builds that write to the same files break the second run: a library of
//! one replaces that of the other, and crates then see two versions of a
//! dependency. Cargo notices: it would compile such crates again. So at the end
//! of the suite every crate of the workspace must be up to date in each of the
//! builds that the first parts made.

use std::process::Command;

use serde_json::Value;

use super::counts::Counts;
use super::report::Report;
use crate::toolchain::{self, TARGET};
use crate::{build, process, rust_pages, workspace};

/// Checks each of the builds, then that nothing is left to do for the package
/// and the pages.
pub fn run(report: &mut Report) {
    let mut builds = vec![
        (
            "clippy is up to date",
            cargo(),
            vec!["clippy", "--locked", "--workspace", "--all-targets"],
            CLIPPY,
        ),
        (
            "tests are up to date",
            cargo(),
            vec!["test", "--locked", "--workspace", "--no-run"],
            NO_ARGUMENTS,
        ),
    ];
    match toolchain::get() {
        Ok(toolchain) => {
            let wasm = || {
                let mut cargo = cargo();
                // As the last wasm tests were compiled.
                toolchain.apply(&mut cargo).env_remove("TPA_CLOUD_URL");
                cargo
            };
            let package = ["--package", "tpa-session", "--target", TARGET];
            builds.push((
                "clippy for wasm is up to date",
                wasm(),
                [&["clippy", "--locked", "--all-targets"], &package[..]].concat(),
                CLIPPY,
            ));
            builds.push((
                "wasm tests are up to date",
                wasm(),
                [&["test", "--locked", "--no-run", "--tests"], &package[..]].concat(),
                NO_ARGUMENTS,
            ));
        }
        Err(error) => report.fail("wasm builds", error),
    }
    for (what, mut command, arguments, trailing) in builds {
        command
            .args(arguments)
            // Errors as text, for the log.
            .arg("--message-format=json-render-diagnostics")
            .args(trailing);
        check(report, what, &mut command);
    }
    report.show("package is up to date", build::run);
    report.show("pages in Rust are up to date", rust_pages::build);
}

const NO_ARGUMENTS: &[&str] = &[];
const CLIPPY: &[&str] = &["--", "-Dwarnings"];

fn cargo() -> Command {
    process::command("cargo")
}

/// Runs a build; it fails if it compiles a crate of the workspace.
fn check(report: &mut Report, what: &str, command: &mut Command) {
    let output = match process::run(what, command) {
        Ok(output) => output,
        Err(error) => return report.add(what, Counts::one(false), Some(error)),
    };
    let root = workspace::root().display().to_string();
    let stale = stale_targets(&output, &root);
    let failure = (!stale.is_empty()).then(|| {
        format!(
            "{what}: no, {} would be compiled again; another build writes to the same files",
            stale.join(", ")
        )
    });
    report.add(what, Counts::one(failure.is_none()), failure);
}

/// Names of the targets that were compiled, of packages below `root`, from
/// cargo's JSON messages.
fn stale_targets(output: &str, root: &str) -> Vec<String> {
    output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["fresh"] == false)
        .filter(|message| {
            let manifest = message["manifest_path"].as_str().unwrap_or_default();
            manifest.starts_with(root)
        })
        .filter_map(|message| Some(message["target"]["name"].as_str()?.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::stale_targets;

    #[test]
    fn only_compiled_targets_of_the_workspace_are_stale() {
        let artifact = |manifest: &str, name: &str, fresh: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","target":{{"name":"{name}"}},"fresh":{fresh}}}"#
            )
        };
        let output = [
            "   Compiling something".to_string(),
            artifact("/work/Cargo.toml", "old", true),
            artifact("/work/cloud/Cargo.toml", "new", false),
            artifact("/registry/serde/Cargo.toml", "serde", false),
            r#"{"reason":"build-finished","success":true}"#.to_string(),
        ];
        assert_eq!(stale_targets(&output.join("\n"), "/work"), ["new"]);
        assert!(stale_targets("", "/work").is_empty());
    }
}
