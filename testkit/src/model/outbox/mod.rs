//! Messages and streams: plain lists beside the core's queue, which determine the frames that
//! must be sent, and the messages that must be reported dropped, in order.

mod keys;
mod pings;
mod queries;

use std::collections::{BTreeSet, VecDeque};

use tpa_session::session::{
    Command, Config, Delivery, DropReason, Duration, Limits, Outgoing, Reply, SocketId,
};

use keys::supersedes;
use pings::Pings;

use super::sequence::Step;
use super::{Violation, after, ensure};
use crate::Message;

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub message: Message,
    pub key: Option<String>,
    pub expires: Option<u64>,
    /// Place in the order of all messages.
    pub place: u32,
    /// The app was told that it is queued, and not yet that it was sent.
    pub announced: bool,
    pub sent: bool,
}

impl Entry {
    const fn dropped(&self, reason: DropReason) -> (Message, DropReason) {
        let reason = if self.sent {
            DropReason::Unconfirmed
        } else {
            reason
        };
        (self.message, reason)
    }
}

/// A message that the app sends, and where it may go.
pub struct Sending<'a> {
    pub message: Message,
    pub key: Option<&'a str>,
    pub ttl: Option<Duration>,
    pub is_over: bool,
    /// The connection, and the bytes that its socket holds, where the socket is open.
    pub connection: Option<(SocketId, u32)>,
}

#[derive(Clone, Debug)]
pub struct Outbox {
    limits: Limits,
    delivery: Delivery,
    /// A ping follows each ack.
    asks_at_once: bool,
    /// Messages sent on the live connection and not confirmed.
    pub(super) in_flight: Vec<Entry>,
    pub(super) queue: Vec<Entry>,
    /// Streams that the app subscribed to.
    pub(super) subscribed: Vec<String>,
    /// Streams that handlers listen to.
    pub(super) followed: Vec<String>,
    /// Both, as the cloud must know them.
    streams: Vec<String>,
    pub(super) live: Option<SocketId>,
    pub(super) pings: Pings,
    /// Place of the last message that the session decided to send.
    sent_to: u32,
    /// Place of the last message that it transmitted.
    pub(super) transmitted_to: u32,
    /// Place of the last message that was confirmed.
    pub(super) confirmed_to: u32,
    /// The last connection was lost with unconfirmed messages.
    pub(super) has_lost: bool,
    /// Messages that were sent on the live connection, and their places.
    pub(super) sent: Vec<(u32, u32)>,
    /// The cloud has shown that it answers no pings.
    pub(super) is_unconfirmable: bool,
    /// Frames that the session must yet transmit.
    pub(super) frames: VecDeque<(SocketId, Outgoing<Message>)>,
    /// Messages that it must yet report sent.
    pub(super) sents: VecDeque<Message>,
    /// Messages that it must yet report dropped.
    pub(super) drops: VecDeque<(Message, DropReason)>,
    /// Outputs that were decided on since the last [`take_steps`](Self::take_steps).
    steps: Vec<Step>,
    /// Messages that need not arrive, since they were reported dropped or replaced.
    excused: Vec<u32>,
    /// Number of messages replaced by a newer one with the same key.
    pub replaced: u64,
    /// Number of messages that were in flight on a lost connection.
    pub resent: u64,
}

