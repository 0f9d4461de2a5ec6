//! Virtual app: its calls, made on its own or from inside event handlers.

use tpa_session::session::{Command, Duration, Event, Output, State};

use crate::Message;

/// A call of the session's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppCall {
    Connect(&'static str),
    Disconnect(Option<&'static str>),
    Dispose,
    ReconnectNow,
    Reopen,
    HandOver,
    Send {
        size: usize,
        key: Option<&'static str>,
        ttl: Option<u64>,
    },
    Flush,
    Subscribe(&'static [&'static str]),
    Unsubscribe(&'static [&'static str]),
    /// Reports the streams that handlers listen to.
    Follow(&'static [&'static str]),
    /// No call: the handler throws.
    Throw,
}

impl AppCall {
    /// The command for the core; `None` where the session is not called. `buffered` is what the
    /// socket holds.
    pub fn command(
        self,
        message: Option<Message>,
        buffered: Option<u32>,
    ) -> Option<Command<Message>> {
        let streams = |streams: &[&str]| streams.iter().map(|&s| s.into()).collect();
        Some(match self {
            Self::Connect(session) => Command::Connect {
                session_id: session.into(),
            },
            Self::Disconnect(reason) => Command::Disconnect {
                reason: reason.map(Into::into),
            },
            Self::Dispose => Command::Dispose,
            Self::ReconnectNow => Command::ReconnectNow,
            Self::Reopen => Command::Reopen,
            Self::HandOver => Command::HandOver,
            Self::Send { key, ttl, .. } => Command::Send {
                payload: message?,
                key: key.map(Into::into),
                ttl: ttl.map(Duration::from_millis),
                replay: true,
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

/// The event whose handler makes a call, or the output that runs code of the app: a provider, a
/// constructor, a getter, a logger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Any,
    Connecting,
    Connected,
    Disconnected,
    Ended,
    Reconnecting,
    Stopped,
    Error,
    Sent,
    Dropped,
    /// The app is asked whether to reconnect.
    ShouldReconnect,
    Prepare,
    Open,
    Transmit,
    Close,
    Settle,
    Flushed,
}

impl Trigger {
    pub const ALL: [Self; 17] = [
        Self::Any,
        Self::Connecting,
        Self::Connected,
        Self::Disconnected,
        Self::Ended,
        Self::Reconnecting,
        Self::Stopped,
        Self::Error,
        Self::Sent,
        Self::Dropped,
        Self::ShouldReconnect,
        Self::Prepare,
        Self::Open,
        Self::Transmit,
        Self::Close,
        Self::Settle,
        Self::Flushed,
    ];

    pub fn matches(self, output: &Output<Message>) -> bool {
        match output {
            Output::Prepare(_) => self == Self::Prepare,
            Output::Open(_) => self == Self::Open,
            Output::Transmit(..) => self == Self::Transmit,
            Output::Close(..) => self == Self::Close,
            Output::Settle(..) => self == Self::Settle,
            Output::Flushed(..) => self == Self::Flushed,
            Output::AskShouldReconnect(_) => self == Self::ShouldReconnect,
            Output::Emit(event) => self.matches_event(event),
        }
    }

    fn matches_event(self, event: &Event<Message>) -> bool {
        match self {
            Self::Any => true,
            Self::Connecting => matches!(event, Event::Connecting(_)),
            Self::Connected => matches!(event, Event::Connected),
            Self::Disconnected => matches!(event, Event::Disconnected(end) if !end.permanent),
            Self::Ended => matches!(event, Event::Disconnected(end) if end.permanent),
            Self::Reconnecting => matches!(event, Event::Reconnecting(_)),
            Self::Stopped => {
                matches!(event, Event::StateChange(change) if change.to == State::Stopped)
            }
            Self::Error => matches!(event, Event::Error(_)),
            Self::Sent => matches!(event, Event::Sent(_)),
            Self::Dropped => matches!(event, Event::Dropped(..)),
            Self::ShouldReconnect
            | Self::Prepare
            | Self::Open
            | Self::Transmit
            | Self::Close
            | Self::Settle
            | Self::Flushed => false,
        }
    }
}

#[derive(Default)]
pub struct App {
    /// Handlers; each makes its call once, so that no two of them trigger each other forever.
    handlers: Vec<(Trigger, AppCall)>,
    /// Keys of the messages; the first message has the serial number 1.
    keys: Vec<Option<&'static str>>,
}

impl App {
    pub fn on(&mut self, trigger: Trigger, call: AppCall) {
        self.handlers.push((trigger, call));
    }

    /// Calls of the handlers whose trigger matches, in turn.
    pub fn take_calls(&mut self, matches: impl Fn(Trigger) -> bool) -> Vec<AppCall> {
        let mut calls = Vec::new();
        self.handlers.retain(|&(trigger, call)| {
            let due = matches(trigger);
            if due {
                calls.push(call);
            }
            !due
        });
        calls
    }

    /// Removes all handlers.
    pub fn remove_handlers(&mut self) {
        self.handlers.clear();
    }

    /// Number of messages so far.
    pub const fn written(&self) -> u32 {
        self.keys.len() as u32
    }

    pub fn write(&mut self, size: usize, key: Option<&'static str>) -> Message {
        self.keys.push(key);
        let serial = self.written();
        Message { serial, size }
    }

    pub fn key_of(&self, message: Message) -> Option<&'static str> {
        self.keys[message.serial as usize - 1]
    }
}
