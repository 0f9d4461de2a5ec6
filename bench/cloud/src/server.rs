//! The measured servers, each in its own process.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::usage::Usage;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// tpa-cloud, the native program.
    Cloud,
    /// tpa-cloud from npm, in Node.
    Npm,
    /// A plain `ws` server in Node.
    Peer,
}

impl Kind {
    /// Returns the name for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloud => "tpa-cloud",
            Self::Npm => "tpa-cloud from npm",
            Self::Peer => "ws in Node",
        }
    }
}

/// A running server, killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Address that it listens on.
    pub addr: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(kind: Kind, program: &Path, ping_interval: Duration) -> io::Result<Self> {
        let millis = ping_interval.as_millis();
        let mut command = match kind {
            Kind::Cloud | Kind::Npm => {
                let mut command = Command::new(if kind == Kind::Npm {
                    Path::new("node")
                } else {
                    program
                });
                if kind == Kind::Npm {
                    command.arg(program);
                }
                let ping_interval = format!("--ping-interval={millis}ms");
                // No scripted streams and no log, like the peer.
                let quiet = "--stream-interval=1h";
                command.args(["--listen=127.0.0.1:0", &ping_interval, quiet]);
                command.env("RUST_LOG", "warn");
                command
            }
            Kind::Peer => {
                let mut command = Command::new("node");
                command.args(["bench/cloud/peer.mjs", &millis.to_string()]);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = Self {
            child: command.spawn()?,
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let mut line = String::new();
        if let Some(stdout) = server.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let url = line.trim().rsplit_once("http://");
        let addr = url.and_then(|(_, addr)| addr.parse().ok());
        let wrong = || io::Error::other(format!("{} does not listen: {line:?}", kind.name()));
        server.addr = addr.ok_or_else(wrong)?;
        Ok(server)
    }

    /// Returns the resource usage so far.
    pub fn usage(&self) -> io::Result<Usage> {
        Usage::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
