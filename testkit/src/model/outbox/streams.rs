//! The list of streams that the cloud must know.

use std::collections::BTreeSet;

use tpa_session::session::{Close, Command, SocketId};

use super::Outbox;
use crate::Message;

impl Outbox {
    /// The app changes the list of its streams; `connection` is the one to tell.
    pub fn change_streams(&mut self, command: &Command<Message>, connection: Option<SocketId>) {
        match command {
            Command::Subscribe(streams) => {
                for list in [&mut self.refused_once, &mut self.refused_streams] {
                    list.retain(|refused| !streams.contains(refused));
                }
                self.subscribed.extend(streams.iter().cloned());
            }
            Command::Unsubscribe(streams) => {
                self.subscribed.retain(|stream| !streams.contains(stream));
            }
            Command::Follow(streams) => self.followed.clone_from(streams),
            _ => return,
        }
        if let (true, Some(socket)) = (self.update_streams(), connection) {
            self.send_streams(socket);
        }
    }

    /// The peer closes the connection. Returns the stream that is left out because of that.
    pub fn blame_stream(&mut self, close: &Close) -> Option<String> {
        if close.code != 1008 || !close.reason.to_lowercase().contains("subscription") {
            return None;
        }
        let named = self.streams.iter();
        let named = named.filter(|stream| close.reason.contains(stream.as_str()));
        let stream = named.max_by_key(|stream| stream.len())?.clone();
        if self.refused_once.insert(stream.clone()) {
            return None;
        }
        self.refused_streams.insert(stream.clone());
        self.update_streams();
        Some(stream)
    }

    /// Returns whether the list that the cloud must know is another one.
    fn update_streams(&mut self) -> bool {
        let wanted = self.subscribed.iter().chain(&self.followed);
        let wanted = wanted.filter(|stream| !self.refused_streams.contains(*stream));
        let mut seen = BTreeSet::new();
        let streams: Vec<_> = wanted
            .filter(|stream| seen.insert(stream.as_str()))
            .cloned()
            .collect();
        let is_new = seen != self.streams.iter().map(String::as_str).collect();
        if is_new {
            self.streams = streams;
        }
        is_new
    }
}
