//! The events for observers, bounded in number and bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Number and bytes of events that a slow observer may lag behind.
const MAX_EVENTS: usize = 4_096;
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Number of observers.
const MAX_OBSERVERS: usize = 64;

/// Latest events, shared by all observers.
#[derive(Debug)]
pub(super) struct Feed {
    latest: Mutex<Latest>,
    /// Number of events so far.
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Latest {
    events: VecDeque<Arc<str>>,
    bytes: usize,
    /// Number of events before those that are held.
    before: u64,
}

/// An event for an observer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Event(Arc<str>),
    /// The observer was too slow for this number of events. It gets no more.
    Missed(u64),
}

impl Feed {
    pub(super) fn new() -> Self {
        Self {
            latest: Mutex::default(),
            count: watch::channel(0).0,
        }
    }

    pub(super) fn is_observed(&self) -> bool {
        self.count.receiver_count() > 0
    }

    /// Adds an event and drops the oldest ones beyond the limits.
    pub(super) fn add(&self, event: Arc<str>) {
        let mut latest = self.lock();
        latest.bytes += event.len();
        latest.events.push_back(event);
        while latest.events.len() > MAX_EVENTS || latest.bytes > MAX_BYTES {
            let Some(dropped) = latest.events.pop_front() else {
                break;
            };
            latest.bytes -= dropped.len();
            latest.before += 1;
        }
        let count = latest.before + latest.events.len() as u64;
        drop(latest);
        self.count.send_replace(count);
    }

    /// Returns an observer of all later events, unless there are too many.
    pub(super) fn observe(self: &Arc<Self>) -> Option<Observer> {
        if self.count.receiver_count() >= MAX_OBSERVERS {
            return None;
        }
        let mut count = self.count.subscribe();
        let next = *count.borrow_and_update();
        Some(Observer {
            feed: Arc::clone(self),
            count,
            next,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        // Nothing panics under the lock.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An observer, at a place in the feed.
#[derive(Debug)]
pub(super) struct Observer {
    feed: Arc<Feed>,
    count: watch::Receiver<u64>,
    next: u64,
}

impl Observer {
    /// Waits for the next event. `None` at the end of the feed.
    pub(super) async fn next(&mut self) -> Option<Next> {
        let next = self.next;
        // An error means that the server is dropped.
        self.count.wait_for(|count| *count > next).await.ok()?;
        let latest = self.feed.lock();
        let Some(index) = next.checked_sub(latest.before) else {
            return Some(Next::Missed(latest.before - next));
        };
        let event = latest.events.get(usize::try_from(index).ok()?)?;
        self.next += 1;
        Some(Next::Event(Arc::clone(event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Arc<str> {
        Arc::from(text)
    }

    #[tokio::test]
    async fn an_observer_gets_every_later_event_in_order() {
        let feed = Arc::new(Feed::new());
        assert!(!feed.is_observed());
        feed.add(event("before"));
        let mut observer = feed.observe().unwrap();
        assert!(feed.is_observed());
        for number in 0..MAX_EVENTS {
            feed.add(event(&number.to_string()));
        }
        for number in 0..MAX_EVENTS {
            let expected = Next::Event(event(&number.to_string()));
            assert_eq!(observer.next().await, Some(expected));
        }
    }

    #[tokio::test]
    async fn the_events_for_slow_observers_are_bounded_in_number_and_bytes() {
        for (size, most) in [(1, MAX_EVENTS), (1_000_000, 2)] {
            let feed = Arc::new(Feed::new());
            let mut observer = feed.observe().unwrap();
            let text = "x".repeat(size);
            for _ in 0..2 * MAX_EVENTS {
                feed.add(event(&text));
            }
            let held = {
                let latest = feed.lock();
                (latest.events.len(), latest.bytes)
            };
            assert_eq!(held, (most, most * size));
            let missed = Next::Missed((2 * MAX_EVENTS - most) as u64);
            assert_eq!(observer.next().await, Some(missed));
        }
    }

    #[test]
    fn observers_are_limited() {
        let feed = Arc::new(Feed::new());
        let observers: Vec<_> = (0..MAX_OBSERVERS)
            .map(|_| feed.observe().unwrap())
            .collect();
        assert!(feed.observe().is_none());
        drop(observers);
        assert!(feed.observe().is_some());
    }
}
