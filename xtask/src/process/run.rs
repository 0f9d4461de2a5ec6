//! Runs commands to completion: one line of progress each, output in a log file.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::cannot_start;
use super::children::{self, Running};
use super::output;
use super::progress::Line;
use crate::workspace;

/// Time limit of a command. None takes this long unless it hangs.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Lines of the log that are printed when a command fails.
const TAIL_LINES: usize = 60;
/// Interval at which a running command is checked.
const POLL: Duration = Duration::from_millis(20);
/// Checks between two updates of the progress line.
const CHECKS_PER_UPDATE: u32 = 10;

/// A completed command.
pub struct Outcome {
    what: String,
    /// `None` if it exceeded its time limit.
    status: Option<ExitStatus>,
    log: PathBuf,
    /// Its standard output and standard error.
    pub output: String,
}

impl Outcome {
    /// Returns true if it exited with status 0.
    pub fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// The output, or one line with the failure and the path of the log.
    pub fn require(self) -> Result<String, String> {
        if self.success() {
            return Ok(self.output);
        }
        let how = match self.status {
            Some(status) => status.to_string(),
            None => "time limit exceeded".to_string(),
        };
        Err(format!(
            "{} failed ({how}); log: {}",
            self.what,
            self.log.display()
        ))
    }
}

/// Runs a command that has to succeed; returns its output.
pub fn run(what: &str, command: &mut Command) -> Result<String, String> {
    attempt(what, command)?.require()
}

/// Runs a command that may fail. Prints one line: name, result, duration. On
/// failure the end of its log follows. `Err` means that it did not start.
pub fn attempt(what: &str, command: &mut Command) -> Result<Outcome, String> {
    attempt_within(LIMIT, what, command)
}

/// Runs a command whose failure is no failure of the caller, which reads its output.
pub fn collect(what: &str, command: &mut Command) -> Result<Outcome, String> {
    let (line, outcome) = execute(LIMIT, what, command)?;
    line.end("done");
    Ok(outcome)
}

/// Like [`attempt`], with a time limit.
fn attempt_within(limit: Duration, what: &str, command: &mut Command) -> Result<Outcome, String> {
    let (line, outcome) = execute(limit, what, command)?;
    if outcome.success() {
        line.end("ok");
    } else {
        line.end("FAILED");
        print_tail(&outcome.output);
    }
    Ok(outcome)
}

/// Runs a command, with its output in a log. The line of output is left to the caller.
fn execute<'a>(
    limit: Duration,
    what: &'a str,
    command: &mut Command,
) -> Result<(Line<'a>, Outcome), String> {
    let _name = Name::take(what);
    let log = log_file(what)?;
    let cannot_write = |e: io::Error| format!("cannot write {}: {e}", log.display());
    let file = File::create(&log).map_err(cannot_write)?;
    let copy = file.try_clone().map_err(cannot_write)?;
    let line = Line::start(what);
    command.stdin(Stdio::null()).stdout(file).stderr(copy);
    let mut child = children::spawn(command).map_err(|e| {
        line.end("FAILED");
        cannot_start(command, &e)
    })?;
    let status = wait(&mut child, limit, || line.update(&log)).map_err(|e| e.to_string())?;
    let output = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let outcome = Outcome {
        what: what.to_string(),
        status,
        log,
        output: output.unwrap_or_default(),
    };
    Ok((line, outcome))
}

/// Runs a command that has to succeed and prints its output as it comes.
pub fn show(what: &str, command: &mut Command) -> Result<(), String> {
    let mut child = children::spawn(command).map_err(|e| cannot_start(command, &e))?;
    let status = child.wait().map_err(|e| e.to_string())?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what} failed ({status}); its output is above"))
    }
}

/// Prints the line of a step that needed no work.
pub fn skipped(what: &str, why: &str) {
    output::line(format!("  {what} ... {why}"));
}

/// The name of a running step. A second step of this name waits: it has the same log.
struct Name<'a>(&'a str);

static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static NAME_IS_FREE: Condvar = Condvar::new();

impl<'a> Name<'a> {
    fn take(what: &'a str) -> Self {
        let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = |names: &mut Vec<String>| names.iter().any(|name| name == what);
        let mut names = NAME_IS_FREE
            .wait_while(names, is_taken)
            .unwrap_or_else(PoisonError::into_inner);
        names.push(what.to_string());
        Self(what)
    }
}

impl Drop for Name<'_> {
    fn drop(&mut self) {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|name| name != self.0);
        NAME_IS_FREE.notify_all();
    }
}

/// Waits until the child exits or the limit has passed; `None` in the latter case.
fn wait(
    child: &mut Running,
    limit: Duration,
    mut update: impl FnMut(),
) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut checks = 0_u32;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            child.kill();
            return Ok(None);
        }
        thread::sleep(POLL);
        checks += 1;
        if checks.is_multiple_of(CHECKS_PER_UPDATE) {
            update();
        }
    }
}

fn log_file(what: &str) -> Result<PathBuf, String> {
    let folder = workspace::target().join("xtask-logs");
    fs::create_dir_all(&folder).map_err(|e| format!("cannot create {}: {e}", folder.display()))?;
    Ok(folder.join(format!("{}.log", slug(what))))
}

fn slug(what: &str) -> String {
    let words: Vec<_> = what
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-").to_lowercase()
}

fn print_tail(output: &str) {
    // Lines with JSON are messages for this program.
    let is_text = |line: &&str| !line.starts_with("{\"");
    let lines: Vec<_> = output.lines().filter(is_text).collect();
    for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
        output::line(format!("    | {line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::command;

    #[test]
    fn log_files_have_plain_names() {
        assert_eq!(
            slug("wasm-pack test: Chromium (headless)"),
            "wasm-pack-test-chromium-headless"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = attempt(
            "test: no such program",
            &mut command("no-such-program-here"),
        );
        assert!(error.is_err_and(|e| e.contains("`no-such-program-here` was not found")));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_exceeds_its_limit_is_killed() {
        let mut sleep = command("sleep");
        let start = Instant::now();
        let outcome = attempt_within(
            Duration::from_millis(50),
            "test: time limit",
            sleep.arg("60"),
        );
        let error = outcome.and_then(Outcome::require).unwrap_err();
        assert!(error.contains("time limit exceeded"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
