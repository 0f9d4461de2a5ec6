//! Everything that can happen to a session at any time: calls of the app, events of the socket,
//! timers and the environment.

use std::fmt;

use testkit::closures::{CLOSURES, CUT, Closure, REFUSALS};
use testkit::world::app::{AppCall, KEYS, STREAMS};
use tpa_session::session::{
    Control, Duration, Input, Instant, Malformed, Reconnect, Redacted, SocketId, WakeHint,
};

/// One item of the alphabet. What it does depends on the state of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `connect()` with the id of the last run.
    Connect,
    /// `connect()` with another id.
    ConnectOther,
    Disconnect,
    ReconnectNow,
    Reopen,
    HandOver,
    Send(MessageKind, Buffer),
    Flush,
    Subscribe,
    Unsubscribe,
    /// The current socket reports an event.
    Socket(SocketEvent),
    /// The timer fires.
    Alarm(Alarm),
    Offline,
    Online,
    Leaving,
    Wake(WakeHint),
    /// The clock has jumped.
    ClockJumped,
    /// The wall clock is read, and may have run ahead by more than any cloud waits.
    WallClock {
        ahead: bool,
    },
    /// The app answers `shouldReconnect`.
    Decide(Option<Reconnect>),
}

/// Kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// With a key.
    State,
    /// With the same key, and larger.
    LargeState,
    /// Without a key, and with a short time to live.
    Event,
}

/// Content of the socket's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    Free,
    Full,
    /// Nothing: it is closing, and accepts no message.
    Closing,
}

/// Time at which the timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Now, whether it is due or not.
    Now,
    /// Halfway to the deadline.
    Early,
    OnTime,
    /// So late that a pong may wait behind it.
    Late,
    /// After a sleep.
    Asleep,
}

/// Event of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    Prepared,
    AttemptFailed,
    Unsupported,
    Opened,
    Failed,
    Closed(Closure),
    Ack,
    Pong,
    /// An error frame, by its index in the table of refusals.
    Refused(usize),
    AppStopped,
    Malformed,
    Heard,
    /// A sign of life a while ago.
    HeardBefore,
    ProtocolPing,
    Buffered(Buffer),
}

/// Bytes that a socket may hold before messages are queued.
pub const BUFFERED: u32 = 1;
/// Bytes of a message: a socket that holds one has no room for another.
const SIZE: usize = 2;
/// Time to live of a message without a key, ms.
const TTL: u64 = 500;
/// Lateness that makes the session doubt the timer, ms.
const LATE: u64 = 1250;
const ASLEEP: u64 = 90_250;
/// Lead that the wall clock gains during a sleep, ms.
pub const CLOCK_STEP: u64 = 45_001;
/// All times are multiples of this, ms, so that there are few of them.
const UNIT: u64 = 250;

/// Decision of the app that sets the delay of the next attempt.
const DELAYED: Reconnect = Reconnect::After(Duration::from_millis(2 * UNIT));

/// The only stream.
pub const STREAM: &[&str] = STREAMS[0];

const FATAL: usize = 0;
const MILD: usize = 4;

/// All events; of the closures one of each kind.
pub const SOCKET_EVENTS: [SocketEvent; 23] = [
    SocketEvent::Prepared,
    SocketEvent::AttemptFailed,
    SocketEvent::Unsupported,
    SocketEvent::Opened,
    SocketEvent::Failed,
    SocketEvent::Closed(CUT),
    SocketEvent::Closed(CLOSURES[2]),
    SocketEvent::Closed(CLOSURES[3]),
    SocketEvent::Closed(CLOSURES[5]),
    SocketEvent::Closed(CLOSURES[8]),
    SocketEvent::Closed(CLOSURES[10]),
    SocketEvent::Closed(CLOSURES[15]),
    SocketEvent::Ack,
    SocketEvent::Pong,
    SocketEvent::Refused(FATAL),
    SocketEvent::Refused(MILD),
    SocketEvent::AppStopped,
    SocketEvent::Malformed,
    SocketEvent::Heard,
    SocketEvent::HeardBefore,
    SocketEvent::ProtocolPing,
    SocketEvent::Buffered(Buffer::Free),
    SocketEvent::Buffered(Buffer::Full),
];

