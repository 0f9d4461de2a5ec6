//! Everything that can befall a session at any time: what the app asks, what its socket says,
//! and what time and the environment do.

use std::fmt;

use tpa_session::session::{Control, Input, Instant, Malformed, SocketId, WakeHint};

use crate::app::{Ask, KEYS, STREAMS};
use crate::closures::{CLOSURES, CUT, Closure, REFUSALS};

/// One letter of it. What it means in full depends on where the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `connect()` under the id of the last run.
    Connect,
    /// `connect()` under another id.
    ConnectOther,
    Disconnect,
    ReconnectNow,
    Send(Kind, Room),
    Flush,
    Subscribe,
    Unsubscribe,
    /// The current socket says something.
    Say(Word),
    /// The timer fires.
    Alarm(Alarm),
    Offline,
    Online,
    Suspect(WakeHint),
    /// The wall clock is read, and may have run ahead by more than any cloud waits.
    WallClock {
        ahead: bool,
    },
    /// The app says what it thinks of a closure.
    Verdict(Option<bool>),
}

/// Which message the app sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One with a key.
    State,
    /// One with the same key, that is larger.
    LargeState,
    /// One without, which must not wait for long.
    Event,
}

/// What the socket holds when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Free,
    Full,
    /// It is closing, and takes nothing.
    None,
}

/// When the timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Now, whether it is due or not.
    Now,
    /// Halfway to the deadline.
    Early,
    OnTime,
    /// Later than any pong may be behind it.
    Late,
    /// After a sleep.
    Asleep,
}

/// What a socket can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Prepared,
    AttemptFailed,
    Unsupported,
    Opened,
    Failed,
    Closed(Closure),
    Ack,
    Pong,
    /// An error frame: one of the table of refusals.
    Refused(usize),
    AppStopped,
    Malformed,
    Heard,
    /// Something came a while ago.
    HeardBefore,
    Buffered(Room),
}

/// More than a socket may hold before messages wait, and less.
pub const BUFFERED: u32 = 1;
/// Bytes of a message: with one in it, a socket holds too much for another.
const SIZE: usize = 2;
/// How long an event may wait, ms.
const PATIENCE: u64 = 500;
/// What is not late by more is on time to the session, ms.
const LATE: u64 = 1250;
const ASLEEP: u64 = 90_250;
/// How far the wall clock runs ahead in a sleep, ms.
pub const AHEAD: u64 = 45_001;
/// All times are multiples of this, ms, so that there are few of them.
const GRAIN: u64 = 250;

/// The one stream that is asked for.
pub const STREAM: &[&str] = STREAMS[0];

const FATAL: usize = 0;
const MILD: usize = 4;

/// All words; of the closures one of each kind.
pub const WORDS: [Word; 21] = [
    Word::Prepared,
    Word::AttemptFailed,
    Word::Unsupported,
    Word::Opened,
    Word::Failed,
    Word::Closed(CUT),
    Word::Closed(CLOSURES[2]),
    Word::Closed(CLOSURES[5]),
    Word::Closed(CLOSURES[8]),
    Word::Closed(CLOSURES[10]),
    Word::Closed(CLOSURES[15]),
    Word::Ack,
    Word::Pong,
    Word::Refused(FATAL),
    Word::Refused(MILD),
    Word::AppStopped,
    Word::Malformed,
    Word::Heard,
    Word::HeardBefore,
    Word::Buffered(Room::Free),
    Word::Buffered(Room::Full),
];

/// The whole alphabet.
pub fn alphabet() -> Vec<Step> {
    use Alarm::{Asleep, Early, Late, Now, OnTime};
    let mut steps = vec![
        Step::Connect,
        Step::ConnectOther,
        Step::Disconnect,
        Step::ReconnectNow,
        Step::Flush,
        Step::Subscribe,
        Step::Unsubscribe,
        Step::Offline,
        Step::Online,
        Step::Suspect(WakeHint::Resumed),
        Step::Suspect(WakeHint::Slept),
        Step::WallClock { ahead: false },
        Step::WallClock { ahead: true },
    ];
    for kind in [Kind::State, Kind::LargeState, Kind::Event] {
        steps.extend([Room::Free, Room::Full, Room::None].map(|room| Step::Send(kind, room)));
    }
    steps.extend([Now, Early, OnTime, Late, Asleep].map(Step::Alarm));
    steps.extend([Some(true), Some(false), None].map(Step::Verdict));
    steps.extend(WORDS.map(Step::Say));
    steps
}

impl Kind {
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::State | Self::LargeState => Some(KEYS[0]),
            Self::Event => None,
        }
    }

    pub const fn ask(self) -> Ask {
        let (size, ttl) = match self {
            Self::State => (SIZE, None),
            Self::LargeState => (2 * SIZE, None),
            Self::Event => (SIZE, Some(PATIENCE)),
        };
        Ask::Send {
            size,
            key: self.key(),
            ttl,
        }
    }
}

impl Room {
    pub const fn buffered(self) -> Option<u32> {
        match self {
            Self::Free => Some(0),
            Self::Full => Some(BUFFERED + 1),
            Self::None => None,
        }
    }
}

impl Alarm {
    /// When it fires; not at all where there is no deadline to be early or late for.
    pub fn at(self, now: u64, deadline: Option<u64>) -> Option<u64> {
        let at = match (self, deadline) {
            (Self::Now, _) => now,
            (Self::Early, Some(at)) => {
                let half = at.saturating_sub(now) / 2 / GRAIN * GRAIN;
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

impl Word {
    pub fn input(self, socket: SocketId, now: u64) -> Input {
        let reason = "It is not to be".into();
        let at = |millis| Input::Activity(socket, Instant::from_millis(millis));
        match self {
            Self::Prepared => Input::Prepared(socket),
            Self::AttemptFailed => Input::AttemptFailed { socket, reason },
            Self::Unsupported => Input::Unsupported { socket, reason },
            Self::Opened => Input::Opened(socket),
            Self::Failed => Input::Failed(socket),
            Self::Closed(closure) => Input::Closed(socket, closure.close()),
            Self::Ack => Input::Control(socket, Control::Ack),
            Self::Pong => Input::Control(socket, Control::Pong),
            Self::Refused(which) => Input::Control(socket, REFUSALS[which].control()),
            Self::AppStopped => Input::Control(socket, Control::Stopped { reason: None }),
            Self::Malformed => Input::Malformed(socket, Malformed::NotJson),
            Self::Heard => at(now),
            Self::HeardBefore => at(now.saturating_sub(GRAIN)),
            Self::Buffered(room) => Input::Buffered(socket, room.buffered().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(word) => write!(f, "the socket says {word:?}"),
            Self::Alarm(alarm) => write!(f, "the timer fires: {alarm:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}
