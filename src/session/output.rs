//! Outputs of a session: actions for the driver, and events for the app.

use serde::{Serialize, Serializer};

use crate::session::fields::{self, Value};
use crate::session::{Close, CloseKind, Duration, FlushId, Malformed, PingId, RunId, SocketId};

/// Action for the driver, to be executed in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<P> {
    /// Get URL and key for this socket, then pass `Prepared`.
    Prepare(SocketId),
    /// Create the socket.
    Open(SocketId),
    /// Send a frame on the socket.
    Transmit(SocketId, Outgoing<P>),
    /// Close the socket if it is still open, and ignore all its events from now on.
    Close(SocketId, Close),
    /// Ask the app whether to reconnect after this closure, and pass `ShouldReconnect` at once.
    AskShouldReconnect(Cause),
    /// Call the app's handlers of the event.
    Emit(Event<P>),
    /// Settle the promise of `connect()`.
    Settle(RunId, Result<(), ConnectionError>),
    /// Settle the promise of `flush()`.
    Flushed(FlushId, Result<(), FlushError>),
}

/// Frame to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing<P> {
    /// First frame of the handshake.
    Init,
    /// Complete list of streams.
    Subscriptions(Vec<String>),
    /// Ping with its id.
    Ping(PingId),
    /// Message of the app.
    Message(P),
}

/// State of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// `connect()` has not been called.
    Idle,
    /// An attempt is in progress: credentials, then the socket.
    Connecting,
    /// The socket is open. The cloud has not acknowledged the connection yet.
    Handshaking,
    /// The cloud has acknowledged the connection.
    Connected,
    /// The session waits before the next attempt.
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

    /// True from `connect()` until the session is over.
    pub const fn is_active(self) -> bool {
        match self {
            Self::Idle | Self::Stopped => false,
            Self::Connecting | Self::Handshaking | Self::Connected | Self::Waiting => true,
        }
    }

    /// Value of the JavaScript property `state`.
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

    /// Finds a state by its name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Event for the app.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<P> {
    /// An attempt starts.
    Connecting(Connecting),
    /// The cloud has acknowledged the connection.
    Connected,
    /// A connection that was acknowledged has ended, or the session is over.
    Disconnected(Disconnected),
    /// Another attempt will follow.
    Reconnecting(Reconnecting),
    /// The state has changed.
    StateChange(StateChange),
    /// A fault occurred; the session continues.
    Error(SessionError),
    /// A queued message was passed to a socket.
    Sent(P),
    /// A message will not be sent.
    Dropped(P, DropReason),
}

impl<P> Event<P> {
    /// Name of the event in JavaScript.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connecting(_) => "connecting",
            Self::Connected => "connected",
            Self::Disconnected(_) => "disconnected",
            Self::Reconnecting(_) => "reconnecting",
            Self::StateChange(_) => "stateChange",
            Self::Error(_) => "error",
            Self::Sent(_) => "sent",
            Self::Dropped(..) => "dropped",
        }
    }
}

/// Event names that frames must not spoof: the session's own, and that of audio, which is
/// binary.
pub const RESERVED_EVENTS: [&str; 9] = [
    "connecting",
    "connected",
    "disconnected",
    "reconnecting",
    "stateChange",
    "error",
    "sent",
    "dropped",
    "audio_chunk",
];

/// Payload of `connecting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connecting {
    /// Number of the reconnect; 0 for a first connection.
    pub attempt: u32,
}

impl Serialize for Connecting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fields::serialize(&[("attempt", Value::Count(self.attempt))], serializer)
    }
}

/// Payload of `disconnected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnected {
    /// Text for people.
    pub message: String,
    /// WebSocket close code, or one of the client's own.
    pub code: u16,
    /// Close reason.
    pub reason: String,
    /// True for 1000 and 1001 only.
    pub was_clean: bool,
    /// The session is over.
    pub permanent: bool,
    /// Another attempt will follow.
    pub will_reconnect: bool,
    /// Meaning of the closure.
    pub kind: CloseKind,
}

impl Serialize for Disconnected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [
            ("message", Value::Text(&self.message)),
            ("code", Value::Count(self.code.into())),
            ("reason", Value::Text(&self.reason)),
            ("wasClean", Value::Flag(self.was_clean)),
            ("permanent", Value::Flag(self.permanent)),
            ("willReconnect", Value::Flag(self.will_reconnect)),
            ("kind", Value::Text(self.kind.name())),
        ];
        fields::serialize(&fields, serializer)
    }
}

