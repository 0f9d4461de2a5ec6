//! Child processes: how commands are built, run, reported and stopped.

mod children;
mod output;
mod progress;
mod run;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

pub use children::{Running, STOPPED, is_stopping, spawn, stop_on_signals};
pub use output::{collect as collect_lines, line, write};
pub use run::{attempt, collect, run, show, skipped};

/// A command that runs in the root of the workspace and in the user's own
/// environment, without the variables that `cargo run` set for this program.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(workspace::root())
        .env("CARGO_TARGET_DIR", workspace::target())
        // It would put native programs into a folder named after their target.
        .env_remove("CARGO_BUILD_TARGET");
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_from_cargo = text == "CARGO"
            || text == "RUST_RECURSION_COUNT"
            || text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_");
        if is_from_cargo {
            command.env_remove(&name);
        }
    }
    command
}

/// `PATH` with `folders` in front.
pub fn path_with(folders: &[PathBuf]) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(env::split_paths(&path));
    env::join_paths(all).unwrap_or(path)
}

/// Searches `PATH` for a program.
pub fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

/// Tests whether network namespaces can be made: on Linux, by root.
pub fn can_unshare() -> bool {
    let mut unshare = command("unshare");
    ask(unshare.args(["--net", "--pid", "--fork", "--mount-proc", "true"])).is_some()
}

/// Trimmed output of a short query such as `--version`; `None` if it fails.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Error text for a command that did not start.
fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    let program = Path::new(command.get_program()).display();
    if error.kind() == std::io::ErrorKind::NotFound {
        format!("`{program}` was not found; `cargo xtask setup` installs what is missing")
    } else {
        format!("cannot start `{program}`: {error}")
    }
}
