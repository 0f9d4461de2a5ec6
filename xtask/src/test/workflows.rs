//! Workflows, forms and settings of the public forge.

use std::fs;
use std::path::{Path, PathBuf};

use super::Report;
use crate::{process, workspace};

/// Version of check-jsonschema, which carries the schemas with it.
const VERSION: &str = "0.39.0";
/// Files of `.github`, and the schemas that they are checked against.
const SCHEMAS: [(&str, &str); 4] = [
    ("workflows", "vendor.github-workflows"),
    ("dependabot.yml", "vendor.dependabot"),
    ("ISSUE_TEMPLATE", "vendor.github-issue-forms"),
    ("ISSUE_TEMPLATE/config.yml", "vendor.github-issue-config"),
];

/// Checks the files of `.github` against their schemas.
pub fn run(report: &mut Report) {
    if process::find("python3").is_none() {
        return process::skipped("schemas of .github", "no python3 on PATH");
    }
    match checker() {
        Ok(checker) => schemas(report, &checker),
        Err(error) => report.fail("check-jsonschema", error),
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

/// Path of check-jsonschema, which is installed into a virtual environment of its own if missing.
fn checker() -> Result<PathBuf, String> {
    let folder = workspace::cache()?.join(format!("check-jsonschema-{VERSION}"));
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = programs.join(format!("check-jsonschema{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        process::run(
            "python3 -m venv",
            process::command("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
        )?;
        process::run(
            &format!("pip install check-jsonschema {VERSION}"),
            process::command(programs.join("python3"))
                .args(["-m", "pip", "install", "--disable-pip-version-check"])
                .arg(format!("check-jsonschema=={VERSION}")),
        )?;
    }
    Ok(program)
}
