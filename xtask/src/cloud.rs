//! tpa-cloud: building it, starting it, ending it.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::{process, workspace};

/// How long a cloud may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running cloud; dropping it ends it.
pub struct Cloud {
    child: Child,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
}

/// Builds tpa-cloud; its path.
pub fn build() -> Result<PathBuf, String> {
    build_with("debug", &[])
}

/// Builds tpa-cloud as fast as it gets; its path.
pub fn build_release() -> Result<PathBuf, String> {
    build_with("release", &["--release"])
}

fn build_with(folder: &str, arguments: &[&str]) -> Result<PathBuf, String> {
    let mut cargo = process::command("cargo");
    cargo.args(["build", "--package", "tpa-cloud"]);
    process::run("build tpa-cloud", cargo.args(arguments))?;
    let file = format!("tpa-cloud{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target().join(folder).join(file))
}

/// Is this port free on the loopback interface?
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// Says what to do where this port is not free. Port 0 is any free one.
pub fn require_free(port: u16, command: &str) -> Result<(), String> {
    if port == 0 || is_free(port) {
        return Ok(());
    }
    let other = port.wrapping_add(1);
    Err(format!(
        "port {port} is in use; end what listens there, or take another: `{command} --port {other}`"
    ))
}

/// An address on the loopback interface that nothing listens on.
pub fn free_address() -> Result<SocketAddr, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|e| format!("there is no free port: {e}"))
}

impl Cloud {
    /// Starts it for a person, with these folders to serve, each as `/path=DIR`.
    pub fn serve(program: &Path, port: u16, folders: &[String]) -> Result<Self, String> {
        let serve = |folder: &String| ["--serve".to_string(), folder.clone()];
        let arguments: Vec<String> = folders.iter().flat_map(serve).collect();
        Self::start(program, port, &arguments, Stdio::inherit())
    }

    /// Starts it and waits until it says where it listens. Port 0 is any free
    /// one; what it logs goes to `log`.
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
        let mut child = command
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let stdout = child.stdout.take();
        let mut cloud = Self {
            child,
            url: String::new(),
        };

        // A thread of its own, so that waiting can end; it goes on reading after
        // that, since a full pipe would stop the cloud.
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
            Ok(url) => {
                cloud.url = url;
                Ok(cloud)
            }
            Err(_) => Err(format!(
                "tpa-cloud did not start on port {port}; its log says why"
            )),
        }
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|e| e.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("tpa-cloud ended ({status})"))
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the line in which the cloud says that it listens.
fn listening_url(line: &str) -> Option<&str> {
    let start = line.find("http://")?;
    let url = line[start..].split_whitespace().next()?;
    Some(url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::listening_url;

    #[test]
    fn the_address_is_taken_from_the_line() {
        let line = "tpa-cloud listening on http://127.0.0.1:8002/ (2 folders)";
        assert_eq!(listening_url(line), Some("http://127.0.0.1:8002"));
        assert_eq!(listening_url("starting"), None);
    }
}