/// The whole alphabet.
pub fn alphabet() -> Vec<Step> {
    use Alarm::{Asleep, Early, Late, Now, OnTime};
    let mut steps = vec![
        Step::Connect,
        Step::ConnectOther,
        Step::Disconnect,
        Step::ReconnectNow,
        Step::Reopen,
        Step::HandOver,
        Step::Flush,
        Step::Subscribe,
        Step::Unsubscribe,
        Step::Offline,
        Step::Online,
        Step::Leaving,
        Step::Wake(WakeHint::Resumed),
        Step::ClockJumped,
        Step::Wake(WakeHint::Shown),
        Step::Wake(WakeHint::AddressChanged),
        Step::Wake(WakeHint::Slept),
        Step::WallClock { ahead: false },
        Step::WallClock { ahead: true },
    ];
    for kind in [
        MessageKind::State,
        MessageKind::LargeState,
        MessageKind::Event,
    ] {
        steps.extend(
            [Buffer::Free, Buffer::Full, Buffer::Closing].map(|buffer| Step::Send(kind, buffer)),
        );
    }
    steps.extend([Now, Early, OnTime, Late, Asleep].map(Step::Alarm));
    steps.extend(
        [
            Some(Reconnect::Yes),
            Some(Reconnect::No),
            Some(DELAYED),
            None,
        ]
        .map(Step::Decide),
    );
    steps.extend(SOCKET_EVENTS.map(Step::Socket));
    steps
}

impl MessageKind {
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::State | Self::LargeState => Some(KEYS[0]),
            Self::Event => None,
        }
    }

    pub const fn call(self) -> AppCall {
        let (size, ttl) = match self {
            Self::State => (SIZE, None),
            Self::LargeState => (2 * SIZE, None),
            Self::Event => (SIZE, Some(TTL)),
        };
        AppCall::Send {
            size,
            key: self.key(),
            ttl,
        }
    }
}

impl Buffer {
    pub const fn held(self) -> Option<u32> {
        match self {
            Self::Free => Some(0),
            Self::Full => Some(BUFFERED + 1),
            Self::Closing => None,
        }
    }
}

impl Alarm {
    /// Time at which it fires; `None` where there is no deadline to be early or late for.
    pub fn at(self, now: u64, deadline: Option<u64>) -> Option<u64> {
        let at = match (self, deadline) {
            (Self::Now, _) => now,
            (Self::Early, Some(at)) => {
                let half = at.saturating_sub(now) / 2 / UNIT * UNIT;
                (half > 0).then_some(now + half)?
            }
            (Self::OnTime, at) => at.filter(|at| *at > now)?,
            (Self::Late, at) => at? + LATE,
            (Self::Asleep, at) => at? + ASLEEP,
            (Self::Early, None) => return None,
        };
        Some(at.max(now))
    }
}

impl SocketEvent {
    pub fn input(self, socket: SocketId, now: u64) -> Input {
        let reason = "no socket".into();
        let at = |millis| Input::Activity(socket, Instant::from_millis(millis));
        match self {
            Self::Prepared => Input::Prepared(socket),
            Self::AttemptFailed => Input::AttemptFailed { socket, reason },
            Self::Unsupported => Input::Unsupported { socket, reason },
            Self::Opened => Input::Opened(socket),
            Self::Failed => Input::Failed(socket, Redacted::default()),
            Self::Closed(closure) => Input::Closed(socket, closure.close()),
            Self::Ack => Input::Control(socket, Control::Ack),
            Self::Pong => Input::Control(socket, Control::Pong { id: None }),
            Self::Refused(which) => Input::Control(socket, REFUSALS[which].control()),
            Self::AppStopped => Input::Control(socket, Control::Stopped { reason: None }),
            Self::Malformed => Input::Malformed(socket, Malformed::NotJson),
            Self::Heard => at(now),
            Self::HeardBefore => at(now.saturating_sub(UNIT)),
            Self::ProtocolPing => Input::ProtocolPing(socket, Instant::from_millis(now)),
            Self::Buffered(buffer) => Input::Buffered(socket, buffer.held().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(event) => write!(f, "the socket reports {event:?}"),
            Self::Alarm(alarm) => write!(f, "the timer fires: {alarm:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}
