//! A TPA's WebSocket, shared by its task and a writer.
//!
//! The task reads; the writer sends what is queued. If the socket accepts no more for now, the task
//! sends the rest.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt, StreamExt};

use super::listener::ResetSwitch;
use super::send_queue::{Mode, SendQueue};
use crate::output::Delivery;

/// A TPA's socket with its send queue.
#[derive(Debug)]
pub(super) struct Connection {
    /// Frames to be sent, and the mode.
    pub(super) queue: SendQueue,
    /// The TCP connection.
    pub(super) switch: ResetSwitch,
    /// `None` before the upgrade and after the end.
    pump: Mutex<Option<Pump>>,
}

/// Attaches a WebSocket to a connection; dropping it closes the WebSocket.
#[derive(Debug)]
pub(super) struct Attached(Arc<Connection>);

impl Attached {
    pub(super) fn new(connection: Arc<Connection>, socket: WebSocket) -> Self {
        *connection.lock() = Some(Pump {
            socket,
            writing: Writing::Idle,
            reads: true,
        });
        Self(connection)
    }
}

impl Deref for Attached {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.detach();
    }
}

/// Event for the socket's task.
pub(super) enum Step {
    Received(Message),
    Failed(axum::Error),
    Ended,
    Cut,
    /// The frames that all connections are receiving take too much memory.
    Crowded,
}

impl Connection {
    /// Creates a connection without a socket.
    pub(super) fn new(queue: SendQueue, switch: ResetSwitch) -> Self {
        Self {
            queue,
            switch,
            pump: Mutex::new(None),
        }
    }

    /// Closes the socket.
    pub(super) fn detach(&self) {
        let pump = self.lock().take();
        drop(pump);
    }

    /// Stops reading for good.
    pub(super) fn stop_reading(&self) {
        if let Some(pump) = &mut *self.lock() {
            pump.reads = false;
        }
    }

    /// Writes as much as possible, then returns the next event.
    pub(super) fn poll_step(&self, context: &mut Context<'_>) -> Poll<Step> {
        match self.queue.poll_mode(context) {
            Mode::Open => {}
            Mode::Frozen => return Poll::Pending,
            Mode::Cut => return Poll::Ready(Step::Cut),
        }
        let mut pump = self.lock();
        let Some(pump) = &mut *pump else {
            return Poll::Ready(Step::Ended);
        };
        pump.write(&self.queue, usize::MAX, context);
        let step = pump.poll_read(context);
        if step.is_pending() && self.switch.take_crowded() {
            return Poll::Ready(Step::Crowded);
        }
        step
    }

    /// Writes the frames that are queued now. If the socket does not accept them all, its task is
    /// woken when it does.
    pub(super) fn write(&self) {
        // Without a waker the task has not started; it begins with writing.
        let Some((count, task)) = self.queue.begin_turn() else {
            return;
        };
        if let Some(pump) = &mut *self.lock() {
            pump.write(&self.queue, count, &mut Context::from_waker(&task));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pump>> {
        // A panic of the WebSocket library ends the socket's task, which drops the socket.
        self.pump.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and writes frames.
#[derive(Debug)]
struct Pump {
    socket: WebSocket,
    writing: Writing,
    reads: bool,
}

/// State of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Everything is sent.
    Idle,
    /// The socket may hold unsent frames.
    Begun,
    /// As [`Writing::Begun`], after the close frame.
    Last,
    /// Nothing more can be written. Reading returns the error or waits for the peer's close frame.
    Over,
}

impl Pump {
    fn write(&mut self, queue: &SendQueue, most: usize, context: &mut Context<'_>) {
        if let Poll::Ready(Err(_)) = self.poll_write(queue, most, context) {
            self.writing = Writing::Over;
        }
    }

    /// Writes up to `most` queued frames. The socket combines small frames into one write.
    fn poll_write(
        &mut self,
        queue: &SendQueue,
        most: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), axum::Error>> {
        for _ in 0..most {
            if matches!(self.writing, Writing::Last | Writing::Over) {
                break;
            }
            ready!(self.socket.poll_ready_unpin(context))?;
            let Some(what) = queue.take() else {
                break;
            };
            self.writing = match what {
                Delivery::Close { .. } => Writing::Last,
                Delivery::Text(_) | Delivery::Binary(_) | Delivery::Ping => Writing::Begun,
            };
            self.socket.start_send_unpin(message_of(what))?;
        }
        let after = match self.writing {
            Writing::Begun => Writing::Idle,
            Writing::Last => Writing::Over,
            Writing::Idle | Writing::Over => return Poll::Ready(Ok(())),
        };
        ready!(self.socket.poll_flush_unpin(context))?;
        self.writing = after;
        queue.sent();
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        if !self.reads {
            return Poll::Pending;
        }
        let message = ready!(self.socket.poll_next_unpin(context));
        Poll::Ready(match message {
            Some(Ok(message)) => Step::Received(message),
            Some(Err(error)) => Step::Failed(error),
            None => Step::Ended,
        })
    }
}

fn message_of(what: Delivery) -> Message {
    match what {
        Delivery::Text(text) => Message::Text(text.into()),
        Delivery::Binary(bytes) => Message::Binary(bytes.into()),
        Delivery::Ping => Message::Ping(Default::default()),
        Delivery::Close { code, reason } => Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        })),
    }
}
