//! `cargo xtask test`: every check and every test, and what came of them.

mod counts;
mod js;
mod lint;
mod native;
mod nudge;
mod web;
mod workflows;

use std::process::{Command, ExitCode};

use counts::Counts;

use crate::process;

/// A part of the tests that can be asked for by name.
type Part = (&'static str, fn(&mut Report));

/// All parts, in the order in which they run: what fails soonest comes first.
const PARTS: [Part; 8] = [
    ("lint", lint::run),
    ("core", native::run),
    ("web", web::run),
    ("js", js::unit),
    ("package", js::package),
    ("sdk", js::sdk),
    ("matrix", js::matrix),
    ("e2e", js::end_to_end),
];

/// What the tests tell even when they pass begins with this word.
const NEWS: &str = "explored ";

/// Runs the parts named, or all. Goes on after a failure: one run shows all.
pub fn run(arguments: &[&str]) -> Result<ExitCode, String> {
    let known = |name: &str| PARTS.iter().any(|(part, _)| *part == name);
    if let Some(wrong) = arguments.iter().find(|name| !known(name)) {
        let names = PARTS.map(|(name, _)| name).join(", ");
        return Err(format!("there is no part `{wrong}`; there are {names}"));
    }
    let mut report = Report::default();
    for (name, part) in PARTS {
        if arguments.is_empty() || arguments.contains(&name) {
            println!("{name}");
            part(&mut report);
        }
    }
    Ok(report.finish())
}

/// One line of the table at the end.
struct Row {
    what: String,
    counts: Counts,
    /// What failed, and where to read on.
    failure: Option<String>,
}

/// What came of each step so far.
#[derive(Default)]
struct Report(Vec<Row>);

impl Report {
    /// Runs a check, which passes when its command ends well.
    fn check(&mut self, what: &str, command: &mut Command) {
        let failure = process::run(what, command).err();
        self.add(what, Counts::one(failure.is_none()), failure);
    }

    /// Runs tests, and counts them by what their runner says.
    fn tests(&mut self, what: &str, command: &mut Command, count: fn(&str) -> Counts) {
        match process::attempt(what, command) {
            Ok(outcome) => {
                for line in outcome.output.lines() {
                    if let Some(at) = line.find(NEWS) {
                        println!("    {}", &line[at..]);
                    }
                }
                let mut counts = count(&outcome.output);
                let failure = outcome.require().err();
                if failure.is_some() && counts.failed == 0 {
                    // It ended before or after the tests, as when they do not compile.
                    counts.failed = 1;
                }
                self.add(what, counts, failure);
            }
            Err(error) => self.fail(what, error),
        }
    }

    /// Notes that a step could not be run.
    fn fail(&mut self, what: &str, why: String) {
        println!("  {what} ... FAILED: {why}");
        self.add(what, Counts::one(false), Some(format!("{what}: {why}")));
    }

    fn add(&mut self, what: &str, mut counts: Counts, mut failure: Option<String>) {
        if failure.is_none() && counts.passed + counts.failed == 0 {
            counts.failed = 1;
            failure = Some(format!("{what}: it ran no test"));
        }
        self.0.push(Row {
            what: what.to_string(),
            counts,
            failure,
        });
    }

    /// Prints the table, the reasons, and the sum.
    fn finish(self) -> ExitCode {
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
