//! The line of a running step. On a terminal it is updated in place.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

/// Columns that the line may use on a terminal.
const WIDTH: usize = 79;

pub(super) struct Line<'a> {
    what: &'a str,
    start: Instant,
    is_terminal: bool,
}

impl<'a> Line<'a> {
    pub(super) fn start(what: &'a str) -> Self {
        print!("  {what} ... ");
        let _ = io::stdout().flush();
        Self {
            what,
            start: Instant::now(),
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Shows the elapsed time and the last line of the log.
    pub(super) fn update(&self, log: &Path) {
        if !self.is_terminal {
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
        let text: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(WIDTH)
            .collect();
        print!("\r\x1b[K{text}");
        let _ = io::stdout().flush();
    }

    /// Completes the line with the result and the duration.
    pub(super) fn end(&self, result: &str) {
        let seconds = self.start.elapsed().as_secs_f32();
        if self.is_terminal {
            println!("\r\x1b[K  {} ... {result} ({seconds:.1} s)", self.what);
        } else {
            println!("{result} ({seconds:.1} s)");
        }
    }
}
