//! Record of what the cloud received on each connection.

use std::collections::BTreeMap;

use tpa_session::session::{Outgoing, SocketId};

use crate::Message;
use crate::model::{Violation, ensure};

/// One connection as the cloud sees it.
#[derive(Default)]
pub struct Connection {
    initialized: bool,
    acknowledged: bool,
    subscriptions: Option<Vec<String>>,
    messages: Vec<u32>,
}

#[derive(Default)]
pub struct Peer(BTreeMap<SocketId, Connection>);

impl Peer {
    /// A frame arrived.
    pub fn receive(&mut self, socket: SocketId, frame: Outgoing<Message>) -> Result<(), Violation> {
        let connection = self.0.entry(socket).or_default();
        match frame {
            Outgoing::Init => {
                ensure!(!connection.initialized, "handshake", "init came twice");
                connection.initialized = true;
            }
            Outgoing::Subscriptions(streams) => {
                ensure!(
                    connection.acknowledged,
                    "handshake",
                    "subscriptions came before the ack"
                );
                connection.subscriptions = Some(streams);
            }
            Outgoing::Message(message) => {
                ensure!(
                    connection.subscriptions.is_some(),
                    "handshake",
                    "{message:?} came before the subscriptions"
                );
                let again = connection.messages.contains(&message.serial);
                ensure!(
                    !again,
                    "messages",
                    "{message:?} came twice on one connection"
                );
                connection.messages.push(message.serial);
            }
            Outgoing::Ping(_) => {
                ensure!(
                    connection.acknowledged,
                    "handshake",
                    "a ping came before the ack"
                );
            }
        }
        Ok(())
    }

    /// The cloud sends its ack.
    pub fn acknowledge(&mut self, socket: SocketId) {
        self.0.entry(socket).or_default().acknowledged = true;
    }

    /// True if a message has arrived on this connection.
    pub fn has(&self, socket: SocketId, serial: u32) -> bool {
        let connection = self.0.get(&socket);
        connection.is_some_and(|connection| connection.messages.contains(&serial))
    }

    /// True if a message has arrived at all.
    pub fn has_any(&self, serial: u32) -> bool {
        self.0.keys().any(|&socket| self.has(socket, serial))
    }

    /// The last list of streams on this connection.
    pub fn subscriptions(&self, socket: SocketId) -> Option<&[String]> {
        self.0.get(&socket)?.subscriptions.as_deref()
    }
}
