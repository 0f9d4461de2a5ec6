//! The streams that the app asked for: the list that is told anew after every ack.

/// The list, in the order of asking, each stream once.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscriptions(Vec<String>);

impl Subscriptions {
    /// Adds streams; tells whether the list changed.
    pub(super) fn add(&mut self, streams: Vec<String>) -> bool {
        let before = self.0.len();
        for stream in streams {
            if !self.0.contains(&stream) {
                self.0.push(stream);
            }
        }
        self.0.len() != before
    }

    /// Removes streams; tells whether the list changed.
    pub(super) fn remove(&mut self, streams: &[String]) -> bool {
        let before = self.0.len();
        self.0.retain(|stream| !streams.contains(stream));
        self.0.len() != before
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.0
    }
}
