//! Send queue and mode of a socket.
//!
//! There is one for each connection, so it is small: a queue that allocates nothing while it is
//! empty, and one waker.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use crate::output::Delivery;

/// Part of a socket's buffer that does not count towards the total.
const FREE_BUFFER_BYTES: usize = 16 * 1024;

/// Capacity that an empty queue retains.
const RETAINED_CAPACITY: usize = 16;

/// Bytes that all queues hold together.
#[derive(Debug, Clone, Default)]
pub(super) struct TotalBytes(Arc<AtomicUsize>);

impl TotalBytes {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

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

/// Result of adding a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// The queue must be announced to the writer.
    First,
    /// The queue is announced.
    Behind,
    /// The frame was not added, because the queue is full.
    Refused,
}

/// Frames that wait to be sent.
#[derive(Debug)]
pub(super) struct SendQueue {
    state: Mutex<QueueState>,
    max_bytes: usize,
    total: TotalBytes,
}

#[derive(Debug)]
struct QueueState {
    mode: Mode,
    queue: VecDeque<Delivery>,
    /// Cost of the queued frames, and of the frame that is being sent.
    queued_bytes: usize,
    sending_bytes: usize,
    /// Size of the socket's buffer, which grows to the largest frame, as far as it counts.
    buffer_bytes: usize,
    /// The writer has still to come to the queue.
    announced: bool,
    task: Option<Waker>,
}

impl SendQueue {
    /// Creates a queue that holds at most `max_bytes`, which count towards `total`.
    pub(super) fn new(max_bytes: usize, total: TotalBytes) -> Self {
        let state = Mutex::new(QueueState {
            mode: Mode::Open,
            queue: VecDeque::new(),
            queued_bytes: 0,
            sending_bytes: 0,
            buffer_bytes: 0,
            announced: false,
            task: None,
        });
        Self {
            state,
            max_bytes,
            total,
        }
    }

    /// Returns the bytes that the queue holds.
    pub(super) fn bytes(&self) -> usize {
        let state = self.lock();
        state.queued_bytes + state.sending_bytes + state.buffer_bytes
    }

    /// Adds a frame, for the writer.
    pub(super) fn add(&self, what: Delivery) -> Added {
        let cost = what.cost();
        let mut state = self.lock();
        if state.mode == Mode::Cut {
            return Added::Behind;
        }
        if state.queued_bytes + state.sending_bytes + cost > self.max_bytes {
            return Added::Refused;
        }
        self.total.add(cost);
        state.queued_bytes += cost;
        state.queue.push_back(what);
        if std::mem::replace(&mut state.announced, true) {
            Added::Behind
        } else {
            Added::First
        }
    }

