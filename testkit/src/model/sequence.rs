//! Order of the outputs: each output must be the next one that the model expects.
//!
//! Pings and settled flushes may come at any place. What they depend on is checked by `liveness`
//! and `flushes`.

use std::collections::VecDeque;

use tpa_session::session::{Cause, Event, Outgoing, Output, SocketId};

use super::{Violation, ensure};
use crate::Message;

/// An expected output. Contents that other modules check are left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Prepare(SocketId),
    Open(SocketId),
    Close(SocketId, u16, String),
    Transmit,
    AskApp(Cause),
    Settle,
    StateChange,
    Connecting,
    Connected,
    Disconnected,
    Reconnecting,
    Error,
    Sent,
    Dropped,
}

impl Step {
    /// The step that an output is, unless it may come at any place.
    fn of(output: &Output<Message>) -> Option<Self> {
        Some(match output {
            Output::Prepare(socket) => Self::Prepare(*socket),
            Output::Open(socket) => Self::Open(*socket),
            Output::Close(socket, close) => {
                Self::Close(*socket, close.code, close.reason.to_string())
            }
            Output::Transmit(_, Outgoing::Ping(_)) | Output::Flushed(..) => return None,
            Output::Transmit(..) => Self::Transmit,
            Output::AskShouldReconnect(cause) => Self::AskApp(cause.clone()),
            Output::Settle(..) => Self::Settle,
            Output::Emit(event) => match event {
                Event::StateChange(_) => Self::StateChange,
                Event::Connecting(_) => Self::Connecting,
                Event::Connected => Self::Connected,
                Event::Disconnected(_) => Self::Disconnected,
                Event::Reconnecting(_) => Self::Reconnecting,
                Event::Error(_) => Self::Error,
                Event::Sent(_) => Self::Sent,
                Event::Dropped(..) => Self::Dropped,
                event => panic!("an unknown event: {event:?}"),
            },
        })
    }

    /// True if the end of the session withdraws it.
    const fn is_withdrawn(&self) -> bool {
        matches!(
            self,
            Self::Prepare(_)
                | Self::Open(_)
                | Self::AskApp(_)
                | Self::Connecting
                | Self::Connected
                | Self::Reconnecting
        )
    }
}

#[derive(Clone, Debug, Default)]
pub struct Sequence(VecDeque<Step>);

impl Sequence {
    pub fn expect(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.0.extend(steps);
    }

    /// The session is over: outputs that make sense only in a session that goes on are withdrawn.
    /// Returns whether the announcement of an attempt is among them.
    pub fn withdraw(&mut self) -> bool {
        let announces = self.0.contains(&Step::Reconnecting);
        self.0.retain(|step| !step.is_withdrawn());
        announces
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the socket is about to be closed.
    pub fn closes(&self, socket: SocketId) -> bool {
        let mut steps = self.0.iter();
        steps.any(|step| matches!(step, Step::Close(closed, ..) if *closed == socket))
    }

    pub fn check(&mut self, output: &Output<Message>) -> Result<(), Violation> {
        let Some(step) = Step::of(output) else {
            return Ok(());
        };
        let expected = self.0.pop_front();
        ensure!(
            expected.as_ref() == Some(&step),
            "sequence",
            "{output:?} instead of {expected:?}"
        );
        Ok(())
    }

    /// Checks a session at rest: nothing more is expected.
    pub fn check_rest(&self) -> Result<(), Violation> {
        let missing = self.0.front();
        ensure!(missing.is_none(), "sequence", "{missing:?} never came");
        Ok(())
    }
}
