//! The cloud of the field world.

use std::collections::BTreeMap;

use tpa_session::session::SocketId;

use super::culprit::Refused;
use super::pongs::Pongs;

#[derive(Clone, Debug)]
pub struct Cloud {
    /// Habits of its connections, one after the other; the last one stays.
    pub pongs: Vec<Pongs>,
    /// Time at which it does anything again.
    pub stalled_until: u64,
    /// Longest time that it takes to catch up after that, ms.
    pub backlog: u64,
    /// It closes connections on which it has heard nothing for 45 s.
    pub drops_silent: bool,
    /// It refuses TCP connections until then.
    pub refuses_until: u64,
    pub refused: Option<Refused>,
    /// Interval of the protocol pings that it, or a proxy before it, sends, ms.
    pub protocol_pings: Option<u64>,
    /// Connections that it acknowledged.
    pub connections: u32,
    /// Arrivals of each message, by the socket.
    received: BTreeMap<u32, Vec<SocketId>>,
    /// Serial number of the card on display; `None` if another app wrote last.
    pub display: Option<u32>,
}

impl Cloud {
    pub const fn new(pongs: Vec<Pongs>) -> Self {
        Self {
            pongs,
            stalled_until: 0,
            backlog: 0,
            drops_silent: false,
            refuses_until: 0,
            refused: None,
            protocol_pings: None,
            connections: 0,
            received: BTreeMap::new(),
            display: None,
        }
    }

    /// Habit of the next connection.
    pub fn next_pongs(&self) -> Pongs {
        let next = (self.connections as usize).min(self.pongs.len() - 1);
        self.pongs[next]
    }

    pub fn receive(&mut self, serial: u32, socket: SocketId) {
        self.received.entry(serial).or_default().push(socket);
        self.display = Some(serial);
    }

    /// Number of times that a message arrived.
    pub fn arrivals(&self, serial: u32) -> usize {
        self.received.get(&serial).map_or(0, Vec::len)
    }

    pub fn has(&self, socket: SocketId, serial: u32) -> bool {
        let sockets = self.received.get(&serial);
        sockets.is_some_and(|sockets| sockets.contains(&socket))
    }
}