    /// Changes the mode and wakes the socket's task; [`Mode::Cut`] is final.
    pub(super) fn set_mode(&self, mode: Mode) {
        let mut state = self.lock();
        if state.mode == Mode::Cut || state.mode == mode {
            return;
        }
        state.mode = mode;
        if mode == Mode::Cut {
            self.release(&mut state);
        }
        let task = state.task.clone();
        // The task takes the lock first.
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Returns the mode. The task of `context` is woken when the mode changes.
    pub(super) fn poll_mode(&self, context: &Context<'_>) -> Mode {
        let mut state = self.lock();
        match &mut state.task {
            Some(task) => task.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        state.mode
    }

    /// Begins a turn of the writer. Returns the number of frames that can be sent now, if there are
    /// any, and the waker of the socket's task. Later frames are announced again.
    pub(super) fn begin_turn(&self) -> Option<(usize, Waker)> {
        let mut state = self.lock();
        state.announced = false;
        if state.mode != Mode::Open || state.queue.is_empty() {
            return None;
        }
        Some((state.queue.len(), state.task.clone()?))
    }

    /// Removes the next frame. The frame before it counts as sent.
    pub(super) fn take(&self) -> Option<Delivery> {
        let mut state = self.lock();
        let what = state.queue.pop_front()?;
        if state.queue.is_empty() {
            state.queue.shrink_to(RETAINED_CAPACITY);
        }
        self.total.subtract(state.sending_bytes);
        state.sending_bytes = what.cost();
        state.queued_bytes -= what.cost();
        let buffer = what.cost().saturating_sub(FREE_BUFFER_BYTES);
        if buffer > state.buffer_bytes && state.mode != Mode::Cut {
            self.total.add(buffer - state.buffer_bytes);
            state.buffer_bytes = buffer;
        }
        Some(what)
    }

    /// Marks all removed frames as sent. Until then they count towards the limit.
    pub(super) fn sent(&self) {
        let mut state = self.lock();
        self.total.subtract(state.sending_bytes);
        state.sending_bytes = 0;
    }

    /// Drops the frames of a connection that is reset.
    fn release(&self, state: &mut QueueState) {
        self.total
            .subtract(state.queued_bytes + state.sending_bytes + state.buffer_bytes);
        state.queue = VecDeque::new();
        state.queued_bytes = 0;
        state.sending_bytes = 0;
        state.buffer_bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // Nothing panics under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SendQueue {
    fn drop(&mut self) {
        let held = self.bytes();
        self.total.subtract(held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue_of(max_bytes: usize) -> SendQueue {
        SendQueue::new(max_bytes, TotalBytes::default())
    }

    fn frame(length: usize) -> Delivery {
        Delivery::Binary(vec![0; length])
    }

    fn fits(queue: &SendQueue, what: Delivery) -> bool {
        queue.add(what) != Added::Refused
    }

    #[test]
    fn unsent_frames_count() {
        let cost = frame(100).cost();
        let queue = queue_of(2 * cost);
        assert!(fits(&queue, frame(100)) && fits(&queue, frame(100)));
        assert!(!fits(&queue, frame(100)));
        assert!(queue.take().is_some());
        assert!(!fits(&queue, frame(100)), "the first is still being sent");
        assert!(queue.take().is_some());
        assert!(fits(&queue, frame(100)), "the first is sent");
        assert!(queue.take().is_some() && queue.take().is_none());
        queue.sent();
        assert!(fits(&queue, frame(100)) && fits(&queue, frame(100)));
    }

    #[test]
    fn the_memory_of_a_backlog_is_released() {
        let queue = queue_of(usize::MAX);
        for _ in 0..1_000 {
            queue.add(Delivery::Ping);
        }
        while queue.take().is_some() {}
        assert!(queue.lock().queue.capacity() < 100);
    }

    #[test]
    fn a_queue_is_announced_once_for_each_turn_of_the_writer() {
        let queue = queue_of(usize::MAX);
        let context = Context::from_waker(Waker::noop());
        assert_eq!(queue.poll_mode(&context), Mode::Open);
        assert_eq!(queue.add(Delivery::Ping), Added::First);
        assert_eq!(queue.add(Delivery::Ping), Added::Behind);
        let count = queue.begin_turn().map(|(count, _)| count);
        assert_eq!(count, Some(2));
        // A frame that comes during the turn is for the next one.
        assert_eq!(queue.add(Delivery::Ping), Added::First);
        while queue.take().is_some() {}
        assert!(queue.begin_turn().is_none(), "nothing is left to send");
        assert_eq!(queue.add(Delivery::Ping), Added::First);
    }

    #[test]
    fn the_writer_skips_a_frozen_socket() {
        let queue = queue_of(usize::MAX);
        let context = Context::from_waker(Waker::noop());
        assert_eq!(queue.poll_mode(&context), Mode::Open);
        queue.set_mode(Mode::Frozen);
        assert_eq!(queue.add(Delivery::Ping), Added::First);
        assert!(queue.begin_turn().is_none());
        queue.set_mode(Mode::Open);
        assert_eq!(queue.add(Delivery::Ping), Added::First);
        assert!(queue.begin_turn().is_some());
    }

    #[test]
    fn cut_is_final() {
        let queue = queue_of(0);
        let context = Context::from_waker(Waker::noop());
        for (state, mode) in [
            (Mode::Frozen, Mode::Frozen),
            (Mode::Open, Mode::Open),
            (Mode::Cut, Mode::Cut),
            (Mode::Open, Mode::Cut),
        ] {
            queue.set_mode(state);
            assert_eq!(queue.poll_mode(&context), mode);
        }
    }

    #[test]
    fn the_total_is_that_of_all_queues() {
        let total = TotalBytes::default();
        let cost = frame(100).cost();
        let queues = [(); 3].map(|()| SendQueue::new(usize::MAX, total.clone()));
        for queue in &queues {
            assert!(fits(queue, frame(100)) && fits(queue, frame(100)));
        }
        assert_eq!(total.get(), 6 * cost);
        let [sent, cut, dropped] = queues;
        assert!(sent.take().is_some() && sent.take().is_some());
        assert_eq!((sent.bytes(), total.get()), (cost, 5 * cost));
        sent.sent();
        assert_eq!((sent.bytes(), total.get()), (0, 4 * cost));
        assert!(cut.take().is_some());
        cut.set_mode(Mode::Cut);
        cut.add(frame(100));
        cut.sent();
        assert_eq!((cut.bytes(), total.get()), (0, 2 * cost));
        drop(dropped);
        assert_eq!(total.get(), 0);
        // The socket's buffer does not shrink.
        let long = frame(FREE_BUFFER_BYTES + 100);
        assert!(fits(&sent, long) && sent.take().is_some());
        sent.sent();
        assert_eq!((sent.bytes(), total.get()), (cost, cost));
    }
}
