//! check-jsonschema, which brings the schemas of workflows and forms.

use std::path::PathBuf;

use crate::{process, workspace};

/// Version that is installed.
pub const VERSION: &str = "0.39.0";

/// Path of the installed program.
pub fn find() -> Option<PathBuf> {
    program().ok().filter(|program| program.is_file())
}

/// Tests for Python with virtual environments, which the installation needs.
pub fn has_python() -> bool {
    let mut python = process::command("python3");
    process::ask(python.args(["-c", "import ensurepip, venv"])).is_some()
}

/// Installs it in a virtual environment in the cache.
pub fn install() -> Result<(), String> {
    process::run(
        "python3 -m venv",
        process::command("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder()?),
    )?;
    process::run(
        &format!("pip install check-jsonschema {VERSION}"),
        process::command(programs()?.join("python3"))
            .args(["-m", "pip", "install", "--disable-pip-version-check"])
            .arg(format!("check-jsonschema=={VERSION}")),
    )?;
    Ok(())
}

fn folder() -> Result<PathBuf, String> {
    Ok(workspace::cache()?.join(format!("check-jsonschema-{VERSION}")))
}

fn programs() -> Result<PathBuf, String> {
    Ok(folder()?.join(if cfg!(windows) { "Scripts" } else { "bin" }))
}

fn program() -> Result<PathBuf, String> {
    let file = format!("check-jsonschema{}", std::env::consts::EXE_SUFFIX);
    Ok(programs()?.join(file))
}
