//! `cargo xtask demo`: the demo page on a cloud of its own.

use std::process::Stdio;

use crate::cloud::{self, Cloud};
use crate::{build, process, workspace};

/// The port of the cloud that the page and the README name.
const PORT: u16 = 8002;

/// Builds all, starts the cloud, says the address, and stays until ctrl-c.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let options = Options::parse(arguments)?;
    cloud::require_free(options.port, "cargo xtask demo")?;
    build::run()?;
    let program = cloud::build()?;
    let folders = [
        format!("/={}", workspace::root().join("www").display()),
        format!("/pkg={}", workspace::package().display()),
    ];
    let cloud = Cloud::serve(&program, options.port, &folders)?;
    let url = format!("{}/", cloud.url);
    if options.open {
        open(&url);
    }
    println!("\nDemo: {url}");
    cloud.wait()
}

/// What can be said after `demo`.
#[derive(Debug, PartialEq)]
pub struct Options {
    pub port: u16,
    pub open: bool,
}

impl Options {
    pub fn parse(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            port: PORT,
            open: false,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let port = match *argument {
                "--open" => {
                    options.open = true;
                    continue;
                }
                "--port" => rest.next().copied(),
                other => other.strip_prefix("--port="),
            };
            options.port = port.and_then(|port| port.parse().ok()).ok_or_else(|| {
                format!("`{argument}` is not understood here, only `--port <0-65535>` and `--open`")
            })?;
        }
        Ok(options)
    }
}

/// Opens the page in the user's browser. The address is printed anyway, so
/// nothing depends on it.
pub fn open(url: &str) {
    let mut command = if cfg!(windows) {
        let mut command = process::command("cmd");
        command.args(["/C", "start"]);
        command
    } else {
        process::command(if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        })
    };
    let opened = command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.is_err() {
        println!("  no program here opens a browser; open the address by hand");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_refused() {
        let ok = |port, open| Ok(Options { port, open });
        assert_eq!(Options::parse(&[]), ok(8002, false));
        assert_eq!(Options::parse(&["--port", "9", "--open"]), ok(9, true));
        assert_eq!(Options::parse(&["--port=0"]), ok(0, false));
        for wrong in [
            &["--port"][..],
            &["--port", "x"],
            &["--port", "65536"],
            &["--all"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
