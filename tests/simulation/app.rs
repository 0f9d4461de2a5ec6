//! The virtual app: what it asks of the session, by itself and from inside its handlers.

use tpa_session::session::{Command, Duration, Event, Payload, State};

/// A message, by its serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mail {
    pub serial: u32,
    pub size: usize,
}

impl Payload for Mail {
    fn size(&self) -> usize {
        self.size
    }
}

/// What the app asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Connect(&'static str),
    Disconnect(Option<&'static str>),
    ReconnectNow,
    Send {
        size: usize,
        key: Option<&'static str>,
        ttl: Option<u64>,
    },
    Flush,
    Subscribe(&'static [&'static str]),
    Unsubscribe(&'static [&'static str]),
    /// Handlers listen to these streams.
    Follow(&'static [&'static str]),
    /// Only in a handler, where it ends the call that was to come of it.
    Throw,
}

impl Ask {
    /// The command that asks for it; there is none where nothing is asked. `buffered` is what
    /// the socket holds.
    pub fn command(self, mail: Option<Mail>, buffered: Option<u32>) -> Option<Command<Mail>> {
        let streams = |streams: &[&str]| streams.iter().map(|&s| s.into()).collect();
        Some(match self {
            Self::Connect(session) => Command::Connect {
                session_id: session.into(),
            },
            Self::Disconnect(reason) => Command::Disconnect {
                reason: reason.map(Into::into),
            },
            Self::ReconnectNow => Command::ReconnectNow,
            Self::Send { key, ttl, .. } => Command::Send {
                payload: mail?,
                key: key.map(Into::into),
                ttl: ttl.map(Duration::from_millis),
                buffered,
            },
            Self::Flush => Command::Flush,
            Self::Subscribe(list) => Command::Subscribe(streams(list)),
            Self::Unsubscribe(list) => Command::Unsubscribe(streams(list)),
            Self::Follow(list) => Command::Follow(streams(list)),
            Self::Throw => return None,
        })
    }
}

pub const SESSIONS: [&str; 2] = ["ann-org.example.app", "bob-org.example.app"];
pub const NO_SESSION: &str = " ";
pub const KEYS: [&str; 2] = ["view:main", "view:dashboard"];
pub const STREAMS: [&[&str]; 6] = [
    &["transcription"],
    &["button_press"],
    &["head_position", "transcription"],
    &["VAD", "VAD"],
    &["location_update", "button_press", "VAD"],
    &[],
];
pub const NO_STREAM: &[&str] = &["transcription", ""];

/// The event whose handler makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Any,
    Connecting,
    Connected,
    Disconnected,
    Over,
    Reconnecting,
    Stopped,
    Error,
    Dropped,
    /// The app is asked about a closure.
    Judged,
}

impl Moment {
    pub const ALL: [Self; 10] = [
        Self::Any,
        Self::Connecting,
        Self::Connected,
        Self::Disconnected,
        Self::Over,
        Self::Reconnecting,
        Self::Stopped,
        Self::Error,
        Self::Dropped,
        Self::Judged,
    ];

    pub fn is(self, event: &Event<Mail>) -> bool {
        match self {
            Self::Any => true,
            Self::Connecting => matches!(event, Event::Connecting(_)),
            Self::Connected => matches!(event, Event::Connected),
            Self::Disconnected => matches!(event, Event::Disconnected(end) if !end.permanent),
            Self::Over => matches!(event, Event::Disconnected(end) if end.permanent),
            Self::Reconnecting => matches!(event, Event::Reconnecting(_)),
            Self::Stopped => {
                matches!(event, Event::StateChange(change) if change.to == State::Stopped)
            }
            Self::Error => matches!(event, Event::Error(_)),
            Self::Dropped => matches!(event, Event::Dropped(..)),
            Self::Judged => false,
        }
    }
}

/// The app.
#[derive(Default)]
pub struct App {
    /// Each makes its call once, so that no two of them keep each other busy for ever.
    handlers: Vec<(Moment, Ask)>,
    /// The keys of its messages; the first has the serial number 1.
    keys: Vec<Option<&'static str>>,
}

impl App {
    pub fn on(&mut self, moment: Moment, ask: Ask) {
        self.handlers.push((moment, ask));
    }

    /// What the handlers that are due ask, in turn.
    pub fn take_calls(&mut self, is_due: impl Fn(Moment) -> bool) -> Vec<Ask> {
        let mut calls = Vec::new();
        self.handlers.retain(|&(moment, ask)| {
            let due = is_due(moment);
            if due {
                calls.push(ask);
            }
            !due
        });
        calls
    }

    /// No handler makes a call any more.
    pub fn leave(&mut self) {
        self.handlers.clear();
    }

    /// How many messages there were.
    pub const fn written(&self) -> u32 {
        self.keys.len() as u32
    }

    pub fn write(&mut self, size: usize, key: Option<&'static str>) -> Mail {
        self.keys.push(key);
        let serial = self.written();
        Mail { serial, size }
    }

    pub fn key_of(&self, mail: Mail) -> Option<&'static str> {
        self.keys[mail.serial as usize - 1]
    }
}
