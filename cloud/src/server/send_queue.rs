//! What the driver wants of a socket, and how the socket's task learns of it.
//!
//! There is one for each connection, so it is small: a queue that costs nothing while it is empty,
//! and one waker.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use crate::output::Delivery;

/// A queue that has held more than this gives the memory back when it is empty.
const KEPT_PLACES: usize = 16;

/// What a socket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reads and writes.
    Open,
    /// Neither.
    Frozen,
    /// Is to be reset.
    Cut,
}

/// What the driver holds of a socket's task.
#[derive(Debug)]
pub(super) struct SocketHandle {
    wanted: Arc<Mutex<Wanted>>,
    most_bytes: usize,
}

/// What a socket's task holds of the driver.
#[derive(Debug)]
pub(super) struct SocketOrders(Arc<Mutex<Wanted>>);

#[derive(Debug)]
struct Wanted {
    mode: Mode,
    queue: VecDeque<Delivery>,
    /// What all that waits costs, and what the last one taken costs until it has left.
    queued_bytes: usize,
    leaving_bytes: usize,
    task: Option<Waker>,
}

impl SocketHandle {
    /// A socket for which at most so many bytes may wait.
    pub(super) fn new(most_bytes: usize) -> (Self, SocketOrders) {
        let wanted = Arc::new(Mutex::new(Wanted {
            mode: Mode::Open,
            queue: VecDeque::new(),
            queued_bytes: 0,
            leaving_bytes: 0,
            task: None,
        }));
        let orders = SocketOrders(Arc::clone(&wanted));
        (Self { wanted, most_bytes }, orders)
    }

    /// False when too much waits already.
    pub(super) fn enqueue(&self, what: Delivery) -> bool {
        let cost = what.cost();
        let mut wanted = lock(&self.wanted);
        if wanted.queued_bytes + wanted.leaving_bytes + cost > self.most_bytes {
            return false;
        }
        wanted.queued_bytes += cost;
        wanted.queue.push_back(what);
        wake(wanted);
        true
    }

    /// What is cut stays cut.
    pub(super) fn set_mode(&self, mode: Mode) {
        let mut wanted = lock(&self.wanted);
        if wanted.mode != Mode::Cut && wanted.mode != mode {
            wanted.mode = mode;
            wake(wanted);
        }
    }
}

impl SocketOrders {
    /// What the socket is to do now. The task of `context` is woken when that changes, or when
    /// there is more to be taken.
    pub(super) fn poll_mode(&self, context: &Context<'_>) -> Mode {
        let mut wanted = lock(&self.0);
        match &mut wanted.task {
            Some(task) => task.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        wanted.mode
    }

    /// The next to be sent. What was taken before it counts as sent.
    pub(super) fn take(&self) -> Option<Delivery> {
        let mut wanted = lock(&self.0);
        let what = wanted.queue.pop_front()?;
        if wanted.queue.is_empty() {
            wanted.queue.shrink_to(KEPT_PLACES);
        }
        wanted.leaving_bytes = what.cost();
        wanted.queued_bytes -= what.cost();
        Some(what)
    }

    /// All that was taken has left, so a slow peer's backlog is counted until then.
    pub(super) fn sent(&self) {
        lock(&self.0).leaving_bytes = 0;
    }
}

fn lock(wanted: &Mutex<Wanted>) -> MutexGuard<'_, Wanted> {
    // Nothing that runs under the lock panics.
    wanted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the task after the lock is gone: it takes the lock first thing.
fn wake(mut wanted: MutexGuard<'_, Wanted>) {
    let task = wanted.task.take();
    drop(wanted);
    if let Some(task) = task {
        task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize) -> Delivery {
        Delivery::Binary(vec![0; length])
    }

    #[test]
    fn what_has_not_left_counts() {
        let cost = frame(100).cost();
        let (handle, orders) = SocketHandle::new(2 * cost);
        assert!(handle.enqueue(frame(100)) && handle.enqueue(frame(100)));
        assert!(!handle.enqueue(frame(100)));
        assert!(orders.take().is_some());
        assert!(!handle.enqueue(frame(100)), "the first is still leaving");
        assert!(orders.take().is_some());
        assert!(handle.enqueue(frame(100)), "the first has left");
        assert!(orders.take().is_some() && orders.take().is_none());
        orders.sent();
        assert!(handle.enqueue(frame(100)) && handle.enqueue(frame(100)));
    }

    #[test]
    fn the_memory_of_a_backlog_is_given_back() {
        let (handle, orders) = SocketHandle::new(usize::MAX);
        for _ in 0..1_000 {
            handle.enqueue(Delivery::Ping);
        }
        while orders.take().is_some() {}
        assert!(lock(&orders.0).queue.capacity() < 100);
    }

    #[test]
    fn what_is_cut_stays_cut() {
        let (handle, orders) = SocketHandle::new(0);
        let context = Context::from_waker(Waker::noop());
        for (wanted, mode) in [
            (Mode::Frozen, Mode::Frozen),
            (Mode::Open, Mode::Open),
            (Mode::Cut, Mode::Cut),
            (Mode::Open, Mode::Cut),
        ] {
            handle.set_mode(wanted);
            assert_eq!(orders.poll_mode(&context), mode);
        }
    }
}
