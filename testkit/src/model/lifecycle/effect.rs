//! Meaning of each input.

use tpa_session::session::{
    Cause, CloseKind, Control, Duration, Input, Reconnect, SessionError, WakeHint,
};

use super::Lifecycle;
use crate::model::classify::{delay_of_close, is_fatal, kind_of_close, kind_of_error};

/// Meaning of an input for the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Timeout,
    Prepared,
    Opened,
    Failed,
    /// The connection, or the attempt, is over. The table of closures may set a delay for the
    /// next attempt.
    Ended(Cause, Option<Duration>),
    Acknowledged,
    Ponged,
    /// A sign of life at that time.
    Received(u64),
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
    /// The connection may be dead; a sleep is proof enough where nobody ever ponged.
    Suspected {
        slept: bool,
    },
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
                Effect::Ended(cause(1006, reason, CloseKind::Abnormal), None)
            }
            Input::Unsupported { reason, .. } => {
                Effect::Ended(cause(1006, reason, CloseKind::Unsupported), None)
            }
            Input::Opened(_) => Effect::Opened,
            Input::Failed(_) => Effect::Failed,
            Input::Closed(_, close) => Effect::Ended(
                cause(close.code, &close.reason, kind_of_close(close)),
                delay_of_close(close, self.config.close_rules),
            ),
            Input::Control(_, control) => self.effect_of_frame(control),
            Input::Malformed(_, fault) => Effect::Error(SessionError::Malformed(*fault)),
            Input::Activity(_, at) | Input::ProtocolPing(_, at) => Effect::Received(at.as_millis()),
            Input::Buffered(_, held) => Effect::Buffered(*held),
            Input::ShouldReconnect(decision) => Effect::Decided(*decision),
            Input::Offline => Effect::Offline,
            Input::Online => Effect::Online,
            Input::Leaving => Effect::Leaving,
            Input::ClockJumped => Effect::Suspected { slept: false },
            Input::Wake(hint) => Effect::Suspected {
                slept: *hint == WakeHint::Slept,
            },
            Input::WallClock(wall) => Effect::WallClock(*wall),
        })
    }

    fn effect_of_frame(&self, control: &Control) -> Effect {
        match control {
            Control::Ack => Effect::Acknowledged,
            Control::Pong { .. } => Effect::Ponged,
            Control::Stopped { reason } => {
                let text = match reason {
                    Some(reason) => format!("App stopped: {reason}"),
                    None => "App stopped".into(),
                };
                Effect::Ended(cause(1000, &text, CloseKind::AppStopped), None)
            }
            Control::Error { code, message } => {
                if self.connection().is_some() && !is_fatal(code.as_deref()) {
                    Effect::Error(SessionError::Reported {
                        code: code.as_deref().map(Into::into),
                        message: message.to_string(),
                    })
                } else {
                    let kind = kind_of_error(code.as_deref(), message);
                    Effect::Ended(cause(1008, message, kind), None)
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
