//! `cargo xtask mutants`: mutation test of the core. Each mutant changes one expression of
//! `src/session`, and some test must fail.

use crate::{process, tools, workspace};

/// Fraction of the mutants that a short run tests.
const SHORT: &str = "0/20";

/// Runs the mutants, first against the tests of single behaviours, then those that survived
/// against the reference model.
pub fn run(full: bool) -> Result<(), String> {
    let output = workspace::target().join("mutants");
    let tool = tools::cargo_mutants();
    let path = process::path_with(&[tool.get()?]);
    let mut survived = Err(String::new());
    for tests in [&["session"][..], &["simulation", "model_checking"]] {
        let mut mutants = process::command("cargo");
        mutants
            .env("PATH", &path)
            // Enough to reach every line; a mutant that survives costs the whole run.
            .env("SIM_SEEDS", "2000")
            .args([
                "mutants",
                "--package",
                "tpa-session",
                "--file",
                "src/session/**",
            ])
            // Debug output, and fingerprints with what they are made of, exist for tests only.
            .args([
                "--exclude-re",
                "fmt|ingerprint|reseed|::serials|::age|Store<P>::iter",
            ])
            .arg("--cargo-arg=--locked")
            .args(["--iterate", "--minimum-test-timeout", "60", "--output"])
            .arg(&output);
        if !full {
            mutants.args(["--shard", SHORT]);
        }
        // For the builds as well, so that no other test is compiled.
        mutants.args(
            tests
                .iter()
                .map(|test| format!("--cargo-arg=--test={test}")),
        );
        survived = process::show("the mutants", &mut mutants);
        if survived.is_ok() {
            break;
        }
    }
    survived
}
