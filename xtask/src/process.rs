//! Running commands: one line for each, their output in a log file.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::workspace;

/// Nothing that is run here takes longer than this unless it hangs.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// How much of the log is shown when a command fails.
const TAIL_LINES: usize = 60;

/// A command that runs in the root of the workspace, in the user's own
/// environment: without what `cargo run` added to it for this program.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(workspace::root())
        .env("CARGO_TARGET_DIR", workspace::target())
        // This would put native programs into a folder of their target's name.
        .env_remove("CARGO_BUILD_TARGET");
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let added = text == "CARGO"
            || text == "RUST_RECURSION_COUNT"
            || text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_");
        if added {
            command.env_remove(&name);
        }
    }
    command
}

/// `PATH` with `folders` ahead of what is there.
pub fn path_with(folders: &[PathBuf]) -> std::ffi::OsString {
    let old = env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(env::split_paths(&old));
    env::join_paths(all).unwrap_or(old)
}

/// Finds a program on `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

/// What a command prints when it ends well, trimmed; for questions like `--version`.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// How a command ended.
pub struct Outcome {
    what: String,
    status: Option<ExitStatus>,
    log: PathBuf,
    /// All that it printed, both streams.
    pub output: String,
}

impl Outcome {
    /// Did it end well?
    pub fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// The output, or one line that says what failed and where the log is.
    pub fn require(self) -> Result<String, String> {
        if self.success() {
            return Ok(self.output);
        }
        let how = match self.status {
            Some(status) => status.to_string(),
            None => "ended here because it took too long".to_string(),
        };
        Err(format!(
            "{} failed ({how}); log: {}",
            self.what,
            self.log.display()
        ))
    }
}

/// Runs a command and reports it in one line: what, whether, how long. Its
/// output goes to a log file, the end of which is shown when it fails.
/// `Err` means that it could not even be started.
pub fn attempt(what: &str, command: &mut Command) -> Result<Outcome, String> {
    attempt_within(LIMIT, what, command)
}

/// As `attempt`, but the command is ended when it takes longer than `limit`.
pub fn attempt_within(
    limit: Duration,
    what: &str,
    command: &mut Command,
) -> Result<Outcome, String> {
    let log = log_file(what)?;
    let cannot = |e: io::Error| format!("cannot write {}: {e}", log.display());
    let file = File::create(&log).map_err(cannot)?;
    let copy = file.try_clone().map_err(cannot)?;
    let line = Line::start(what);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(copy)
        .spawn()
        .map_err(|e| {
            line.end("FAILED");
            cannot_start(command, &e)
        })?;
    let status = wait(&mut child, limit, || line.progress(&log)).map_err(|e| e.to_string())?;
    let output = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let outcome = Outcome {
        what: what.to_string(),
        status,
        log,
        output: output.unwrap_or_default(),
    };
    if outcome.success() {
        line.end("ok");
    } else {
        line.end("FAILED");
        show_tail(&outcome.output);
    }
    Ok(outcome)
}

/// Runs a command that has to end well; the output.
pub fn run(what: &str, command: &mut Command) -> Result<String, String> {
    attempt(what, command)?.require()
}

/// One line about a step that needed no work.
pub fn skipped(what: &str, why: &str) {
    println!("  {what} ... {why}");
}

/// Waits for the child's end, `None` when it was ended here for taking too long.
fn wait(
    child: &mut Child,
    limit: Duration,
    mut tick: impl FnMut(),
) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut ticks = 0_u32;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
        ticks += 1;
        if ticks.is_multiple_of(10) {
            tick();
        }
    }
}

fn cannot_start(command: &Command, error: &io::Error) -> String {
    let program = Path::new(command.get_program()).display();
    if error.kind() == io::ErrorKind::NotFound {
        format!("`{program}` was not found; `cargo xtask doctor` says how to get it")
    } else {
        format!("`{program}` cannot be started: {error}")
    }
}

fn log_file(what: &str) -> Result<PathBuf, String> {
    let folder = workspace::target().join("xtask-logs");
    fs::create_dir_all(&folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    Ok(folder.join(format!("{}.log", slug(what))))
}

fn slug(what: &str) -> String {
    let words: Vec<_> = what
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-").to_lowercase()
}

fn show_tail(output: &str) {
    let lines: Vec<_> = output.lines().collect();
    for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
        println!("    | {line}");
    }
}

/// The line of a running step. On a terminal it is rewritten as time passes.
struct Line<'a> {
    what: &'a str,
    start: Instant,
    live: bool,
}

impl<'a> Line<'a> {
    fn start(what: &'a str) -> Self {
        print!("  {what} ... ");
        let _ = io::stdout().flush();
        Self {
            what,
            start: Instant::now(),
            live: io::stdout().is_terminal(),
        }
    }

    /// Shows the time so far and the last line of the log, cut to fit.
    fn progress(&self, log: &Path) {
        if !self.live {
            return;
        }
        let output = fs::read(log).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        let last = output.lines().rev().find(|line| !line.trim().is_empty());
        let text = format!(
            "  {} ... {:.0} s {}",
            self.what,
            self.start.elapsed().as_secs_f32(),
            last.unwrap_or("").trim()
        );
        let cut: String = text.chars().filter(|c| !c.is_control()).take(79).collect();
        print!("\r\x1b[K{cut}");
        let _ = io::stdout().flush();
    }

    fn end(&self, word: &str) {
        let seconds = self.start.elapsed().as_secs_f32();
        if self.live {
            println!("\r\x1b[K  {} ... {word} ({seconds:.1} s)", self.what);
        } else {
            println!("{word} ({seconds:.1} s)");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_files_have_plain_names() {
        assert_eq!(
            slug("wasm-pack test: Chromium (headless)"),
            "wasm-pack-test-chromium-headless"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = attempt(
            "test: no such program",
            &mut command("no-such-program-here"),
        );
        assert!(error.is_err_and(|e| e.contains("`no-such-program-here` was not found")));
    }
}
