//! A group of connected TPAs.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::board::Board;
use crate::tpa::{Life, Tpa};

/// Number of concurrent connection attempts; below the backlog of common listeners.
const DIALLING: usize = 128;

/// A group of connected TPAs.
#[derive(Debug)]
pub struct Crowd {
    lives: JoinSet<Life>,
    leave: watch::Sender<bool>,
    board: Arc<Board>,
    /// Errors of refused connections.
    pub refused: Vec<io::Error>,
}

impl Crowd {
    /// Connects TPAs, each for its own user, with subscriptions to `streams`.
    pub async fn gather(addr: SocketAddr, size: usize, subscriptions: &[&str]) -> Self {
        let mut crowd = Self {
            lives: JoinSet::new(),
            leave: watch::Sender::new(false),
            board: Arc::new(Board::new(size)),
            refused: Vec::new(),
        };
        let dials = stream::iter(0..size).map(|nth| Tpa::connect(addr, nth, subscriptions));
        let mut dials = dials.buffer_unordered(DIALLING);
        while let Some(dialled) = dials.next().await {
            match dialled {
                Ok(tpa) => crowd.welcome(tpa),
                Err(error) => crowd.refused.push(error),
            }
        }
        crowd
    }

    fn welcome(&mut self, tpa: Tpa) {
        let mut leave = self.leave.subscribe();
        let board = Arc::clone(&self.board);
        self.lives.spawn(async move {
            let mut life = Life::default();
            tokio::select! {
                biased;
                () = tpa.live(&mut life, &board) => {}
                _ = leave.wait_for(|leave| *leave) => {}
            }
            life
        });
    }

    /// Returns the arrivals of the broadcast.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Closes the connections. Returns the results of each TPA.
    pub async fn leave(self) -> Vec<Life> {
        self.leave.send_replace(true);
        self.lives.join_all().await
    }
}
