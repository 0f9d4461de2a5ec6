//! What comes out of a session: what the shell must do, and what the app is told.

use serde::{Serialize, Serializer};

use super::close::{Close, CloseKind};
use super::input::{FlushId, RunId, SocketId};
use super::protocol::Malformed;
use super::time::Duration;

/// What the shell must carry out, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<P> {
    /// Get URL and key for this socket, then report `Prepared`.
    Prepare(SocketId),
    /// Make the socket.
    Open(SocketId),
    /// Send a frame on the socket.
    Transmit(SocketId, Outgoing<P>),
    /// Close the socket where it is still open, and never hear it again.
    Close(SocketId, Close),
    /// Ask the app whether it wants another attempt after this, and report `ShouldReconnect` at once.
    AskShouldReconnect(Cause),
    /// Tell the app.
    Emit(Event<P>),
    /// Settle the promise that `connect()` gave.
    Settle(RunId, Result<(), ConnectionError>),
    /// Settle the promise that `flush()` gave.
    Flushed(FlushId, Result<(), FlushError>),
}

/// A frame to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing<P> {
    /// The handshake's first frame.
    Init,
    /// The whole list of streams.
    Subscriptions(Vec<String>),
    /// Are you there?
    Ping,
    /// A message of the app.
    Message(P),
}

/// Where the session is, as the app sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// `connect()` was never called.
    Idle,
    /// An attempt is under way: credentials, then the socket.
    Connecting,
    /// The socket is open; the cloud has not acknowledged us yet.
    Handshaking,
    /// The cloud has acknowledged us.
    Connected,
    /// The next attempt is due later.
    Waiting,
    /// The session is over.
    Stopped,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Idle,
        Self::Connecting,
        Self::Handshaking,
        Self::Connected,
        Self::Waiting,
        Self::Stopped,
    ];

    /// Whether a `connect()` is in force.
    pub const fn is_active(self) -> bool {
        match self {
            Self::Idle | Self::Stopped => false,
            Self::Connecting | Self::Handshaking | Self::Connected | Self::Waiting => true,
        }
    }

    /// The name that the JS property `state` shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Handshaking => "handshaking",
            Self::Connected => "connected",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
        }
    }

    /// The state of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What the app is told.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<P> {
    /// An attempt starts.
    Connecting(Connecting),
    /// The cloud has acknowledged us.
    Connected,
    /// A connection ended that had been connected, or the session is over.
    Disconnected(Disconnected),
    /// Another attempt will follow.
    Reconnecting(Reconnecting),
    /// The session is in another state.
    StateChange(StateChange),
    /// Something was wrong, and the session goes on.
    Error(SessionError),
    /// A message will not be sent.
    Dropped(P, DropReason),
}

impl<P> Event<P> {
    /// Name under which the app listens to the event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connecting(_) => "connecting",
            Self::Connected => "connected",
            Self::Disconnected(_) => "disconnected",
            Self::Reconnecting(_) => "reconnecting",
            Self::StateChange(_) => "stateChange",
            Self::Error(_) => "error",
            Self::Dropped(..) => "dropped",
        }
    }
}

/// Event names that frames must not spoof: the session's own, and that of audio, which is
/// binary.
pub const RESERVED_EVENTS: [&str; 8] = [
    "connecting",
    "connected",
    "disconnected",
    "reconnecting",
    "stateChange",
    "error",
    "dropped",
    "audio_chunk",
];

/// Payload of `connecting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connecting {
    /// 0 for a first connection, then the number of the reconnect.
    pub attempt: u32,
}

/// Payload of `disconnected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Disconnected {
    /// For people.
    pub message: String,
    /// WebSocket close code, or one of the client's own.
    pub code: u16,
    /// Reason text.
    pub reason: String,
    /// True for 1000 and 1001 only.
    pub was_clean: bool,
    /// The session is over.
    pub permanent: bool,
    /// Another attempt will follow.
    pub will_reconnect: bool,
    /// What the closure means.
    pub kind: CloseKind,
}

/// Payload of `reconnecting`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconnecting {
    /// Number of the coming attempt, from 1. One that does not count, after a sleep, has the
    /// number of the attempt before it.
    pub attempt: u32,
    /// How many there may be; infinite where there is no limit.
    pub max_attempts: f64,
    /// Wait before it, ms.
    pub delay: Duration,
    /// What ended the connection, or the attempt, before.
    pub cause: Cause,
}

/// What ended a connection or an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// WebSocket close code, or one of the client's own.
    pub code: u16,
    /// Reason text.
    pub reason: String,
    /// What it means.
    pub kind: CloseKind,
}

/// Payload of `stateChange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
}

/// Payload of `error`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The cloud sent something that is no frame.
    Malformed(Malformed),
    /// The cloud reported an error without ending the connection.
    Reported {
        /// The cloud's code.
        code: Option<String>,
        /// The cloud's text.
        message: String,
    },
    /// Messages are to be delivered at least once, and this cloud confirms none.
    Unconfirmable,
}

impl SessionError {
    /// Code for programs; `None` where the cloud gave none.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Malformed(_) => Some("MALFORMED_FRAME"),
            Self::Reported { code, .. } => code.as_deref(),
            Self::Unconfirmable => Some("UNCONFIRMABLE"),
        }
    }

    /// Text for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Malformed(malformed) => malformed.message(),
            Self::Reported { message, .. } => message,
            Self::Unconfirmable => {
                "This cloud confirms no messages: none can be delivered at least once"
            }
        }
    }
}

/// Why a message will not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue's bounds.
    Overflow,
    /// It waited for longer than it may.
    Expired,
    /// The session is over.
    Ended,
    /// One of these, after it had been sent: it may have been received.
    Unconfirmed,
}

impl DropReason {
    /// The name in the payload of `dropped`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

impl Serialize for DropReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Why the promise of `connect()` is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    /// What ended the session.
    pub cause: Cause,
    /// For people.
    pub message: String,
    /// Attempts to reconnect that were made.
    pub attempts: u32,
}

/// Why nobody can say that all messages were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlushError {
    /// The cloud answers no pings.
    Unsupported,
    /// The connection was lost with messages that are not sent again.
    Lost,
    /// The session is over, or was never begun.
    Ended,
}

impl FlushError {
    /// For programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsupported => "NOT_SUPPORTED",
            Self::Lost => "CONNECTION_LOST",
            Self::Ended => "SESSION_OVER",
        }
    }

    /// For people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unsupported => "not supported by this cloud",
            Self::Lost => "the connection was lost before all was confirmed",
            Self::Ended => "the session is over",
        }
    }
}
