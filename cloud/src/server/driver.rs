//! The run loop around [`Cloud`]. The numbered comments are the steps in the crate's
//! documentation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, mpsc, watch};

use super::connection::Connection;
use super::feed::{Feed, Observer};
use super::listener::{ReceiveBuffers, ResetSwitch};
use super::log;
use super::send_queue::{Added, Mode, SendQueue, TotalBytes};
use super::writer::Writers;
use crate::cloud::{Cloud, Input};
use crate::config::Config;
use crate::events::Event;
use crate::identity::ConnectionId;
use crate::output::{AppCall, Output, WebhookCall};
use crate::time::{Instant, WallClock};

/// Bytes that may wait for all connections together, in both directions, for two full send buffers at
/// least.
const MAX_BUFFERED: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Driver {
    state: Mutex<State>,
    started: std::time::Instant,
    timeout_moved: Notify,
    feed: Arc<Feed>,
    webhooks: mpsc::UnboundedSender<WebhookCall>,
    app_calls: mpsc::UnboundedSender<AppCall>,
    writers: Writers,
    sockets: watch::Sender<usize>,
    sending: TotalBytes,
    receiving: ReceiveBuffers,
}

#[derive(Debug)]
struct State {
    cloud: Cloud,
    sockets: HashMap<ConnectionId, Arc<Connection>>,
}

