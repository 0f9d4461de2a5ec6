//! Sockets in the order of the outputs: one at a time, each with one life.

use tpa_session::session::{Output, SocketId};

use super::{Violation, ensure};
use crate::Message;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Prepared,
    Open,
}

#[derive(Clone, Debug, Default)]
pub struct Sockets {
    pub(super) newest: Option<SocketId>,
    /// Stage of the newest socket, until it is closed.
    pub(super) stage: Option<Stage>,
}

impl Sockets {
    pub fn check(&mut self, output: &Output<Message>) -> Result<(), Violation> {
        match output {
            Output::Prepare(socket) => {
                ensure!(
                    self.stage.is_none(),
                    "one socket",
                    "{socket:?} is prepared while {:?} is live",
                    self.newest
                );
                ensure!(
                    self.newest.is_none_or(|newest| *socket > newest),
                    "sockets",
                    "{socket:?} comes after {:?}",
                    self.newest
                );
                self.newest = Some(*socket);
                self.stage = Some(Stage::Prepared);
            }
            Output::Open(socket) => {
                self.require(*socket, Stage::Prepared, output)?;
                self.stage = Some(Stage::Open);
            }
            Output::Transmit(socket, _) => self.require(*socket, Stage::Open, output)?,
            Output::Close(socket, close) => {
                self.check_close(*socket, output)?;
                // RFC 6455 and browsers restrict what a client may put into a close frame.
                let (code, reason) = close.to_send();
                let longest = close.reason.len().min(123);
                ensure!(
                    (code == 1000 || (3000..5000).contains(&code))
                        && close.reason.starts_with(reason)
                        && (longest.saturating_sub(3)..=longest).contains(&reason.len()),
                    "close frame",
                    "{close:?} is sent as {code} {reason:?}"
                );
                self.newest = Some(*socket);
                self.stage = None;
            }
            Output::AskShouldReconnect(_)
            | Output::Emit(_)
            | Output::Settle(..)
            | Output::Flushed(..) => {}
        }
        Ok(())
    }

    fn check_close(&self, socket: SocketId, output: &Output<Message>) -> Result<(), Violation> {
        // A socket is closed even if its preparation was withdrawn.
        ensure!(
            self.newest.is_none_or(|newest| socket >= newest),
            "sockets",
            "{output:?}, but the newest is {:?}",
            self.newest
        );
        ensure!(
            self.newest != Some(socket) || self.stage.is_some(),
            "sockets",
            "{output:?} for the second time"
        );
        ensure!(
            self.newest == Some(socket) || self.stage.is_none(),
            "one socket",
            "{output:?} while {:?} is live",
            self.newest
        );
        Ok(())
    }

    /// The open socket, according to the outputs so far.
    pub fn open(&self) -> Option<SocketId> {
        self.newest.filter(|_| self.stage == Some(Stage::Open))
    }

    /// The socket that may report something, according to the outputs so far.
    pub fn live(&self) -> Option<SocketId> {
        self.newest.filter(|_| self.stage.is_some())
    }

    pub const fn has_live(&self) -> bool {
        self.stage.is_some()
    }

    fn require(
        &self,
        socket: SocketId,
        stage: Stage,
        output: &Output<Message>,
    ) -> Result<(), Violation> {
        ensure!(
            self.newest == Some(socket) && self.stage == Some(stage),
            "sockets",
            "{output:?}, but {:?} is {:?}",
            self.newest,
            self.stage
        );
        Ok(())
    }
}
