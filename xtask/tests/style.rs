//! Rules of style that no linter checks: how documentation opens, how long files
//! are, how they are named.
//!
//! They apply to every text file in the index of git that is written by hand.

#![allow(clippy::unwrap_used, reason = "a failure must fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// First words that make a sentence a clause without a subject. "Queue of
/// outgoing messages" says more than "What is sent later".
const CLAUSE_OPENERS: [&str; 9] = [
    "What", "Who", "Whose", "Whether", "How", "When", "Where", "Why", "That",
];
/// Share of doc blocks that may open with one of them.
const MAX_CLAUSE_SHARE: f64 = 0.06;
/// Lines of a file.
const MAX_LINES: usize = 450;
/// Files that no person edits line by line.
const GENERATED: [&str; 4] = [
    "Cargo.lock",
    "package-lock.json",
    "THIRD-PARTY-NOTICES",
    "bench/results/",
];
/// Local snippet files that the wasm tests import.
///
/// wasm-bindgen-test-runner serves them by rouille 3.6 on tiny_http 0.12, which
/// has four threads and gives one to each kept-alive connection. A fifth that
/// arrives while the fourth thread wakes up is queued behind it for ever: 85 of
/// 100 bursts of five connections stall, none of four. Chromium opens one
/// connection for each file, up to six, and has no option for fewer. A file of
/// which only the methods are declared is not among them: another file imports
/// it, and it is requested once that one has arrived, on the same connection.
const MAX_SNIPPETS: usize = 4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files in the index of git, relative to the root.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "git ls-files");
    let text = String::from_utf8(output.stdout).unwrap();
    let is_written = |file: &&str| {
        let is_generated = |name: &&str| file.ends_with(name) || file.starts_with(name);
        !GENERATED.iter().any(is_generated) && root().join(file).is_file()
    };
    text.lines().filter(is_written).map(String::from).collect()
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_javascript(file: &str) -> bool {
    ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"].contains(&extension(file))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The first line of each doc comment of a Rust file.
fn rust_doc_openings(text: &str) -> Vec<&str> {
    let mut openings = Vec::new();
    let mut previous = "";
    for line in text.lines().map(str::trim_start) {
        let marker = ["///", "//!"]
            .into_iter()
            .find(|marker| line.starts_with(marker) && !line.starts_with("////"));
        let marker = marker.unwrap_or("");
        if !marker.is_empty() && marker != previous {
            openings.push(line[marker.len()..].trim());
        }
        previous = marker;
    }
    openings
}

/// The first line of each `/** … */` of a JavaScript file.
fn javascript_doc_openings(text: &str) -> Vec<&str> {
    let mut openings = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((_, rest)) = line.split_once("/**") else {
            continue;
        };
        let rest = rest.trim_end_matches("*/").trim();
        let opening = if rest.is_empty() {
            let next = lines.next().unwrap_or_default();
            next.trim_start().trim_start_matches('*').trim()
        } else {
            rest
        };
        // A type is no documentation.
        if !opening.starts_with('@') && !opening.is_empty() {
            openings.push(opening);
        }
    }
    openings
}

fn opens_with_clause(opening: &str) -> bool {
    let word = opening.split(|c: char| !c.is_alphanumeric()).next();
    word.is_some_and(|word| CLAUSE_OPENERS.contains(&word))
}

#[test]
fn documentation_opens_with_a_noun_or_a_verb() {
    let mut blocks = 0;
    let mut by_file = BTreeMap::new();
    for file in files() {
        let text = match extension(&file) {
            "rs" => read(&file),
            _ if is_javascript(&file) => read(&file),
            _ => continue,
        };
        let openings = if file.ends_with(".rs") {
            rust_doc_openings(&text)
        } else {
            javascript_doc_openings(&text)
        };
        blocks += openings.len();
        let clauses = openings
            .iter()
            .filter(|opening| opens_with_clause(opening))
            .count();
        if clauses > 0 {
            by_file.insert(file, clauses);
        }
    }
    let clauses: usize = by_file.values().sum();
    let share = clauses as f64 / blocks as f64;
    println!(
        "{clauses} of {blocks} doc blocks open with a clause: {:.1} %",
        share * 100.0
    );
    assert!(blocks > 1000, "the files were found");
    assert!(
        share <= MAX_CLAUSE_SHARE,
        "{share:.3} of {blocks}; by file: {by_file:#?}"
    );
}

#[test]
fn no_file_is_longer_than_the_limit() {
    let too_long: Vec<_> = files()
        .into_iter()
        .filter(|file| {
            is_javascript(file)
                || ["rs", "css", "html", "toml", "yml", "sh", "md"].contains(&extension(file))
        })
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .collect();
    assert!(
        too_long.is_empty(),
        "more than {MAX_LINES} lines: {too_long:#?}"
    );
}

#[test]
fn file_names_have_one_style() {
    let is_lower = |name: &str, separator: char| {
        name.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == separator || c == '.')
    };
    let wrong: Vec<_> = files()
        .into_iter()
        .filter(|file| {
            let name = file.rsplit('/').next().unwrap_or_default();
            if file.ends_with(".rs") {
                !is_lower(name, '_')
            } else {
                is_javascript(file) && !is_lower(name, '-')
            }
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "Rust files have snake_case names, JavaScript files kebab-case: {wrong:#?}"
    );
}

#[test]
fn modules_with_a_folder_are_in_it() {
    let files = files();
    let folders: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| Some(file.rsplit_once('/')?.0))
        .collect();
    let wrong: Vec<_> = files
        .iter()
        .filter(|file| {
            let module = file.strip_suffix(".rs");
            module.is_some_and(|module| folders.contains(module))
        })
        .collect();
    assert!(wrong.is_empty(), "move to FOLDER/mod.rs: {wrong:#?}");
}

#[test]
fn wasm_tests_import_few_snippets() {
    let is_tested = |file: &String| {
        (file.starts_with("src/web/") || file.starts_with("tests/")) && file.ends_with(".rs")
    };
    let mut snippets = BTreeSet::new();
    for file in files().into_iter().filter(is_tested) {
        for declared in read(&file).split("(module = \"").skip(1) {
            let declared = declared.split("\n}").next().unwrap_or(declared);
            let is_imported =
                declared.matches(" fn ").count() > declared.matches("(method").count();
            snippets.extend(
                declared
                    .split('"')
                    .next()
                    .filter(|_| is_imported)
                    .map(String::from),
            );
        }
    }
    assert!(!snippets.is_empty(), "the snippets were found");
    assert!(
        snippets.len() <= MAX_SNIPPETS,
        "see MAX_SNIPPETS: {snippets:#?}"
    );
}

#[test]
fn openings_are_found() {
    let rust = "//! A crate.\n//! More.\n\n/// What it is.\n/// More.\nfn f() {}\n//// no\n";
    assert_eq!(rust_doc_openings(rust), ["A crate.", "What it is."]);
    let javascript = "/** One line. */\nx;\n/**\n * Several\n * lines. */\n/** @type {X} */\n";
    assert_eq!(
        javascript_doc_openings(javascript),
        ["One line.", "Several"]
    );
    assert!(opens_with_clause("What it is."));
    assert!(opens_with_clause("Whose, if any"));
    assert!(!opens_with_clause("Whatever"));
    assert!(!opens_with_clause("Queue of messages"));
}
