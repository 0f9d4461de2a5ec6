//! The streams that the app wants: the list that is told anew after every ack.

/// The list, each stream once: first what was asked for, in the order of asking, then what
/// handlers listen to beside that.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Subscriptions {
    all: Vec<String>,
    /// How many of them were asked for.
    asked: usize,
    followed: Vec<String>,
}

impl Subscriptions {
    /// Asks for streams; tells whether the list changed.
    pub(super) fn add(&mut self, streams: Vec<String>) -> bool {
        self.change(|asked| {
            for stream in streams {
                if !asked.contains(&stream) {
                    asked.push(stream);
                }
            }
        })
    }

    /// No longer asks for streams; tells whether the list changed.
    pub(super) fn remove(&mut self, streams: &[String]) -> bool {
        self.change(|asked| asked.retain(|stream| !streams.contains(stream)))
    }

    /// Handlers listen to these streams, and to no others; tells whether the list changed.
    pub(super) fn follow(&mut self, streams: Vec<String>) -> bool {
        self.followed = streams;
        self.change(|_| ())
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.all
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<String>)) -> bool {
        let mut all = self.all[..self.asked].to_vec();
        change(&mut all);
        self.asked = all.len();
        for stream in &self.followed {
            if !all.contains(stream) {
                all.push(stream.clone());
            }
        }
        let changed =
            all.len() != self.all.len() || all.iter().any(|stream| !self.all.contains(stream));
        self.all = all;
        changed
    }
}
