//! The line of a running step. On a terminal it is updated in place; steps that run at the same
//! time share it.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::output;

/// Columns that the line may use on a terminal.
const WIDTH: usize = 79;

/// Steps that run, in the order in which they began.
static STEPS: Mutex<Vec<(String, Instant)>> = Mutex::new(Vec::new());

fn steps() -> MutexGuard<'static, Vec<(String, Instant)>> {
    STEPS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Line<'a> {
    what: &'a str,
    start: Instant,
}

impl<'a> Line<'a> {
    pub(super) fn start(what: &'a str) -> Self {
        let start = Instant::now();
        steps().push((what.to_string(), start));
        if !output::is_collecting() {
            output::print(&format!("  {what} ... "));
        }
        Self { what, start }
    }

    /// Shows the elapsed time and the last line of the log, or what runs beside this step.
    pub(super) fn update(&self, log: &Path) {
        if !output::is_terminal() {
            return;
        }
        let steps = steps();
        let text = if steps.len() > 1 {
            together(&steps)
        } else {
            self.alone(log)
        };
        let text: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(WIDTH)
            .collect();
        output::print(&text);
    }

    fn alone(&self, log: &Path) -> String {
        let output = fs::read(log).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        let last = output.lines().rev().find(|line| !line.trim().is_empty());
        format!(
            "  {} ... {:.0} s {}",
            self.what,
            self.start.elapsed().as_secs_f32(),
            last.unwrap_or("").trim()
        )
    }

    /// Completes the line with the result and the duration.
    pub(super) fn end(&self, result: &str) {
        let seconds = self.start.elapsed().as_secs_f32();
        let rest = format!("{result} ({seconds:.1} s)");
        if output::is_terminal() || output::is_collecting() {
            output::line(format!("  {} ... {rest}", self.what));
        } else {
            output::line(rest);
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let mut steps = steps();
        let of_this = |(what, start): &(String, Instant)| what == self.what && *start == self.start;
        if let Some(place) = steps.iter().position(of_this) {
            steps.remove(place);
        }
    }
}

fn together(steps: &[(String, Instant)]) -> String {
    let each = |(what, start): &(String, Instant)| {
        format!("{what} {:.0} s", start.elapsed().as_secs_f32())
    };
    format!(
        "  {}",
        steps.iter().map(each).collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_at_the_same_time_share_the_line() {
        let now = Instant::now();
        let steps = [("tests/js".into(), now), ("cargo test".into(), now)];
        assert_eq!(together(&steps), "  tests/js 0 s, cargo test 0 s");
    }

    #[test]
    fn the_line_of_a_collecting_thread_is_whole() {
        let ((), text) = output::collect(|| {
            let line = Line::start("test: a step");
            assert!(steps().iter().any(|(what, _)| what == "test: a step"));
            line.end("ok");
        });
        assert_eq!(text, "  test: a step ... ok (0.0 s)\n");
        assert!(!steps().iter().any(|(what, _)| what == "test: a step"));
    }
}
