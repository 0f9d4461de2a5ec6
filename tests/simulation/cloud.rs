//! The peer: what it was told, on each connection.

use std::collections::BTreeMap;

use tpa_session::session::{Outgoing, SocketId};

use crate::app::Mail;
use crate::invariants::{Broken, ensure};

/// One connection as the cloud sees it.
#[derive(Default)]
pub struct Connection {
    greeted: bool,
    acknowledged: bool,
    subscriptions: Option<Vec<String>>,
    messages: Vec<u32>,
}

#[derive(Default)]
pub struct Cloud(BTreeMap<SocketId, Connection>);

impl Cloud {
    /// A frame has arrived.
    pub fn receive(&mut self, socket: SocketId, frame: Outgoing<Mail>) -> Result<(), Broken> {
        let connection = self.0.entry(socket).or_default();
        match frame {
            Outgoing::Init => {
                ensure!(!connection.greeted, "handshake", "init came twice");
                connection.greeted = true;
            }
            Outgoing::Subscriptions(streams) => {
                ensure!(
                    connection.acknowledged,
                    "handshake",
                    "subscriptions came before the ack"
                );
                connection.subscriptions = Some(streams);
            }
            Outgoing::Message(mail) => {
                ensure!(
                    connection.subscriptions.is_some(),
                    "handshake",
                    "{mail:?} came before the subscriptions"
                );
                let again = connection.messages.contains(&mail.serial);
                ensure!(!again, "messages", "{mail:?} came twice to the cloud");
                connection.messages.push(mail.serial);
            }
            Outgoing::Ping => {
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

    /// Whether a message has arrived on this connection.
    pub fn has(&self, socket: SocketId, serial: u32) -> bool {
        let connection = self.0.get(&socket);
        connection.is_some_and(|connection| connection.messages.contains(&serial))
    }

    /// Whether a message has arrived at all.
    pub fn has_any(&self, serial: u32) -> bool {
        self.0.keys().any(|&socket| self.has(socket, serial))
    }

    /// The list that this connection was told.
    pub fn subscriptions(&self, socket: SocketId) -> Option<&[String]> {
        self.0.get(&socket)?.subscriptions.as_deref()
    }
}
