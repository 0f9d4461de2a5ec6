//! Workflows, forms and settings of the public forge.

use std::fs;
use std::path::{Path, PathBuf};

use super::report::Report;
use crate::{process, schema_checker, workspace};

/// Files of `.github`, and the schemas that they are checked against.
const SCHEMAS: [(&str, &str); 4] = [
    ("workflows", "vendor.github-workflows"),
    ("dependabot.yml", "vendor.dependabot"),
    ("ISSUE_TEMPLATE", "vendor.github-issue-forms"),
    ("ISSUE_TEMPLATE/config.yml", "vendor.github-issue-config"),
];

/// Checks the files of `.github` against their schemas.
pub fn run(report: &mut Report) {
    match schema_checker::find() {
        Some(checker) => schemas(report, &checker),
        None => process::skipped("schemas of .github", "no python3 with venv"),
    }
}

fn schemas(report: &mut Report, checker: &Path) {
    let folder = workspace::root().join(".github");
    for (path, schema) in SCHEMAS {
        report.check(
            &format!(".github/{path}"),
            process::command(checker)
                .args(["--builtin-schema", schema])
                .args(files(&folder.join(path))),
        );
    }
}

/// The file itself, or the YAML files of a folder, without the one that has a schema of its own.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return vec![path.to_path_buf()];
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|end| end == "yml"))
        .filter(|file| file.file_name().is_some_and(|name| name != "config.yml"))
        .collect();
    files.sort();
    files
}