/// Payload of `reconnecting`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconnecting {
    /// Number of the coming attempt, from 1. An attempt that is not counted has the number of the
    /// one before.
    pub attempt: u32,
    /// Largest number of attempts; infinite if there is no limit.
    pub max_attempts: f64,
    /// Delay before the attempt, ms.
    pub delay: Duration,
    /// The attempt counts towards the largest number.
    pub counted: bool,
    /// End of the connection, or of the attempt, before. Its kind is `Offline` where the attempt
    /// waits because the environment reports that there is no network.
    pub cause: Cause,
}

impl Serialize for Reconnecting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [
            ("attempt", Value::Count(self.attempt)),
            ("maxAttempts", Value::Number(self.max_attempts)),
            ("delay", Value::Count(self.delay.as_u32())),
            ("counted", Value::Flag(self.counted)),
            ("cause", Value::Fields(&self.cause.fields())),
        ];
        fields::serialize(&fields, serializer)
    }
}

/// End of a connection or an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// WebSocket close code, or one of the client's own.
    pub code: u16,
    /// Close reason.
    pub reason: String,
    /// Meaning of the closure.
    pub kind: CloseKind,
}

impl Cause {
    fn fields(&self) -> [(&'static str, Value<'_>); 3] {
        [
            ("code", Value::Count(self.code.into())),
            ("reason", Value::Text(&self.reason)),
            ("kind", Value::Text(self.kind.name())),
        ]
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fields::serialize(&self.fields(), serializer)
    }
}

/// Payload of `stateChange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// State before.
    pub from: State,
    /// State now.
    pub to: State,
}

impl Serialize for StateChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = [
            ("from", Value::Text(self.from.name())),
            ("to", Value::Text(self.to.name())),
        ];
        fields::serialize(&fields, serializer)
    }
}

/// Payload of `error`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The cloud sent data that is not a frame.
    Malformed(Malformed),
    /// The cloud reported an error without ending the connection.
    Reported {
        /// Code for programs.
        code: Option<String>,
        /// Text for people.
        message: String,
    },
    /// At-least-once delivery is configured, and the cloud confirms no messages.
    Unconfirmable,
    /// The cloud no longer answers pings, as it did before.
    Unanswered,
    /// The cloud closed the connection twice because of the same stream, which is left out of the
    /// subscriptions.
    SubscriptionRefused {
        /// Text for people, with the name of the stream.
        message: String,
    },
}

impl SessionError {
    /// Code for programs; `None` where the cloud gave none.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Malformed(_) => Some("MALFORMED_FRAME"),
            Self::Reported { code, .. } => code.as_deref(),
            Self::Unconfirmable => Some("UNCONFIRMABLE"),
            Self::Unanswered => Some("UNANSWERED"),
            Self::SubscriptionRefused { .. } => Some("SUBSCRIPTION_REFUSED"),
        }
    }

    /// Text for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Malformed(malformed) => malformed.message(),
            Self::Reported { message, .. } | Self::SubscriptionRefused { message } => message,
            Self::Unconfirmable => {
                "This cloud confirms no messages: none can be delivered at least once"
            }
            Self::Unanswered => {
                "The cloud no longer answers pings: a dead connection may stay unnoticed"
            }
        }
    }
}

/// Reason why a message will not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue is full.
    Overflow,
    /// Its time to live is over.
    Expired,
    /// The session is over.
    Ended,
    /// Any of these, but it was sent once and may have been received.
    Unconfirmed,
    /// The cloud closes the connection whenever it receives the message.
    Refused,
}

impl DropReason {
    /// Value of `reason` in the payload of `dropped`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Unconfirmed => "unconfirmed",
            Self::Refused => "refused",
        }
    }
}

impl Serialize for DropReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Reason for the rejection of `connect()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    /// End of the last connection or attempt.
    pub cause: Cause,
    /// Text for people.
    pub message: String,
    /// Attempts to reconnect so far.
    pub attempts: u32,
}

/// Reason for the rejection of `flush()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlushError {
    /// The cloud answers no pings, or too few for a confirmation in time.
    Unsupported,
    /// The connection was lost with unconfirmed messages that are not sent again.
    Lost,
    /// The session is over.
    Ended,
    /// The session was not started.
    NotStarted,
}

impl FlushError {
    /// Code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsupported => "NOT_SUPPORTED",
            Self::Lost => "CONNECTION_LOST",
            Self::Ended => "SESSION_OVER",
            Self::NotStarted => "NOT_STARTED",
        }
    }

    /// Text for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unsupported => "not supported by this cloud",
            Self::Lost => "the connection was lost before all was confirmed",
            Self::Ended => "the session is over",
            Self::NotStarted => "connect() was not called",
        }
    }
}
