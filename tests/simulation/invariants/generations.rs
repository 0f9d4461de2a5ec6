//! Sockets as the outputs tell of them: one at a time, each with one life.

use std::hash::{Hash, Hasher};

use tpa_session::session::{Output, SocketId};

use super::{Broken, ensure};
use crate::app::Mail;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Life {
    Prepared,
    Open,
}

#[derive(Clone, Debug, Default)]
pub struct Generations {
    /// The newest socket that was asked for.
    newest: Option<SocketId>,
    /// That one's life, until it is closed.
    life: Option<Life>,
}

impl Generations {
    pub fn check(&mut self, output: &Output<Mail>) -> Result<(), Broken> {
        match output {
            Output::Prepare(socket) => {
                ensure!(
                    self.life.is_none(),
                    "one socket",
                    "{socket:?} is prepared while {:?} lives",
                    self.newest
                );
                ensure!(
                    self.newest.is_none_or(|newest| *socket > newest),
                    "generations",
                    "{socket:?} comes after {:?}",
                    self.newest
                );
                self.newest = Some(*socket);
                self.life = Some(Life::Prepared);
            }
            Output::Open(socket) => {
                self.must_be(*socket, Life::Prepared, output)?;
                self.life = Some(Life::Open);
            }
            Output::Transmit(socket, _) => self.must_be(*socket, Life::Open, output)?,
            Output::Close(socket, _) => {
                // One whose preparation was taken back is closed all the same.
                ensure!(
                    self.newest.is_none_or(|newest| *socket >= newest),
                    "generations",
                    "{output:?}, but the newest is {:?}",
                    self.newest
                );
                ensure!(
                    self.newest != Some(*socket) || self.life.is_some(),
                    "generations",
                    "{output:?} for the second time"
                );
                ensure!(
                    self.newest == Some(*socket) || self.life.is_none(),
                    "one socket",
                    "{output:?} while {:?} lives",
                    self.newest
                );
                self.newest = Some(*socket);
                self.life = None;
            }
            Output::AskShouldReconnect(_)
            | Output::Emit(_)
            | Output::Settle(..)
            | Output::Flushed(..) => {}
        }
        Ok(())
    }

    /// The socket that is open, as far as it was carried out.
    pub fn open(&self) -> Option<SocketId> {
        self.newest.filter(|_| self.life == Some(Life::Open))
    }

    /// The socket that may say something, as far as it was carried out.
    pub fn alive(&self) -> Option<SocketId> {
        self.newest.filter(|_| self.life.is_some())
    }

    pub const fn is_any_alive(&self) -> bool {
        self.life.is_some()
    }

    /// `current` is the newest socket as far as was decided.
    pub fn fingerprint(&self, current: SocketId, hasher: &mut impl Hasher) {
        let newest = self.newest.map(|newest| current.0.wrapping_sub(newest.0));
        (newest, self.life).hash(hasher);
    }

    fn must_be(&self, socket: SocketId, life: Life, output: &Output<Mail>) -> Result<(), Broken> {
        ensure!(
            self.newest == Some(socket) && self.life == Some(life),
            "generations",
            "{output:?}, but {:?} is {:?}",
            self.newest,
            self.life
        );
        Ok(())
    }
}
