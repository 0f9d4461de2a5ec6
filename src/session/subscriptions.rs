//! Streams that the app asks for; the list is sent again after each ack.

use crate::session::close::contains;
use crate::session::{Close, CommandError, Event, Outgoing, Payload, Reply, Session, SessionError};

/// Subscribed streams, streams of handlers, and the union of both.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Subscriptions {
    subscribed: Vec<String>,
    followed: Vec<String>,
    /// Union without duplicates, in the order in which the cloud was sent it.
    all: Vec<String>,
    /// Streams that the cloud refused by closing the connection. Those that are here twice are
    /// left out of the union.
    refused: Vec<String>,
}

impl Subscriptions {
    /// Adds streams; true if the union changed.
    pub(super) fn add(&mut self, streams: Vec<String>) -> bool {
        // The app asks for them again.
        remove_all(&mut self.refused, &streams);
        for stream in streams {
            if !self.subscribed.contains(&stream) {
                self.subscribed.push(stream);
            }
        }
        self.update()
    }

    /// Removes streams; true if the union changed.
    pub(super) fn remove(&mut self, streams: Vec<String>) -> bool {
        remove_all(&mut self.subscribed, &streams);
        self.update()
    }

    /// Replaces the streams of handlers; true if the union changed.
    pub(super) fn follow(&mut self, mut streams: Vec<String>) -> bool {
        streams.shrink_to_fit();
        self.followed = streams;
        self.update()
    }

    /// Handles a refusal whose reason names one of the streams. Returns the stream if that was the
    /// second time; it is left out from now on.
    fn refuse(&mut self, reason: &str) -> Option<String> {
        let named = self.all.iter().filter(|stream| contains(reason, stream));
        let stream = named.max_by_key(|stream| stream.len())?.clone();
        self.refused.push(stream.clone());
        self.update().then_some(stream)
    }

    fn is_left_out(&self, stream: &String) -> bool {
        let times = self.refused.iter().filter(|refused| *refused == stream);
        times.count() > 1
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.all
    }

    /// Recomputes the union. Another order of the same streams is no change.
    fn update(&mut self) -> bool {
        let mut all: Vec<String> = Vec::new();
        for stream in self.subscribed.iter().chain(&self.followed) {
            if !self.is_left_out(stream) && !all.contains(stream) {
                all.push(stream.clone());
            }
        }
        let changed =
            all.len() != self.all.len() || all.iter().any(|stream| !self.all.contains(stream));
        if changed {
            all.shrink_to_fit();
            self.all = all;
        }
        changed
    }
}

fn remove_all(list: &mut Vec<String>, streams: &[String]) {
    list.retain(|stream| !streams.contains(stream));
}

impl<P: Payload> Session<P> {
    /// Looks for the stream that made the peer close the connection.
    pub(super) fn blame_subscription(&mut self, close: &Close) {
        if !self.is_connected() || !close.blames_a_subscription() {
            return;
        }
        if let Some(stream) = self.subscriptions.refuse(&close.reason) {
            let message = ["The cloud refuses the stream ", &stream, ": it is left out"].concat();
            self.emit(Event::Error(SessionError::SubscriptionRefused { message }));
            self.run.next_attempt_free = true;
        }
    }

    pub(super) fn change_subscriptions(
        &mut self,
        streams: Vec<String>,
        change: fn(&mut Subscriptions, Vec<String>) -> bool,
    ) -> Result<Reply, CommandError> {
        if streams.iter().any(|stream| stream.trim_ascii().is_empty()) {
            return Err(CommandError::EmptyStream);
        }
        let changed = change(&mut self.subscriptions, streams);
        if self.is_connected() && changed {
            self.send_subscriptions();
        }
        Ok(Reply::Done)
    }

    pub(super) fn send_subscriptions(&mut self) {
        let streams = self.subscriptions.as_slice().to_vec();
        self.watch_frame(None);
        self.transmit(Outgoing::Subscriptions(streams));
        self.on_handed_over(0);
    }
}
