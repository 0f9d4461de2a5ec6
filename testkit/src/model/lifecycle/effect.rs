//! Meaning of each input.

use tpa_session::session::{
    Cause, Close, CloseKind, Control, Duration, Input, Malformed, PingId, Reconnect, SessionError,
    WakeHint,
};

use super::{By, Lifecycle};
use crate::model::classify::{delay_of_close, is_fatal, kind_of_close, kind_of_error};

/// Number of malformed frames at which a connection is left.
const MOST_MALFORMED: u32 = 100;

/// Malformed frames of the current socket.
#[derive(Clone, Debug)]
pub struct MalformedFrames {
    /// The app was told of a too large one.
    told_large: bool,
    /// Number of the others.
    others: u32,
}

impl MalformedFrames {
    pub const NONE: Self = Self {
        told_large: false,
        others: 0,
    };

    pub fn note(&mut self, error: &SessionError) {
        if let SessionError::Malformed(malformed) = error {
            let is_large = *malformed == Malformed::TooLarge;
            self.told_large |= is_large;
            self.others += u32::from(!is_large);
        }
    }
}

/// Meaning of an input for the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Timeout,
    Prepared,
    Opened,
    /// The socket reported this error.
    Failed(String),
    /// The connection, or the attempt, is over. The table of closures may set a delay for the
    /// next attempt.
    Ended(Cause, Option<Duration>, By),
    Acknowledged,
    Ponged(Option<PingId>),
    /// A sign of life at that time.
    Received(u64),
    ProtocolPing(u64),
    /// The socket holds so many bytes.
    Buffered(u32),
    /// An error that is reported to the app, and no more.
    Error(SessionError),
    /// The app has decided about the next attempt.
    Decided(Option<Reconnect>),
    Offline,
    Online,
    /// The page is about to be left, or a download starts.
    Leaving,
    /// The connection may be dead.
    Woken(WakeHint),
    WallClock(u64),
}

impl Lifecycle {
    /// The effect of an input; `None` where it is about a socket that was given up.
    pub fn effect_of(&self, input: &Input) -> Option<Effect> {
        if input.socket().is_some() && input.socket() != self.current() {
            return None;
        }
        Some(match input {
            Input::Timeout => Effect::Timeout,
            Input::Prepared(_) => Effect::Prepared,
            Input::AttemptFailed { reason, .. } => {
                Effect::Ended(cause(1006, reason, CloseKind::Abnormal), None, By::Other)
            }
            Input::Unsupported { reason, .. } => {
                Effect::Ended(cause(1006, reason, CloseKind::Unsupported), None, By::Other)
            }
            Input::Opened(_) => Effect::Opened,
            Input::Failed(_, error) => Effect::Failed(error.to_string()),
            Input::Closed(_, close) => self.effect_of_close(close),
            Input::Control(_, control) => self.effect_of_frame(control),
            Input::Malformed(_, Malformed::TooLarge) if self.malformed.told_large => {
                Effect::Received(self.now)
            }
            Input::Malformed(_, fault)
                if *fault != Malformed::TooLarge && self.malformed.others + 1 == MOST_MALFORMED =>
            {
                let reason = "Too many malformed frames";
                Effect::Ended(cause(1008, reason, CloseKind::Abnormal), None, By::Other)
            }
            Input::Malformed(_, fault) => Effect::Error(SessionError::Malformed(*fault)),
            Input::Activity(_, at) => Effect::Received(at.as_millis()),
            Input::ProtocolPing(_, at) => Effect::ProtocolPing(at.as_millis()),
            Input::Buffered(_, held) => Effect::Buffered(*held),
            Input::ShouldReconnect(decision) => Effect::Decided(*decision),
            Input::Offline => Effect::Offline,
            Input::Online => Effect::Online,
            Input::Leaving => Effect::Leaving,
            Input::Wake(hint) => Effect::Woken(*hint),
            // Like a page that is shown, it asks, and says nothing of the network.
            Input::ClockJumped => Effect::Woken(WakeHint::Shown),
            Input::WallClock(wall) => Effect::WallClock(*wall),
        })
    }

    fn effect_of_close(&self, close: &Close) -> Effect {
        let mut kind = kind_of_close(close);
        let mut by = By::Other;
        let is_firefox = self.config.browser_closes_cleanly && close.reason.is_empty();
        let is_near = self.since_navigation().is_some();
        let is_browsers = match (kind, close.code) {
            (CloseKind::Normal, 1001) => is_firefox || is_near,
            (CloseKind::Abnormal, 1006) => self.shown_again && is_near,
            _ => false,
        };
        if is_browsers {
            (kind, by) = (CloseKind::Abnormal, By::Browser);
        }
        let delay = delay_of_close(close, self.config.close_rules);
        Effect::Ended(cause(close.code, self.reason_of(close), kind), delay, by)
    }

    /// The reason that the app is told.
    fn reason_of<'a>(&'a self, close: &'a Close) -> &'a str {
        match (close.code, &*close.reason) {
            (1006, "") => &self.socket_error,
            (_, reason) => reason,
        }
    }

    fn effect_of_frame(&self, control: &Control) -> Effect {
        match control {
            Control::Ack => Effect::Acknowledged,
            Control::Pong { id } => Effect::Ponged(*id),
            Control::Stopped { reason } => {
                let text = match reason {
                    Some(reason) => format!("App stopped: {reason}"),
                    None => "App stopped".into(),
                };
                Effect::Ended(cause(1000, &text, CloseKind::AppStopped), None, By::Other)
            }
            Control::Error { code, message } => {
                if self.connection().is_some() && !is_fatal(code.as_deref()) {
                    Effect::Error(SessionError::Reported {
                        code: code.as_deref().map(Into::into),
                        message: message.to_string(),
                    })
                } else {
                    let kind = kind_of_error(code.as_deref(), message);
                    Effect::Ended(cause(1008, message, kind), None, By::Other)
                }
            }
        }
    }
}

pub fn cause(code: u16, reason: &str, kind: CloseKind) -> Cause {
    Cause {
        code,
        reason: reason.into(),
        kind,
    }
}
