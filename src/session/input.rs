//! Inputs of a session: commands of the app, and events from outside.

use crate::session::{Close, Control, Duration, Instant, Malformed, Reconnect, Redacted, WakeHint};

/// Identifies a socket. Inputs about another socket than the current one are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// Identifies a call of `connect()` and everything that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u32);

/// Identifies a flush.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlushId(pub u32);

/// Identifies a ping of a session, so that its pong can name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PingId(pub u32);

/// Request of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<P> {
    /// Starts the session. No effect if it is active under the same id.
    Connect {
        /// `<userSessionId>-<packageName>`.
        session_id: String,
    },
    /// Ends the session. No effect if it is not active.
    Disconnect {
        /// Close reason, for the peer and the app.
        reason: Option<String>,
    },
    /// Ends the session for good: `Connect` is an error from now on, and `Send` drops.
    Dispose,
    /// Sends a message, or queues it until there is a connection.
    Send {
        /// Content.
        payload: P,
        /// Makes the message state: while it is queued, a newer one with the same key replaces
        /// it.
        key: Option<String>,
        /// Longest time in the queue.
        ttl: Option<Duration>,
        /// If the message is state and the connection is lost before it is confirmed, it is sent
        /// once more.
        replay: bool,
        /// Bytes in the buffer of the socket; `None` if the socket is not open. A socket can be
        /// closing for seconds before it reports a close event, and loses what is sent on it
        /// meanwhile.
        buffered: Option<u32>,
    },
    /// Requests [`Output::Flushed`](crate::session::Output::Flushed) when all messages so far
    /// have been received.
    Flush,
    /// Starts the next attempt now. No effect unless the session waits for one.
    ReconnectNow,
    /// The cloud has asked for the session again, so that it believes it to be lost. Replaces a
    /// connection that is older than 5 s, and starts the next attempt now: once for each outage,
    /// since anyone can ask. The attempt is not counted.
    Reopen,
    /// Ends the session in this process so that another one can continue it: the cloud does not
    /// take the closure for a goodbye.
    HandOver,
    /// Subscribes to streams.
    Subscribe(Vec<String>),
    /// Unsubscribes from streams.
    Unsubscribe(Vec<String>),
    /// Replaces the list of streams that have handlers. They are requested in addition to the
    /// subscribed ones.
    Follow(Vec<String>),
}

/// Result of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// No details.
    Done,
    /// Result of `Connect`: the active run.
    Run(RunId),
    /// Result of `Flush`: the id in [`Output::Flushed`](crate::session::Output::Flushed). Calls
    /// may share one.
    Flush(FlushId),
    /// Result of `Send`: the message was passed to the socket.
    Sent,
    /// Result of `Send`: the message waits for a connection.
    Queued,
    /// Result of `Send`: the queue has no space for the message, or the session is over.
    Dropped,
}

/// Reason why a command is invalid in every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The session id of `Connect` is empty, or contains control characters.
    InvalidSessionId,
    /// `Connect` after `Dispose`.
    Disposed,
    /// A name in `Subscribe`, `Unsubscribe` or `Follow` is empty.
    EmptyStream,
}

impl CommandError {
    /// Text for people: what is wrong and what is allowed.
    pub const fn message(self) -> &'static str {
        match self {
            Self::InvalidSessionId => {
                "sessionId: must be a non-empty string without control characters"
            }
            Self::Disposed => "The session was disposed",
            Self::EmptyStream => "streams: each must be a non-empty string",
        }
    }
}

/// Event from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The time of [`poll_timeout`](crate::session::Session::poll_timeout) may have come.
    Timeout,
    /// URL and key for this socket are available.
    Prepared(SocketId),
    /// There will be no socket: a provider failed, or the constructor did.
    AttemptFailed {
        /// Socket of the attempt.
        socket: SocketId,
        /// Text for people.
        reason: Redacted,
    },
    /// The runtime has no WebSocket. No other attempt is made.
    Unsupported {
        /// Socket of the attempt.
        socket: SocketId,
        /// Advice for the developer.
        reason: Redacted,
    },
    /// The socket is open.
    Opened(SocketId),
    /// The socket reported an error; a close should follow. The text says why, where the runtime
    /// tells, and becomes the reason of a closure without a close frame.
    Failed(SocketId, Redacted),
    /// The socket is closed.
    Closed(SocketId, Close),
    /// A frame was received that the session handles.
    Control(SocketId, Control),
    /// Data was received that is not a frame.
    Malformed(SocketId, Malformed),
    /// The peer sent a frame of the app at this time. Report the first three after each `Timeout`
    /// at once, and of the others only the last, before the next `Timeout`.
    Activity(SocketId, Instant),
    /// The peer sent a protocol ping (RFC 6455 section 5.5.2) at this time.
    ProtocolPing(SocketId, Instant),
    /// Bytes in the buffer of the open socket. Report it before `Timeout`.
    Buffered(SocketId, u32),
    /// The app's answer to
    /// [`Output::AskShouldReconnect`](crate::session::Output::AskShouldReconnect); `None` leaves
    /// the decision to the table of closures.
    ShouldReconnect(Option<Reconnect>),
    /// The environment reports that there is no network.
    Offline,
    /// The environment reports that there is a network.
    Online,
    /// The page is about to be left, or a download starts (`beforeunload`, `pagehide`).
    Leaving,
    /// The connection may have died during a pause.
    Wake(WakeHint),
    /// The clock jumped, or no other task has run since the last timeout: silence until now is no
    /// proof. Report it before `Timeout`.
    ClockJumped,
    /// Time of the wall clock in milliseconds. It advances while a computer sleeps. Report it
    /// before `Timeout`.
    WallClock(u64),
}

impl Input {
    /// Socket that the input is about.
    pub const fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Timeout
            | Self::ShouldReconnect(_)
            | Self::Offline
            | Self::Online
            | Self::Leaving
            | Self::Wake(_)
            | Self::ClockJumped
            | Self::WallClock(_) => None,
            Self::Prepared(socket)
            | Self::AttemptFailed { socket, .. }
            | Self::Unsupported { socket, .. }
            | Self::Opened(socket)
            | Self::Failed(socket, _)
            | Self::Closed(socket, _)
            | Self::Control(socket, _)
            | Self::Malformed(socket, _)
            | Self::Activity(socket, _)
            | Self::ProtocolPing(socket, _)
            | Self::Buffered(socket, _) => Some(*socket),
        }
    }
}
