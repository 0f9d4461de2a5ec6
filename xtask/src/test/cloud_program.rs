//! The tests of tpa-cloud on sockets, run against the program of the npm package.
//!
//! The tests that do not hold there but natively are listed in a table, which is made from a run of
//! both and compared with the one in the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::PathBuf;

use super::counts::Counts;
use super::report::Report;
use crate::{process, workspace};

/// Variable by which the tests find the program.
const PROGRAM: &str = "TPA_CLOUD_PROGRAM";

/// Set to write the table.
const UPDATE: &str = "UPDATE_DIFFERENCES";

/// Test files that start a cloud and see nothing but its sockets.
const QUICK: [&str; 14] = [
    "command_line",
    "control",
    "deadlines",
    "faults",
    "http_requests",
    "log",
    "messages",
    "native_shell",
    "operations",
    "origins",
    "scenarios",
    "sockets",
    "static_files",
    "webhooks",
];

/// The same, with many connections and much memory. Only Linux tells the memory of a program.
const SLOW: &[&str] = match cfg!(target_os = "linux") {
    true => &["load", "abuse"],
    false => &["load"],
};

/// A test: its file and its name.
type Test = (String, String);

/// Runs the tests. The slow ones are left out of a usual run.
pub fn run(report: &mut Report, full: bool) {
    let is_all = full || env::var("CLOUD").is_ok_and(|kind| kind == "npm");
    let slow = SLOW.iter().filter(|_| is_all);
    let files: Vec<&str> = QUICK.iter().chain(slow).copied().collect();
    let what = "tpa-cloud from npm";
    match compare(what, &files) {
        Ok((counts, failure)) => report.add(what, counts, failure),
        Err(error) => report.fail(what, error),
    }
}

/// Runs the test files against both programs and compares the differences with the table.
fn compare(what: &str, files: &[&str]) -> Result<(Counts, Option<String>), String> {
    let npm = results(what, files, true)?;
    let failed: BTreeSet<&Test> = failures(&npm).collect();
    // Natively only those, because the others hold there by `cargo test`.
    let mut differences = BTreeSet::new();
    if !failed.is_empty() {
        let files: BTreeSet<&str> = failed.iter().map(|(file, _)| file.as_str()).collect();
        let files: Vec<&str> = files.into_iter().collect();
        let native = results("tpa-cloud, native", &files, false)?;
        let holds = |test: &&Test| native.get(*test) == Some(&true);
        differences.extend(failed.iter().copied().filter(holds).cloned());
        if let Some((file, name)) = failed.iter().find(|test| !holds(test)) {
            return Err(format!("{file}: {name} fails with the native program too"));
        }
    }
    let passed = npm.len() - differences.len();
    let mut counts = Counts {
        passed: passed as u32,
        ..Counts::default()
    };
    let known = read(&path())?;
    let is_run = |test: &&Test| files.contains(&test.0.as_str());
    let known_here: BTreeSet<Test> = known.iter().filter(is_run).cloned().collect();
    if env::var_os(UPDATE).is_some() {
        let others = known.iter().filter(|test| !is_run(test)).cloned();
        let all: BTreeSet<Test> = others.chain(differences).collect();
        fs::write(path(), table(&all)).map_err(|e| format!("{}: {e}", path().display()))?;
        return Ok((counts, None));
    }
    if known_here == differences {
        return Ok((counts, None));
    }
    counts.failed = differences.symmetric_difference(&known_here).count() as u32;
    let list = |tests: Vec<&Test>| {
        let names = tests.iter().map(|(file, name)| format!("{file}: {name}"));
        names.collect::<Vec<_>>().join(", ")
    };
    let failure = format!(
        "{what}: the programs differ in other tests than {} says; new: [{}], gone: [{}]; \
         {UPDATE}=1 writes it",
        path().display(),
        list(differences.difference(&known_here).collect()),
        list(known_here.difference(&differences).collect()),
    );
    Ok((counts, Some(failure)))
}

