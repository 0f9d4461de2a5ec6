//! The program as a process, for tests.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is tests"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Variable with the command line of another program to be tested, such as `node cli.js`.
const OTHER: &str = "TPA_CLOUD_PROGRAM";

/// Reports whether another program than that of this crate is tested.
pub fn is_other() -> bool {
    std::env::var_os(OTHER).is_some()
}

/// Returns the command line of the program without options, for a shell as well.
pub fn program() -> String {
    std::env::var(OTHER).unwrap_or_else(|_| env!("CARGO_BIN_EXE_tpa-cloud").to_owned())
}

pub fn tpa_cloud(arguments: &[&str]) -> Command {
    let program = program();
    let mut words = program.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
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
        Self::try_start(command).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts the program. Fails with what it writes if it does not listen.
    pub fn try_start(command: &mut Command) -> io::Result<Self> {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let addr = String::new();
        let mut running = Self { child, addr };
        let mut line = String::new();
        BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut line)?;
        let addr = line
            .trim_end()
            .strip_prefix("tpa-cloud listening on http://");
        let Some(addr) = addr else {
            running.child.wait()?;
            if let Some(mut stderr) = running.child.stderr.take() {
                stderr.read_to_string(&mut line)?;
            }
            return Err(io::Error::other(line));
        };
        running.addr = addr.to_owned();
        Ok(running)
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
