//! Checks of the session, and questions that the other parts of the model ask.

use tpa_session::session::{Outgoing, SocketId};

use super::{Entry, Outbox};
use crate::model::{Snapshot, Violation, ensure};

impl Outbox {
    /// Checks a session after a call: both queues are equal.
    pub fn check(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        let bytes = self.queue.iter().map(|entry| entry.message.size).sum();
        let is_over = self.search.as_ref().is_some_and(|search| search.breach);
        ensure!(
            !is_over && (!self.is_guided() || self.handed == 0),
            "probing",
            "more messages went out than may: {:?}",
            self.search
        );
        let expected = ((self.queue.len(), bytes), self.in_flight.len());
        let found = (snapshot.queued, snapshot.in_flight);
        ensure!(
            found == expected,
            "messages",
            "{found:?} are kept instead of {expected:?}"
        );
        Ok(())
    }

    /// Checks a session at rest: nothing more had to be transmitted or reported.
    pub fn check_rest(&self, streams: &[String]) -> Result<(), Violation> {
        ensure!(
            self.frames.is_empty() && self.sents.is_empty() && self.drops.is_empty(),
            "messages",
            "never transmitted: {:?}, never reported sent: {:?}, dropped: {:?}",
            self.frames,
            self.sents,
            self.drops
        );
        ensure!(
            self.streams == streams,
            "streams",
            "the list is {streams:?} instead of {:?}",
            self.streams
        );
        Ok(())
    }

    /// True if a message is queued, or need not arrive.
    pub fn is_accounted_for(&self, serial: u32) -> bool {
        let mut queue = self.queue.iter();
        self.excused.contains(&serial) || queue.any(|entry| entry.message.serial == serial)
    }

    /// Messages that were sent on this connection, where it is live.
    pub fn sent_on(&self, socket: SocketId) -> impl Iterator<Item = u32> {
        let is_live = self.live == Some(socket);
        let serials = self.sent.iter().map(|&(serial, _)| serial);
        serials.filter(move |_| is_live)
    }

    /// True if a message up to this one is queued or in flight, and will go out again.
    pub fn has_open(&self, serial: u32) -> bool {
        let has_expired = |entry: &&Entry| entry.expires.is_some_and(|at| at <= self.now);
        let due = self
            .survivors
            .due
            .iter()
            .filter(|entry| !has_expired(entry));
        let mut open = self.entries().chain(due);
        open.any(|entry| entry.place <= serial)
    }

    /// True if a message under this key is queued or in flight.
    pub fn has_key(&self, key: Option<&str>) -> bool {
        key.is_some() && self.entries().any(|entry| entry.key.as_deref() == key)
    }

    /// Time at which the first of the queued messages expires.
    pub fn next_expiry(&self) -> Option<u64> {
        self.queue.iter().filter_map(|entry| entry.expires).min()
    }

    /// True if messages were sent on the live connection that no pong confirmed.
    pub fn has_unconfirmed(&self) -> bool {
        self.last_sent() > Some(self.confirmed_to)
    }

    /// True if a connection is lost, or is just being lost, with such messages.
    pub fn has_lost(&self) -> bool {
        self.has_lost || self.has_unconfirmed()
    }

    pub const fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// True if a message up to this one is queued.
    pub fn has_queued_to(&self, serial: u32) -> bool {
        let mut queued = self.queue.iter().chain(&self.survivors.due);
        queued.any(|entry| entry.place <= serial)
    }

    pub const fn has_queued(&self) -> bool {
        !self.queue.is_empty() || !self.survivors.due.is_empty()
    }

    /// Number of messages that are to be transmitted or reported.
    pub fn unfinished(&self) -> usize {
        let due = self.survivors.due.len();
        let reports = self.sents.len() + self.drops.len();
        self.entries().count() + due + self.to_transmit().count() + reports
    }

    /// Number of pings of the live connection that were not answered.
    pub fn unanswered(&self) -> usize {
        self.pings.out.len()
    }

    /// Messages that are kept, or about to be transmitted or reported.
    pub fn serials(&self) -> impl Iterator<Item = u32> {
        let kept = self.entries().map(|entry| entry.message.serial);
        let drops = self.drops.iter().map(|(message, _)| message.serial);
        let sents = self.sents.iter().map(|message| message.serial);
        let survivors = self.survivors.all().map(|entry| entry.message.serial);
        let search = self.search.iter();
        let suspects = search.flat_map(|search| {
            let suspect = search.suspect.as_ref().map(|(message, _)| *message);
            search.sole.into_iter().chain(suspect)
        });
        let suspects = suspects.map(|message| message.serial);
        let kept = kept.chain(survivors).chain(suspects);
        kept.chain(self.to_transmit()).chain(sents).chain(drops)
    }

    /// Places that may yet be compared with others.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        let survivors = self.survivors.all().map(|entry| entry.place);
        let kept = self.entries().map(|entry| entry.place).chain(survivors);
        let frames = self
            .to_transmit()
            .filter_map(|serial| self.place_of(serial));
        let pending = self.pings.places();
        let last = [self.transmitted_to, self.confirmed_to];
        let places = kept.chain(frames).chain(pending).chain(last);
        places.chain(self.last_sent())
    }

    /// The last place that was sent on the live connection.
    pub(in crate::model) fn last_sent(&self) -> Option<u32> {
        let sent = self.sent.iter().filter(|_| self.live.is_some());
        sent.map(|&(_, place)| place).max()
    }

    pub(in crate::model) fn place_of(&self, serial: u32) -> Option<u32> {
        let mut sent = self.sent.iter();
        sent.find(|(sent, _)| *sent == serial)
            .map(|&(_, place)| place)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.in_flight.iter().chain(&self.queue)
    }

    fn to_transmit(&self) -> impl Iterator<Item = u32> {
        self.frames.iter().filter_map(|(_, frame)| match frame {
            Outgoing::Message(message) => Some(message.serial),
            _ => None,
        })
    }
}