impl Outbox {
    pub fn new(config: &Config) -> Self {
        Self {
            limits: config.outbox,
            delivery: config.delivery,
            asks_at_once: config.watch.ping_interval > Duration::ZERO,
            in_flight: Vec::new(),
            queue: Vec::new(),
            subscribed: Vec::new(),
            followed: Vec::new(),
            streams: Vec::new(),
            live: None,
            pings: Pings::default(),
            sent_to: 0,
            transmitted_to: 0,
            confirmed_to: 0,
            has_lost: false,
            sent: Vec::new(),
            is_unconfirmable: false,
            frames: VecDeque::new(),
            sents: VecDeque::new(),
            drops: VecDeque::new(),
            steps: Vec::new(),
            excused: Vec::new(),
            replaced: 0,
            resent: 0,
        }
    }

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
            sent: false,
        };
        let open = sending.connection.and_then(|(socket, held)| {
            let held = self.drain(socket, held, now);
            let is_open = self.has_room(held) && self.queue.is_empty();
            (is_open && !self.pings.are_awaited(message.size)).then_some(socket)
        });
        let expected = match open {
            _ if sending.is_over => Reply::Dropped,
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
            _ if sending.is_over => self.excused.push(message.serial),
            Some(socket) if self.keeps() && fits => {
                let dropped = self.enqueue(entry);
                self.send_queue(socket, 0);
                self.drop_all(dropped);
            }
            Some(socket) => {
                self.transmit(socket, &entry);
                if self.keeps() {
                    self.drop_all([(message, DropReason::Unconfirmed)]);
                }
            }
            None if fits => {
                let announced = true;
                let dropped = self.enqueue(Entry { announced, ..entry });
                self.drop_all(dropped);
            }
            None => self.drop_all([(message, DropReason::Overflow)]),
        }
        Ok(())
    }

    /// The app changes the list of its streams; `connection` is the one to tell.
    pub fn change_streams(&mut self, command: &Command<Message>, connection: Option<SocketId>) {
        match command {
            Command::Subscribe(streams) => self.subscribed.extend(streams.iter().cloned()),
            Command::Unsubscribe(streams) => {
                self.subscribed.retain(|stream| !streams.contains(stream));
            }
            Command::Follow(streams) => self.followed.clone_from(streams),
            _ => return,
        }
        let wanted = || self.subscribed.iter().chain(&self.followed);
        let is_new = wanted().collect::<BTreeSet<_>>() != self.streams.iter().collect();
        if is_new {
            let mut seen = BTreeSet::new();
            let first = wanted().filter(|stream| seen.insert(stream.as_str()));
            self.streams = first.cloned().collect();
        }
        if let (Some(socket), true) = (connection, is_new) {
            self.send_streams(socket);
        }
    }

    pub fn opened(&mut self, socket: SocketId) {
        self.push_frame(socket, Outgoing::Init);
    }

    pub fn acknowledged(&mut self, socket: SocketId) {
        self.live = Some(socket);
        self.sent.clear();
        self.has_lost = false;
        self.send_streams(socket);
        self.pings
            .acknowledged(self.confirmed_to, self.asks_at_once);
    }

    /// The socket holds so many bytes.
    pub fn has_space(&mut self, socket: SocketId, held: u32, now: u64) {
        self.drain(socket, held, now);
    }

    /// The cloud pongs, as far as is known, or does not.
    pub const fn expects_pong(&mut self, expects: bool) {
        self.pings.is_expected = expects;
    }

    /// Largest number of pings that the messages of this call are a reason for.
    pub fn blocks(&self) -> u32 {
        self.pings.blocks() + u32::from(self.has_queued())
    }

    /// The session decided to send pings on its connection, the last of which has this number.
    pub fn pinged(&mut self, connection: Option<SocketId>, count: u32, last: u32) {
        if self.live.is_some() && self.live == connection {
            self.pings.sent(count, last, self.sent_to);
        }
    }

    /// A pong answers this ping, or a later one that the session no longer told from it; `left`
    /// messages are in flight since. Returns the ping.
    pub fn ponged(&mut self, ping: u32, left: usize) -> u32 {
        self.is_unconfirmable = false;
        let confirms = |place: u32| {
            let kept = self.in_flight.iter().filter(|entry| entry.place > place);
            kept.count() == left
        };
        let Some((ping, place)) = self.pings.answer(ping, confirms) else {
            return ping;
        };
        self.confirmed_to = self.confirmed_to.max(place);
        self.in_flight.retain(|entry| entry.place > place);
        ping
    }

    /// The cloud answers no pings, so that nothing can be confirmed.
    pub fn give_up_confirmation(&mut self) {
        self.is_unconfirmable = true;
        let forgotten = self.in_flight.drain(..);
        self.excused
            .extend(forgotten.map(|entry| entry.message.serial));
    }

    /// Another connection, or none, is live now.
    pub fn follow(&mut self, connection: Option<SocketId>, now: u64) {
        if self.live.is_some() && self.live != connection {
            self.lose(now);
        }
    }

    /// The connection is lost, and what was in flight is queued again. What is too late by then
    /// is so from now on.
    fn lose(&mut self, now: u64) {
        for entry in &mut self.in_flight {
            entry.expires = entry.expires.map(|at| at.max(now));
        }
        self.has_lost = self.has_unconfirmed();
        self.live = None;
        if self.delivery == Delivery::AtLeastOnce {
            self.sent_to = self.confirmed_to;
        }
        self.pings = Pings::default();
        self.is_unconfirmable = false;
        self.resent += self.in_flight.len() as u64;
        self.queue.splice(..0, self.in_flight.drain(..));
    }

    pub fn expire(&mut self, now: u64) {
        let late = |entry: &Entry| entry.expires.is_some_and(|at| at <= now);
        let expired = self.queue.iter().filter(|entry| late(entry));
        let dropped: Vec<_> = expired
            .map(|entry| entry.dropped(DropReason::Expired))
            .collect();
        self.drop_all(dropped);
        self.queue.retain(|entry| !late(entry));
    }

    /// The session is over.
    pub fn ended(&mut self) {
        let left: Vec<_> = self.queue.drain(..).collect();
        self.drop_all(left.iter().map(|entry| entry.dropped(DropReason::Ended)));
    }

    pub fn transmitted(
        &mut self,
        socket: SocketId,
        frame: &Outgoing<Message>,
    ) -> Result<(), Violation> {
        if let Outgoing::Ping(_) = frame {
            return Ok(());
        }
        if let Outgoing::Message(message) = frame
            && let Some(place) = self.place_of(message.serial)
        {
            self.transmitted_to = place;
        }
        let expected = self.frames.pop_front();
        let found = Some((socket, frame.clone()));
        ensure!(
            expected == found,
            "messages",
            "{found:?} is transmitted instead of {expected:?}"
        );
        Ok(())
    }

    pub fn told_sent(&mut self, message: Message) -> Result<(), Violation> {
        let expected = self.sents.pop_front();
        ensure!(
            expected == Some(message),
            "messages",
            "{message:?} is reported sent instead of {expected:?}"
        );
        Ok(())
    }

    pub fn dropped(&mut self, message: Message, reason: DropReason) -> Result<(), Violation> {
        let expected = self.drops.pop_front();
        let found = Some((message, reason));
        ensure!(
            expected == found,
            "messages",
            "{found:?} is dropped instead of {expected:?}"
        );
        Ok(())
    }

    /// The outputs that were decided on, in order.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// Queues a message, and returns what has to give way, oldest first.
    fn enqueue(&mut self, entry: Entry) -> Vec<(Message, DropReason)> {
        let message = entry.message;
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
    fn drain(&mut self, socket: SocketId, held: u32, now: u64) -> u64 {
        self.expire(now);
        self.send_queue(socket, u64::from(held))
    }

    fn send_queue(&mut self, socket: SocketId, mut held: u64) -> u64 {
        while self.has_room(held)
            && let Some(next) = self.queue.first()
            && !self.pings.are_awaited(next.message.size)
        {
            let mut next = self.queue.remove(0);
            held = held.saturating_add(next.message.size as u64);
            self.transmit(socket, &next);
            if std::mem::take(&mut next.announced) {
                self.sents.push_back(next.message);
                self.steps.push(Step::Sent);
            }
            if self.keeps() {
                next.sent = true;
                self.in_flight.push(next);
            }
        }
        held
    }

    fn transmit(&mut self, socket: SocketId, entry: &Entry) {
        self.push_frame(socket, Outgoing::Message(entry.message));
        self.sent.push((entry.message.serial, entry.place));
        self.sent_to = entry.place;
        self.pings.hand_over(entry.message.size, entry.place);
        if self.is_unconfirmable {
            // The app was told that nothing is certain any more.
            self.excused.push(entry.message.serial);
        }
    }

    fn drop_all(&mut self, dropped: impl IntoIterator<Item = (Message, DropReason)>) {
        for (message, reason) in dropped {
            self.excused.push(message.serial);
            self.drops.push_back((message, reason));
            self.steps.push(Step::Dropped);
        }
    }

    fn send_streams(&mut self, socket: SocketId) {
        self.push_frame(socket, Outgoing::Subscriptions(self.streams.clone()));
    }

    fn push_frame(&mut self, socket: SocketId, frame: Outgoing<Message>) {
        self.frames.push_back((socket, frame));
        self.steps.push(Step::Transmit);
    }

    fn keeps(&self) -> bool {
        self.delivery == Delivery::AtLeastOnce && !self.is_unconfirmable
    }

    const fn has_room(&self, held: u64) -> bool {
        held <= self.limits.buffered as u64
    }

    fn bytes(&self) -> usize {
        self.entries().map(|entry| entry.message.size).sum()
    }
}