impl Driver {
    pub(super) fn new(
        config: Config,
        webhooks: mpsc::UnboundedSender<WebhookCall>,
        app_calls: mpsc::UnboundedSender<AppCall>,
        writers: Writers,
    ) -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let clock = WallClock::starting_at(unix.as_millis() as u64);
        let max_buffered = MAX_BUFFERED.max(config.max_send_buffer_bytes.saturating_mul(2));
        let sending = TotalBytes::default();
        Self {
            state: Mutex::new(State {
                cloud: Cloud::new(config, clock, Instant::ZERO),
                sockets: HashMap::new(),
            }),
            started: std::time::Instant::now(),
            timeout_moved: Notify::new(),
            feed: Arc::new(Feed::new()),
            webhooks,
            app_calls,
            writers,
            sockets: watch::channel(0).0,
            receiving: ReceiveBuffers::new(sending.clone(), max_buffered),
            sending,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.started.elapsed().as_millis() as u64)
    }

    /// Returns an observer of later events, unless there are too many.
    pub(super) fn observe(&self) -> Option<Observer> {
        self.feed.observe()
    }

    pub(super) fn socket_count(&self) -> usize {
        *self.sockets.borrow()
    }

    pub(super) async fn until_no_sockets(&self) {
        // `self` holds the sender, so there is no error.
        let _ = self.sockets.subscribe().wait_for(|count| *count == 0).await;
    }

    pub(super) fn handle_input(&self, from: ConnectionId, input: Input<'_>) {
        self.with(|cloud, now| cloud.handle_input(from, input, now));
    }

    /// Calls the cloud and carries out its outputs.
    pub(super) fn with<T>(&self, call: impl FnOnce(&mut Cloud, Instant) -> T) -> T {
        self.with_state(|state, now| call(&mut state.cloud, now))
    }

    /// Opens a connection. It is registered before its first output is carried out.
    pub(super) fn open<E>(
        &self,
        connection: Arc<Connection>,
        call: impl FnOnce(&mut Cloud, Instant) -> Result<ConnectionId, E>,
    ) -> Result<ConnectionId, E> {
        self.with_state(|state, now| {
            let id = call(&mut state.cloud, now)?;
            state.sockets.insert(id, connection);
            Ok(id)
        })
    }

    fn with_state<T>(&self, call: impl FnOnce(&mut State, Instant) -> T) -> T {
        // Nothing panics under the lock; otherwise it is best to continue.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.cloud.poll_timeout().map(|(at, _)| at);
        // 1. The call.
        let result = call(&mut state, self.now());
        // 2. The outputs.
        self.drain(&mut state);
        // 3. The timeout, if it is earlier now. If it is later, the next call is spurious, which is
        // cheaper than a wake-up for each postponed ping.
        let after = state.cloud.poll_timeout().map(|(at, _)| at);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.timeout_moved.notify_one();
        }
        let count = state.cloud.socket_count();
        self.sockets.send_if_modified(|known| {
            let changed = *known != count;
            *known = count;
            changed
        });
        result
    }

    fn drain(&self, state: &mut State) {
        while let Some(output) = state.cloud.poll_output() {
            match output {
                Output::Deliver { to, what } => {
                    let Some(socket) = state.sockets.get(&to) else {
                        continue;
                    };
                    match socket.queue.add(what) {
                        Added::First => {
                            self.writers.announce(to, socket);
                            self.bound_sending(state);
                        }
                        Added::Behind => self.bound_sending(state),
                        Added::Refused => {
                            let now = self.now();
                            state.cloud.handle_input(to, Input::Congested, now);
                        }
                    }
                }
                Output::Cut { to } => self.set_mode(state, to, Mode::Cut),
                Output::Freeze { to, frozen } => {
                    let mode = if frozen { Mode::Frozen } else { Mode::Open };
                    self.set_mode(state, to, mode);
                }
                // They are bounded where they are received. An error means that the server is dropped.
                Output::Webhook(call) => drop(self.webhooks.send(call)),
                Output::AppCall(call) => drop(self.app_calls.send(call)),
                Output::Event(event) => self.publish(&event),
            }
        }
    }

    /// Resets the connections with the longest queues while all buffers together are too long.
    fn bound_sending(&self, state: &mut State) {
        while self.receiving.excess() > 0 {
            let sockets = state.sockets.iter();
            let queues = sockets.map(|(id, socket)| (socket.queue.bytes(), *id));
            let Some((bytes, id)) = queues.max().filter(|(bytes, _)| *bytes > 0) else {
                return;
            };
            tracing::debug!(connection = %id, bytes, "send buffers full");
            self.set_mode(state, id, Mode::Cut);
            state.cloud.handle_input(id, Input::Congested, self.now());
        }
    }

    /// Returns the count of the receive buffers.
    pub(super) fn receive_buffers(&self) -> ReceiveBuffers {
        self.receiving.clone()
    }

    /// Resets connections with long send queues, and the one with the largest receive buffer, as far
    /// as they are too large together.
    pub(super) fn bound_buffers(&self) {
        self.with_state(|state, now| {
            self.bound_sending(state);
            let sockets = state.sockets.iter();
            let buffers = sockets.map(|(id, socket)| (socket.switch.buffer_bytes(), *id));
            if let Some((bytes, id)) = buffers.max().filter(|(bytes, _)| *bytes > 0) {
                // Another connection may have been reset in the meantime.
                let socket = state.sockets.get(&id).map(|socket| &socket.switch);
                if !socket.is_some_and(ResetSwitch::release_if_crowded) {
                    return;
                }
                tracing::debug!(connection = %id, bytes, "receive buffers full");
                self.set_mode(state, id, Mode::Cut);
                state.cloud.handle_input(id, Input::Overrun, now);
            }
        });
    }

    /// Creates the queue of a connection.
    pub(super) fn send_queue(&self, max_bytes: usize) -> SendQueue {
        SendQueue::new(max_bytes, self.sending.clone())
    }

    fn set_mode(&self, state: &State, of: ConnectionId, mode: Mode) {
        if let Some(socket) = state.sockets.get(&of) {
            socket.queue.set_mode(mode);
        }
    }

    /// Resets every socket, without the cloud.
    pub(super) fn reset_all(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for id in state.sockets.keys() {
            self.set_mode(&state, *id, Mode::Cut);
        }
    }

    /// Reports the end of a socket's task.
    pub(super) fn socket_closed(&self, id: ConnectionId) {
        self.with_state(|state, now| {
            state.cloud.handle_input(id, Input::Gone, now);
            state.sockets.remove(&id);
        });
    }

    fn publish(&self, event: &Event) {
        log::log_event(event);
        if !self.feed.is_observed() {
            return;
        }
        match serde_json::to_string(event) {
            Ok(json) => self.feed.add(json.into()),
            Err(error) => tracing::error!(%error, "cannot serialize an event"),
        }
    }

    /// Handles timeouts until it is aborted.
    pub(super) async fn run_timers(self: Arc<Self>) {
        loop {
            let due = {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.cloud.poll_timeout().map(|(at, _)| at)
            };
            let moved = self.timeout_moved.notified();
            match due {
                None => moved.await,
                Some(at) => {
                    let due = self.started + Duration::from_millis(at.as_millis());
                    tokio::select! {
                        () = moved => {}
                        () = tokio::time::sleep_until(due.into()) => {
                            self.with(|cloud, now| cloud.handle_timeout(now));
                        }
                    }
                }
            }
        }
    }
}
