//! Tasks that write to the sockets.
//!
//! A broadcast has thousands of receivers. To wake the task of each costs more than to write to its
//! socket, so a few tasks write to all sockets, one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, coop, yield_now};

use super::connection::Connection;
use super::send_queue::Mode;
use crate::identity::ConnectionId;

/// Largest number of writers.
const MAX_WRITERS: usize = 4;

/// Sockets that a writer serves before it lets other tasks run.
const TURN: usize = 64;

/// The writers, each for a share of the connections.
#[derive(Debug)]
pub(super) struct Writers(Vec<UnboundedSender<Arc<Connection>>>);

impl Writers {
    /// Starts a writer for each thread of the runtime. They end when the set is dropped.
    pub(super) fn start() -> (Self, JoinSet<()>) {
        let threads = Handle::current().metrics().num_workers();
        let mut tasks = JoinSet::new();
        let writers = (0..threads.clamp(1, MAX_WRITERS)).map(|_| {
            let (announce, announced) = unbounded_channel();
            tasks.spawn(write(announced));
            announce
        });
        (Self(writers.collect()), tasks)
    }

    /// Announces a connection whose queue has frames. A queue is announced once until the writer
    /// comes to it, so the number of announcements is bounded.
    pub(super) fn announce(&self, id: ConnectionId, connection: &Arc<Connection>) {
        let share = id.0 as usize % self.0.len();
        if let Some(writer) = self.0.get(share) {
            // An error means that the server is dropped.
            let _ = writer.send(Arc::clone(connection));
        }
    }
}

/// Sends the queued frames of the announced connections, in the order of the announcements.
async fn write(announced: UnboundedReceiver<Arc<Connection>>) {
    // With a budget, sockets would refuse to be written to in the middle of a turn.
    coop::unconstrained(serve(announced)).await;
}

async fn serve(mut announced: UnboundedReceiver<Arc<Connection>>) {
    let mut turn = Vec::with_capacity(TURN);
    while announced.recv_many(&mut turn, TURN).await > 0 {
        for connection in turn.drain(..) {
            // As in a task of its own, a panic ends this connection only.
            if catch_unwind(AssertUnwindSafe(|| connection.write())).is_err() {
                connection.queue.set_mode(Mode::Cut);
            }
        }
        yield_now().await;
    }
}