/// Runs test files; the result of each test.
fn results(what: &str, files: &[&str], is_npm: bool) -> Result<BTreeMap<Test, bool>, String> {
    let mut cargo = process::command("cargo");
    cargo.args([
        "test",
        "--locked",
        "--package",
        "tpa-cloud",
        "--no-fail-fast",
    ]);
    for file in files {
        cargo.args(["--test", file]);
    }
    if is_npm {
        let program = workspace::cloud_package().join("cli.js");
        cargo.env(PROGRAM, format!("node {}", program.display()));
    } else {
        cargo.env_remove(PROGRAM);
    }
    // Tests that fail are listed or reported by the comparison.
    let outcome = process::collect(what, &mut cargo)?;
    let results = parse(&outcome.output);
    let is_complete = |file: &&&str| !results.keys().any(|(of, _)| of == **file);
    match files.iter().find(is_complete) {
        Some(file) => Err(format!("{what}: no test of {file} was run")),
        None => Ok(results),
    }
}

fn failures(results: &BTreeMap<Test, bool>) -> impl Iterator<Item = &Test> {
    let failed = results.iter().filter(|(_, passed)| !**passed);
    failed.map(|(test, _)| test)
}

/// Reads the output of `cargo test`.
fn parse(output: &str) -> BTreeMap<Test, bool> {
    let mut results = BTreeMap::new();
    let mut file = String::new();
    for line in output.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("Running tests/") {
            file = rest.split('.').next().unwrap_or_default().to_owned();
        } else if let Some((name, result)) = result_of(line) {
            results.insert((file.clone(), name.to_owned()), result);
        }
    }
    results
}

/// Name and result in the line of a test. Its output may follow on the same line.
fn result_of(line: &str) -> Option<(&str, bool)> {
    let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
    if result.ends_with("ok") {
        Some((name, true))
    } else {
        result.ends_with("FAILED").then_some((name, false))
    }
}

fn path() -> PathBuf {
    workspace::root().join("cloud/npm/differences.md")
}

/// The table with the differences.
fn table(tests: &BTreeSet<Test>) -> String {
    let mut text = "Tests of the native program that do not hold for `npx tpa-cloud`, found by \
        running both (`CLOUD=npm cargo xtask test cloud`).\n\n| file | test |\n|---|---|\n"
        .to_owned();
    for (file, name) in tests {
        text += &format!("| `{file}` | {} |\n", name.replace('_', " "));
    }
    if tests.is_empty() {
        text += "| | none |\n";
    }
    text
}

/// Reads the tests in the table.
fn read(path: &PathBuf) -> Result<BTreeSet<Test>, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let tests = rows.filter_map(|row| {
        let (file, rest) = row.split_once("` | ")?;
        let name = rest.strip_suffix(" |")?.replace(' ', "_");
        Some((file.to_owned(), name))
    });
    Ok(tests.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(file: &str, name: &str) -> Test {
        (file.to_owned(), name.to_owned())
    }

    #[test]
    fn results_are_read_by_file() {
        let output = "\
             Running tests/a.rs (target/debug/deps/a-1)\n\
            running 2 tests\n\
            test one ... ok\n\
            test two ... FAILED\n\
            test result: FAILED. 1 passed; 1 failed\n\
             Running tests/b.rs (target/debug/deps/b-1)\n\
            test one ... pages: 5 kB, 1ms\nok\n\
            test two ... pages: 5 kB, ok\n";
        let expected = [
            (test("a", "one"), true),
            (test("a", "two"), false),
            (test("b", "two"), true),
        ];
        assert_eq!(parse(output), BTreeMap::from(expected));
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let path = env::temp_dir().join(format!("differences-{}.md", std::process::id()));
        for tests in [
            vec![],
            vec![test("abuse", "ids_of_a_megabyte"), test("log", "x_y")],
        ] {
            let tests = BTreeSet::from_iter(tests);
            fs::write(&path, table(&tests)).unwrap();
            assert_eq!(read(&path), Ok(tests));
        }
        fs::remove_file(&path).unwrap();
    }
}
