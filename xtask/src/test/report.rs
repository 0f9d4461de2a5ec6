//! Results of the steps of a test run.

use std::process::{Command, ExitCode};

use super::counts::Counts;
use crate::process;

/// Lines that tests print for the report even if they pass contain this word.
const NOTE: &str = "explored ";

/// A row of the table.
struct Row {
    what: String,
    counts: Counts,
    /// Failed command, and the path of its log.
    failure: Option<String>,
}

/// Results so far.
#[derive(Default)]
pub struct Report(Vec<Row>);

impl Report {
    /// Runs a check, which passes if its command exits with status 0.
    pub fn check(&mut self, what: &str, command: &mut Command) {
        let failure = process::run(what, command).err();
        self.add(what, Counts::one(failure.is_none()), failure);
    }

    /// Runs tests and counts them by the output of their runner.
    pub fn tests(&mut self, what: &str, command: &mut Command, count: fn(&str) -> Counts) {
        let outcome = match process::attempt(what, command) {
            Ok(outcome) => outcome,
            Err(error) => return self.fail(what, error),
        };
        for line in outcome.output.lines() {
            if let Some(start) = line.find(NOTE) {
                process::line(format!("    {}", &line[start..]));
            }
        }
        let mut counts = count(&outcome.output);
        let failure = outcome.require().err();
        if failure.is_some() && counts.failed == 0 {
            // It failed outside of a test, for example because it does not compile.
            counts.failed = 1;
        }
        self.add(what, counts, failure);
    }

    /// Runs a command that prints its own progress, such as a long simulation.
    pub fn show(&mut self, what: &str, run: impl FnOnce() -> Result<(), String>) {
        process::line(format!("  {what} ..."));
        let failure = run().err();
        self.add(what, Counts::one(failure.is_none()), failure);
    }

    /// Records that a step could not be run.
    pub fn fail(&mut self, what: &str, why: String) {
        process::line(format!("  {what} ... FAILED: {why}"));
        self.add(what, Counts::one(false), Some(format!("{what}: {why}")));
    }

    /// Adds a result.
    pub fn add(&mut self, what: &str, mut counts: Counts, mut failure: Option<String>) {
        if failure.is_none() && counts.passed + counts.failed == 0 {
            counts.failed = 1;
            failure = Some(format!("{what}: no test was run"));
        }
        self.0.push(Row {
            what: what.to_string(),
            counts,
            failure,
        });
    }

    /// Names of the steps.
    #[cfg(test)]
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|row| row.what.as_str()).collect()
    }

    /// Adds the results of another report.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Prints the table, the failures and the sum.
    pub fn finish(self) -> ExitCode {
        let width = self.0.iter().map(|row| row.what.len()).max().unwrap_or(0);
        println!("\n  {:width$}  passed  failed  skipped", "");
        let mut sum = Counts::default();
        for Row { what, counts, .. } in &self.0 {
            println!(
                "  {what:width$}  {:>6}  {:>6}  {:>7}",
                counts.passed, counts.failed, counts.skipped
            );
            sum += *counts;
        }
        println!();
        for failure in self.0.iter().filter_map(|row| row.failure.as_ref()) {
            println!("{failure}");
        }
        println!("{sum}");
        if sum.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
