//! Keeps the web server of wasm-bindgen's test runner from standing still.
//!
//! It starts with four threads, one for each connection, and adds one when none
//! is waiting for work. When a browser opens more connections at the same
//! moment, it counts a waiting thread twice, and one request is left in its
//! queue until another connection comes; the page never loads. So another
//! connection comes, again and again.

use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(250);

/// Connects to a server regularly, from when it is made until it is dropped.
pub struct Nudge {
    /// Never sent through: its end tells the thread to end.
    _alive: Sender<()>,
}

impl Nudge {
    /// The server need not be there yet.
    pub fn start(server: SocketAddr) -> Self {
        let (alive, ended) = mpsc::channel();
        thread::spawn(move || {
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                // Opened and closed; whether it could be opened does not matter.
                drop(TcpStream::connect_timeout(&server, INTERVAL));
            }
        });
        Self { _alive: alive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn connections_come_until_it_is_dropped() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let nudge = Nudge::start(server.local_addr().unwrap());
        server.accept().unwrap();
        server.accept().unwrap();
        drop(nudge);
    }
}
