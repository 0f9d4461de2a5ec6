//! Messages on their way: from the app to the queue or the socket.

use tpa_session::session::{DropReason, Duration, Outgoing, Reply, SocketId};

use super::keys::supersedes;
use super::{Entry, Outbox};
use crate::Message;
use crate::model::sequence::Step;
use crate::model::{Violation, after, ensure};

/// A message that the app sends, and where it may go.
pub struct Sending<'a> {
    pub message: Message,
    pub key: Option<&'a str>,
    pub ttl: Option<Duration>,
    pub replay: bool,
    pub is_over: bool,
    /// The connection, and the bytes that its socket holds, where the socket is open.
    pub connection: Option<(SocketId, u32)>,
}

impl Outbox {
    /// The app sends a message; checks the reply.
    pub fn send(&mut self, sending: &Sending<'_>, now: u64, reply: Reply) -> Result<(), Violation> {
        let message = sending.message;
        let fits = self.limits.messages > 0 && message.size <= self.limits.bytes;
        let entry = Entry {
            message,
            key: sending.key.map(Into::into),
            expires: sending.ttl.map(|ttl| after(now, ttl)),
            place: message.serial,
            announced: false,
            sent_at: None,
            hit: false,
            replay: sending.replay,
        };
        // The queue goes first. While there is a search, the session decides how much goes.
        let is_direct = reply == Reply::Sent && self.is_guided();
        self.handed = self.handed.saturating_sub(u32::from(is_direct));
        let open = sending.connection.and_then(|(socket, held)| {
            let held = self.drain(socket, held, now);
            let is_open = self.has_room(held) && !self.has_queued();
            let waits = !self.is_guided() && self.pings.are_awaited(message.size);
            (is_open && !waits).then_some(socket)
        });
        self.handed += u32::from(is_direct);
        let open = open.filter(|_| !self.is_guided() || is_direct);
        let needs_room = self.reports_drop && (open.is_none() || self.keeps());
        let has_no_room = needs_room && !self.has_place_for(&entry);
        let expected = match open {
            _ if sending.is_over || has_no_room => Reply::Dropped,
            Some(_) => Reply::Sent,
            None if fits => Reply::Queued,
            None => Reply::Dropped,
        };
        ensure!(
            reply == expected,
            "messages",
            "{reply:?} instead of {expected:?} to {message:?}"
        );
        match open {
            _ if sending.is_over || has_no_room => self.excused.push(message.serial),
            Some(socket) if self.keeps() && fits => {
                let dropped = self.enqueue(entry);
                self.send_queue(socket, 0);
                self.drop_all(dropped);
            }
            Some(socket) if self.keeps() => {
                self.survivors.supersede(entry.key.as_deref());
                self.transmit(socket, &entry);
                self.drop_all([(message, DropReason::Unconfirmed)]);
            }
            Some(socket) => {
                self.remember(&entry);
                self.transmit(socket, &entry);
            }
            None if fits => {
                let announced = true;
                let dropped = self.enqueue(Entry { announced, ..entry });
                self.drop_all(dropped);
            }
            None => {
                self.survivors.supersede(entry.key.as_deref());
                self.drop_all([(message, DropReason::Overflow)]);
            }
        }
        Ok(())
    }

    /// Queues a message, and returns what has to give way, oldest first.
    fn enqueue(&mut self, entry: Entry) -> Vec<(Message, DropReason)> {
        let message = entry.message;
        self.survivors.supersede(entry.key.as_deref());
        for list in [&mut self.in_flight, &mut self.queue] {
            list.retain(|older| {
                let goes = supersedes(entry.key.as_deref(), older.key.as_deref());
                self.replaced += u64::from(goes);
                self.excused.extend(goes.then_some(older.message.serial));
                !goes
            });
        }
        self.queue.push(entry);
        let mut dropped = Vec::new();
        while self.in_flight.len() + self.queue.len() > self.limits.messages
            || self.bytes() > self.limits.bytes
        {
            let is_older = |entry: &Entry| entry.message != message;
            let gone = if self.in_flight.is_empty() {
                let Some(oldest) = self.queue.iter().position(is_older) else {
                    break;
                };
                self.queue.remove(oldest)
            } else {
                self.in_flight.remove(0)
            };
            dropped.push(gone.dropped(DropReason::Overflow));
        }
        dropped
    }

    /// Sends what is queued, as far as there is room. Returns what the socket holds then.
    pub(super) fn drain(&mut self, socket: SocketId, held: u32, now: u64) -> u64 {
        self.expire(now);
        self.forget_expired(now);
        self.send_queue(socket, u64::from(held))
    }

    fn send_queue(&mut self, socket: SocketId, mut held: u64) -> u64 {
        while self.has_room(held) && self.may_hand_over() && !self.must_wait() {
            let survivor = self.next_survivor();
            let is_new = survivor.is_none();
            let Some(mut next) = survivor.or_else(|| self.take_queued()) else {
                break;
            };
            next.sent_at = Some(self.now);
            if is_new && !self.keeps() {
                self.survivors.remember(&next, self.answered, self.now);
            }
            held = held.saturating_add(next.message.size as u64);
            self.transmit(socket, &next);
            if std::mem::take(&mut next.announced) {
                self.sents.push_back(next.message);
                self.steps.push(Step::Sent);
            }
            if is_new && self.keeps() {
                self.in_flight.push(next);
            }
        }
        held
    }

    /// True if the session decides how many messages go out.
    pub(super) const fn is_guided(&self) -> bool {
        self.search.is_some() || self.pings.is_vague
    }

    /// While the session decides, as many go out as it says.
    const fn may_hand_over(&self) -> bool {
        !self.is_guided() || self.handed > 0
    }

    /// True if the next message waits for a pong.
    fn must_wait(&self) -> bool {
        let next = self.survivors.due.first().or(self.queue.first());
        !self.is_guided() && next.is_some_and(|next| self.pings.are_awaited(next.message.size))
    }

    fn take_queued(&mut self) -> Option<Entry> {
        (!self.queue.is_empty()).then(|| self.queue.remove(0))
    }

    fn remember(&mut self, entry: &Entry) {
        let sent_at = Some(self.now);
        let entry = Entry {
            sent_at,
            ..entry.clone()
        };
        self.survivors.remember(&entry, self.answered, self.now);
    }

    /// True if the message can be stored and displaces none that it does not replace.
    fn has_place_for(&self, entry: &Entry) -> bool {
        let key = entry.key.as_deref();
        let stay = self.entries();
        let stay = stay.filter(|older| !supersedes(key, older.key.as_deref()));
        let sizes: Vec<_> = stay.map(|older| older.message.size).collect();
        sizes.len() < self.limits.messages
            && sizes.iter().sum::<usize>() + entry.message.size <= self.limits.bytes
    }

    fn transmit(&mut self, socket: SocketId, entry: &Entry) {
        self.handed = self.handed.saturating_sub(1);
        if let Some(search) = &mut self.search {
            search.went_out(Some(entry.message), self.now);
        }
        self.push_frame(socket, Outgoing::Message(entry.message));
        self.sent.push((entry.message.serial, entry.place));
        self.sent_to = entry.place;
        self.pings.hand_over(entry.message.size, entry.place);
        if self.is_unconfirmable {
            // The app was told that nothing is certain any more.
            self.excused.push(entry.message.serial);
        }
    }
}
