//! A screen in memory, for a browser that has no mode without a window.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::browsers::XVFB;
use crate::process::{self, Running};

/// A running X server. Dropping it kills it.
pub struct Screen {
    _server: Running,
    /// `:NUMBER`
    display: String,
}

impl Screen {
    /// Starts one and waits until it accepts programs.
    pub fn start() -> Result<Self, String> {
        let program = XVFB.get()?;
        let mut command = process::command(&program);
        command
            // It chooses a free number and prints it.
            .args(["-displayfd", "1", "-screen", "0", "1280x1024x24"])
            .args(["-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut server = process::spawn(&mut command)
            .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let mut number = String::new();
        if let Some(stdout) = server.child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut number)
                .map_err(|e| format!("cannot read the number of the screen: {e}"))?;
        }
        let number = number.trim();
        if number.is_empty() {
            return Err(format!(
                "{} ended before it had a screen",
                program.display()
            ));
        }
        Ok(Self {
            _server: server,
            display: format!(":{number}"),
        })
    }

    /// Makes a command use it.
    pub fn apply(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env("GDK_BACKEND", "x11")
            // Not the accessibility bus of the user's desktop.
            .env("NO_AT_BRIDGE", "1");
    }
}
