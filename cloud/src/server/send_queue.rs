//! Send queue and mode of a socket, shared by the driver and the socket's task.
//!
//! There is one for each connection, so it is small: a queue that allocates nothing while it is
//! empty, and one waker.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use crate::output::Delivery;

/// Capacity that an empty queue retains.
const RETAINED_CAPACITY: usize = 16;

/// I/O mode of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Read and write.
    Open,
    /// Neither read nor write.
    Frozen,
    /// Reset.
    Cut,
}

/// The driver's end.
#[derive(Debug)]
pub(super) struct SocketHandle {
    state: Arc<Mutex<QueueState>>,
    max_bytes: usize,
}

/// The end of the socket's task.
#[derive(Debug)]
pub(super) struct SendQueue(Arc<Mutex<QueueState>>);

#[derive(Debug)]
struct QueueState {
    mode: Mode,
    queue: VecDeque<Delivery>,
    /// Cost of the queued frames, and of the frame that is being sent.
    queued_bytes: usize,
    sending_bytes: usize,
    task: Option<Waker>,
}

impl SocketHandle {
    /// Creates a queue that holds at most `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> (Self, SendQueue) {
        let state = Arc::new(Mutex::new(QueueState {
            mode: Mode::Open,
            queue: VecDeque::new(),
            queued_bytes: 0,
            sending_bytes: 0,
            task: None,
        }));
        let queue = SendQueue(Arc::clone(&state));
        (Self { state, max_bytes }, queue)
    }

    /// Adds a frame. Returns false if the queue is full.
    pub(super) fn enqueue(&self, what: Delivery) -> bool {
        let cost = what.cost();
        let mut state = lock(&self.state);
        if state.queued_bytes + state.sending_bytes + cost > self.max_bytes {
            return false;
        }
        state.queued_bytes += cost;
        state.queue.push_back(what);
        wake(state);
        true
    }

    /// Changes the mode; [`Mode::Cut`] is final.
    pub(super) fn set_mode(&self, mode: Mode) {
        let mut state = lock(&self.state);
        if state.mode != Mode::Cut && state.mode != mode {
            state.mode = mode;
            wake(state);
        }
    }
}

impl SendQueue {
    /// Returns the mode. The task of `context` is woken when the mode changes or a frame is added.
    pub(super) fn poll_mode(&self, context: &Context<'_>) -> Mode {
        let mut state = lock(&self.0);
        match &mut state.task {
            Some(task) => task.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        state.mode
    }

    /// Removes the next frame. The frame before it counts as sent.
    pub(super) fn take(&self) -> Option<Delivery> {
        let mut state = lock(&self.0);
        let what = state.queue.pop_front()?;
        if state.queue.is_empty() {
            state.queue.shrink_to(RETAINED_CAPACITY);
        }
        state.sending_bytes = what.cost();
        state.queued_bytes -= what.cost();
        Some(what)
    }

    /// Marks all removed frames as sent. Until then they count towards the limit.
    pub(super) fn sent(&self) {
        lock(&self.0).sending_bytes = 0;
    }
}

fn lock(state: &Mutex<QueueState>) -> MutexGuard<'_, QueueState> {
    // Nothing panics under the lock.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the task after releasing the lock, which the task takes first.
fn wake(mut state: MutexGuard<'_, QueueState>) {
    let task = state.task.take();
    drop(state);
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
    fn unsent_frames_count() {
        let cost = frame(100).cost();
        let (handle, queue) = SocketHandle::new(2 * cost);
        assert!(handle.enqueue(frame(100)) && handle.enqueue(frame(100)));
        assert!(!handle.enqueue(frame(100)));
        assert!(queue.take().is_some());
        assert!(!handle.enqueue(frame(100)), "the first is still being sent");
        assert!(queue.take().is_some());
        assert!(handle.enqueue(frame(100)), "the first is sent");
        assert!(queue.take().is_some() && queue.take().is_none());
        queue.sent();
        assert!(handle.enqueue(frame(100)) && handle.enqueue(frame(100)));
    }

    #[test]
    fn the_memory_of_a_backlog_is_released() {
        let (handle, queue) = SocketHandle::new(usize::MAX);
        for _ in 0..1_000 {
            handle.enqueue(Delivery::Ping);
        }
        while queue.take().is_some() {}
        assert!(lock(&queue.0).queue.capacity() < 100);
    }

    #[test]
    fn cut_is_final() {
        let (handle, queue) = SocketHandle::new(0);
        let context = Context::from_waker(Waker::noop());
        for (state, mode) in [
            (Mode::Frozen, Mode::Frozen),
            (Mode::Open, Mode::Open),
            (Mode::Cut, Mode::Cut),
            (Mode::Open, Mode::Cut),
        ] {
            handle.set_mode(state);
            assert_eq!(queue.poll_mode(&context), mode);
        }
    }
}
