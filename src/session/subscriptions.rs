//! The streams that the app wants: the list that is told anew after every ack.

/// What was asked for, what handlers listen to, and the list of both.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Subscriptions {
    asked: Vec<String>,
    followed: Vec<String>,
    /// Each once, as the cloud was told.
    all: Vec<String>,
}

impl Subscriptions {
    /// Asks for streams; tells whether the list changed.
    pub(super) fn add(&mut self, streams: Vec<String>) -> bool {
        for stream in streams {
            if !self.asked.contains(&stream) {
                self.asked.push(stream);
            }
        }
        self.join()
    }

    /// No longer asks for streams; tells whether the list changed.
    pub(super) fn remove(&mut self, streams: &[String]) -> bool {
        self.asked.retain(|stream| !streams.contains(stream));
        self.join()
    }

    /// Handlers listen to these streams, and to no others; tells whether the list changed.
    pub(super) fn follow(&mut self, streams: Vec<String>) -> bool {
        self.followed = streams;
        self.join()
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.all
    }

    /// First what was asked for. A list of the same streams in another order is no news.
    fn join(&mut self) -> bool {
        let mut all: Vec<String> = Vec::new();
        for stream in self.asked.iter().chain(&self.followed) {
            if !all.contains(stream) {
                all.push(stream.clone());
            }
        }
        let is_new =
            all.len() != self.all.len() || all.iter().any(|stream| !self.all.contains(stream));
        if is_new {
            self.all = all;
        }
        is_new
    }
}
