//! The command line.

mod args;
mod config_file;
mod escape;
mod help;
mod log;
mod scenario_file;
#[cfg(test)]
mod table;

use std::io::{self, Write};

use clap::error::ContextValue;

pub(crate) use args::read;
pub(crate) use log::Log;

/// Prints an error of the command line, or the help. Returns the code to exit with. Nobody may read
/// it, so a failure to write is ignored.
pub(crate) fn print(mut error: clap::Error) -> u8 {
    if !error.use_stderr() {
        let _ = error.print();
        return 0;
    }
    // A given value stays on its line.
    let context: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| {
            let ContextValue::String(text) = value else {
                return None;
            };
            Some((kind, ContextValue::String(escape::line(text))))
        })
        .collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    let text = escape::lines(&error.render().to_string());
    let _ = io::stderr().write_all(text.as_bytes());
    u8::try_from(error.exit_code()).unwrap_or(1)
}
