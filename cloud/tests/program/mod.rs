//! The program as a process, for tests.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

pub fn tpa_cloud(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tpa-cloud"));
    command.args(arguments).env_remove("RUST_LOG");
    command
}

/// A running program, killed when dropped.
pub struct Running {
    pub child: Child,
    /// Address that it listens on.
    pub addr: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts the program and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let addr = String::new();
        let mut running = Self { child, addr };
        let mut line = String::new();
        BufReader::new(running.child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let addr = line
            .trim_end()
            .strip_prefix("tpa-cloud listening on http://");
        running.addr = addr.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        running
    }

    pub fn get(&self, path: &str) -> String {
        get(&self.addr, path)
    }

    #[cfg(unix)]
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        // The shell's built-in `kill`, because small systems have no such program.
        let kill = format!("kill -TERM {}", self.child.id());
        let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap()
    }
}

pub fn start() -> Running {
    Running::start(&mut tpa_cloud(&["--listen", "127.0.0.1:0"]))
}

pub fn get(addr: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(testkit::TIMEOUT)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
