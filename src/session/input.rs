//! What goes into a session: the app's commands and the world's reports.

use super::close::{Close, Reconnect};
use super::liveness::WakeHint;
use super::protocol::{Control, Malformed};
use super::redact::Redacted;
use super::time::{Duration, Instant};

/// Names one socket. An input that names any other than the current one is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// Names one call of `connect()` and all that follows from it until the session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u32);

/// Names one wait for all messages to be received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlushId(pub u32);

/// What the app asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<P> {
    /// Start the session; a no-op when it is active under the same id.
    Connect {
        /// `<userSessionId>-<packageName>`.
        session_id: String,
    },
    /// End the session; a no-op when it is not active.
    Disconnect {
        /// Told to the peer and to the app.
        reason: Option<String>,
    },
    /// Send a message now, or keep it until there is a connection.
    Send {
        /// What is to be sent.
        payload: P,
        /// Makes the message state: while it waits, a newer one with the same key takes its
        /// place.
        key: Option<String>,
        /// How long it may wait.
        ttl: Option<Duration>,
        /// Bytes that the socket itself holds; `None` when it is not open. A socket can be
        /// closing for seconds before it says so, and what is handed to it meanwhile is lost.
        buffered: Option<u32>,
    },
    /// Say when all messages so far have been received.
    Flush,
    /// Skip the wait before the next attempt; a no-op in other states.
    ReconnectNow,
    /// Ask the cloud for streams.
    Subscribe(Vec<String>),
    /// No longer ask for them.
    Unsubscribe(Vec<String>),
    /// Handlers listen to these streams and to no others: asked for until the next list of
    /// them, beside what was subscribed.
    Follow(Vec<String>),
}

/// The answer to a command that was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing more to say.
    Done,
    /// To `Connect`: the run that is now active.
    Run(RunId),
    /// To `Flush`: what [`Output::Flushed`](super::Output::Flushed) will name. Calls may share
    /// one.
    Flush(FlushId),
    /// To `Send`: handed to the socket.
    Sent,
    /// To `Send`: waits for a connection.
    Queued,
    /// To `Send`: there is no place for it, or the session is over.
    Dropped,
}

/// A command that can't be right in any state: the app's own mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// `Connect` with an empty session id.
    EmptySessionId,
    /// `Subscribe`, `Unsubscribe` or `Follow` with an empty name.
    EmptyStream,
}

impl CommandError {
    /// What was wrong and what is allowed.
    pub const fn message(self) -> &'static str {
        match self {
            Self::EmptySessionId => "sessionId: must be a non-empty string",
            Self::EmptyStream => "streams: each must be a non-empty string",
        }
    }
}

/// What the world reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The time of [`poll_timeout`](super::Session::poll_timeout) has come, or may have.
    Timeout,
    /// The URL and the key for this socket are there.
    Prepared(SocketId),
    /// There will be no socket: a provider failed, or the constructor threw.
    AttemptFailed {
        /// The socket that will not be.
        socket: SocketId,
        /// What went wrong.
        reason: Redacted,
    },
    /// This runtime has no WebSocket, and no other attempt will find one.
    Unsupported {
        /// The socket that will not be.
        socket: SocketId,
        /// What the developer can do.
        reason: Redacted,
    },
    /// The socket is open.
    Opened(SocketId),
    /// The socket reported an error; a close should follow.
    Failed(SocketId),
    /// The socket is closed.
    Closed(SocketId, Close),
    /// A frame came that the session itself must act on.
    Control(SocketId, Control),
    /// A frame came that is none.
    Malformed(SocketId, Malformed),
    /// The peer showed itself at this time: by a frame of the app's, or by a protocol ping.
    /// To be reported before `Timeout`, not at each frame.
    Activity(SocketId, Instant),
    /// Bytes that the open socket itself holds. To be reported before `Timeout`.
    Buffered(SocketId, u32),
    /// The app's answer to
    /// [`Output::AskShouldReconnect`](super::Output::AskShouldReconnect); `None` leaves the
    /// decision to the table of closures.
    ShouldReconnect(Option<Reconnect>),
    /// The environment says that there is no network.
    Offline,
    /// The environment says that there is a network again.
    Online,
    /// The connection may be dead without having said so.
    Wake(WakeHint),
    /// The wall clock, in milliseconds: it goes on while a computer sleeps. To be reported
    /// before `Timeout`.
    WallClock(u64),
}

impl Input {
    /// The socket that this is about.
    pub const fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Timeout
            | Self::ShouldReconnect(_)
            | Self::Offline
            | Self::Online
            | Self::Wake(_)
            | Self::WallClock(_) => None,
            Self::Prepared(socket)
            | Self::AttemptFailed { socket, .. }
            | Self::Unsupported { socket, .. }
            | Self::Opened(socket)
            | Self::Failed(socket)
            | Self::Closed(socket, _)
            | Self::Control(socket, _)
            | Self::Malformed(socket, _)
            | Self::Activity(socket, _)
            | Self::Buffered(socket, _) => Some(*socket),
        }
    }
}
