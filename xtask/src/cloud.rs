//! tpa-cloud as a child process.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::process::{self, Running};
use crate::workspace;

/// Time limit until a cloud listens.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running cloud. Dropping it kills it.
pub struct Cloud {
    process: Running,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

/// Builds tpa-cloud and returns its path.
pub fn build() -> Result<PathBuf, String> {
    build_with("debug", &[])
}

/// Builds tpa-cloud with optimisations and returns its path.
pub fn build_release() -> Result<PathBuf, String> {
    build_with("release", &["--release"])
}

fn build_with(folder: &str, arguments: &[&str]) -> Result<PathBuf, String> {
    let mut cargo = process::command("cargo");
    cargo.args(["build", "--locked", "--package", "tpa-cloud"]);
    process::run("build tpa-cloud", cargo.args(arguments))?;
    let file = format!("tpa-cloud{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target().join(folder).join(file))
}

/// Tests whether a port of the loopback interface is free.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// Fails with the fix if a port is in use. Port 0 is any free one.
pub fn require_free(port: u16, command: &str) -> Result<(), String> {
    if port == 0 || is_free(port) {
        return Ok(());
    }
    let other = port.wrapping_add(1);
    Err(format!(
        "port {port} is in use; stop the program that listens there or choose another port: `{command} --port {other}`"
    ))
}

impl Cloud {
    /// Starts one that serves folders, each given as `/path=DIR`, and logs to the terminal.
    pub fn serve(program: &Path, port: u16, folders: &[String]) -> Result<Self, String> {
        let serve = |folder: &String| ["--serve".to_string(), folder.clone()];
        let arguments: Vec<String> = folders.iter().flat_map(serve).collect();
        Self::start(program, port, &arguments, Stdio::inherit())
    }

    /// Starts one and waits until it listens. Port 0 is any free one.
    pub fn start(
        program: &Path,
        port: u16,
        arguments: &[String],
        log: Stdio,
    ) -> Result<Self, String> {
        let mut command = process::command(program);
        command
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut process = process::spawn(&mut command)
            .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let stdout = process.child.stdout.take();

        // The thread reads on after the address: a full pipe would block the cloud.
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            let lines = stdout
                .into_iter()
                .flat_map(|out| BufReader::new(out).lines());
            for line in lines.map_while(Result::ok) {
                if let Some(url) = listening_url(&line) {
                    let _ = send.send(url.to_string());
                }
            }
        });
        match receive.recv_timeout(START_LIMIT) {
            Ok(url) => Ok(Self { process, url }),
            Err(_) => Err(format!(
                "tpa-cloud did not start on port {port}; see its log"
            )),
        }
    }

    /// Waits until it exits.
    pub fn wait(mut self) -> Result<(), String> {
        let status = self.process.wait().map_err(|e| e.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("tpa-cloud failed ({status})"))
        }
    }
}

/// The URL in the line that the cloud prints when it listens.
fn listening_url(line: &str) -> Option<&str> {
    let start = line.find("http://")?;
    let url = line[start..].split_whitespace().next()?;
    Some(url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::listening_url;

    #[test]
    fn the_url_is_taken_from_the_line() {
        let line = "tpa-cloud listening on http://127.0.0.1:8002/ (2 folders)";
        assert_eq!(listening_url(line), Some("http://127.0.0.1:8002"));
        assert_eq!(listening_url("starting"), None);
    }
}
