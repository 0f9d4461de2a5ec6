//! TPAs, all connected at once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::board::Board;
use crate::tpa::{Life, Tpa};

/// As many as dial at the same time: fewer than wait to be accepted by a listener anywhere.
const DIALLING: usize = 128;

/// TPAs, all connected at once.
#[derive(Debug)]
pub struct Crowd {
    lives: JoinSet<Life>,
    leave: watch::Sender<bool>,
    board: Arc<Board>,
    /// Why some were not let in.
    pub refused: Vec<io::Error>,
}

impl Crowd {
    /// Connects so many TPAs, each for another user, which hear these streams.
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

    /// What has arrived of what is broadcast to them.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Ends all that the server has not ended. What each of them saw.
    pub async fn leave(self) -> Vec<Life> {
        self.leave.send_replace(true);
        self.lives.join_all().await
    }
}
