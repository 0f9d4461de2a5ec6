//! Streams that the app asks for; the list is sent again after each ack.

use crate::session::{CommandError, Outgoing, Payload, Phase, Reply, Session, SocketId};

/// Subscribed streams, streams of handlers, and the union of both.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Subscriptions {
    subscribed: Vec<String>,
    followed: Vec<String>,
    /// Union without duplicates, in the order in which the cloud was sent it.
    all: Vec<String>,
}

impl Subscriptions {
    /// Adds streams; true if the union changed.
    pub(super) fn add(&mut self, streams: Vec<String>) -> bool {
        for stream in streams {
            if !self.subscribed.contains(&stream) {
                self.subscribed.push(stream);
            }
        }
        self.update()
    }

    /// Removes streams; true if the union changed.
    pub(super) fn remove(&mut self, streams: &[String]) -> bool {
        self.subscribed.retain(|stream| !streams.contains(stream));
        self.update()
    }

    /// Replaces the streams of handlers; true if the union changed.
    pub(super) fn follow(&mut self, streams: Vec<String>) -> bool {
        self.followed = streams;
        self.update()
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.all
    }

    /// Recomputes the union. Another order of the same streams is no change.
    fn update(&mut self) -> bool {
        let mut all: Vec<String> = Vec::new();
        for stream in self.subscribed.iter().chain(&self.followed) {
            if !all.contains(stream) {
                all.push(stream.clone());
            }
        }
        let changed =
            all.len() != self.all.len() || all.iter().any(|stream| !self.all.contains(stream));
        if changed {
            self.all = all;
        }
        changed
    }
}

impl<P: Payload> Session<P> {
    pub(super) fn change_subscriptions(
        &mut self,
        streams: Vec<String>,
        change: impl FnOnce(&mut Subscriptions, Vec<String>) -> bool,
    ) -> Result<Reply, CommandError> {
        if streams.iter().any(|stream| stream.trim_ascii().is_empty()) {
            return Err(CommandError::EmptyStream);
        }
        let changed = change(&mut self.subscriptions, streams);
        if let (Phase::Connected(socket), true) = (self.phase, changed) {
            self.send_subscriptions(socket);
        }
        Ok(Reply::Done)
    }

    pub(super) fn send_subscriptions(&mut self, socket: SocketId) {
        let streams = self.subscriptions.as_slice().to_vec();
        self.watch_frame(None);
        self.transmit(socket, Outgoing::Subscriptions(streams));
        self.on_handed_over(socket, 0);
    }
}
