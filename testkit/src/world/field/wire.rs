//! Frames between the client and the cloud of the field world, and their sizes.

use tpa_session::session::{Close, Control, Outgoing, PingId};

use crate::Message;

/// Something on its way to the cloud.
#[derive(Clone, Debug, PartialEq)]
pub enum Up {
    /// The first packet of a TCP connection, which the kernel of the cloud answers.
    Syn,
    /// The request for a WebSocket, which the cloud itself answers.
    Upgrade,
    Frame(Outgoing<Message>),
    /// The client closes or resets the connection.
    Goodbye,
}

/// Something on its way to the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Down {
    SynAck,
    Opened,
    Control(Control),
    /// A frame of a stream.
    Data,
    ProtocolPing,
    Closed(Close),
}

/// Bytes of a frame's header and of the layers below it.
const OVERHEAD: u64 = 60;

impl Up {
    pub fn size(&self) -> u64 {
        OVERHEAD
            + match self {
                Self::Syn | Self::Goodbye => 0,
                Self::Upgrade => 400,
                Self::Frame(frame) => payload(frame),
            }
    }
}

impl Down {
    pub const fn size(&self) -> u64 {
        OVERHEAD
            + match self {
                Self::SynAck | Self::Closed(_) | Self::ProtocolPing => 0,
                Self::Opened => 200,
                Self::Control(Control::Ack) => 1200,
                Self::Control(_) => 30,
                Self::Data => 342,
            }
    }
}

/// Bytes of a frame without its header.
pub fn payload(frame: &Outgoing<Message>) -> u64 {
    match frame {
        Outgoing::Init => 300,
        Outgoing::Subscriptions(_) => 200,
        Outgoing::Message(message) => message.size as u64,
        Outgoing::Ping(_) => 24,
    }
}

/// Number of a ping; `None` if the frame is not a ping.
pub const fn ping(frame: &Outgoing<Message>) -> Option<u32> {
    match frame {
        Outgoing::Ping(id) => Some(id.0),
        Outgoing::Init | Outgoing::Subscriptions(_) | Outgoing::Message(_) => None,
    }
}

/// Answer to the ping with this number, or a pong without a number.
pub fn pong(id: Option<u32>) -> Control {
    Control::Pong { id: id.map(PingId) }
}

/// Number in a pong, if it has one; `None` if the frame is not a pong.
pub fn pong_id(control: &Control) -> Option<Option<u32>> {
    match control {
        Control::Pong { id } => Some(id.map(|id| id.0)),
        _ => None,
    }
}
