//! Messages and streams: plain lists beside the core's queue, which determine the frames that
//! must be sent, and the messages that must be reported dropped, in order.

mod keys;
mod pings;
mod queries;
mod search;
mod sending;
mod state;
mod streams;

use std::collections::{BTreeSet, VecDeque};

use tpa_session::session::{
    Cause, Config, Delivery, DropReason, Duration, Limits, Outgoing, SocketId,
};

use pings::Pings;
use search::Search;
pub use sending::Sending;
pub(super) use state::Survivors;

use super::liveness::Answer;
use super::sequence::Step;
use super::{Snapshot, Violation, ensure};
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
    /// Time at which it went out.
    pub sent_at: Option<u64>,
    /// The last closure came shortly after that.
    pub hit: bool,
    /// It may be sent once more.
    pub replay: bool,
}

impl Entry {
    const fn dropped(&self, reason: DropReason) -> (Message, DropReason) {
        let reason = if self.sent_at.is_some() {
            DropReason::Unconfirmed
        } else {
            reason
        };
        (self.message, reason)
    }
}

#[derive(Clone, Debug)]
pub struct Outbox {
    limits: Limits,
    delivery: Delivery,
    /// A ping follows each ack.
    asks_at_once: bool,
    /// Time that a pong may take, ms.
    patience: u64,
    pub(super) survivors: Survivors,
    pub(super) search: Option<Search>,
    /// Messages that the session hands over in this call and that are not accounted for. Known
    /// only while there is a search.
    handed: u32,
    /// The live connection has answered a ping.
    pub(super) answered: bool,
    /// A `dropped` event is being carried out.
    pub reports_drop: bool,
    now: u64,
    /// Messages sent on the live connection and not confirmed.
    pub(super) in_flight: Vec<Entry>,
    pub(super) queue: Vec<Entry>,
    /// Streams that the app subscribed to.
    pub(super) subscribed: Vec<String>,
    /// Streams that handlers listen to.
    pub(super) followed: Vec<String>,
    /// Both, as the cloud must know them.
    streams: Vec<String>,
    /// Streams that were refused.
    pub(super) refused_once: BTreeSet<String>,
    /// Streams that were refused twice.
    pub(super) refused_streams: BTreeSet<String>,
    pub(super) live: Option<SocketId>,
    pub(super) pings: Pings,
    /// Place of the last message that the session decided to send on the live connection.
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
            patience: config.watch.pong_timeout.as_millis(),
            survivors: Survivors::default(),
            search: None,
            handed: 0,
            answered: false,
            reports_drop: false,
            now: 0,
            in_flight: Vec::new(),
            queue: Vec::new(),
            subscribed: Vec::new(),
            followed: Vec::new(),
            streams: Vec::new(),
            refused_once: BTreeSet::new(),
            refused_streams: BTreeSet::new(),
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

    pub fn opened(&mut self, socket: SocketId) {
        self.push_frame(socket, Outgoing::Init);
    }

    pub fn acknowledged(&mut self, socket: SocketId) {
        self.live = Some(socket);
        self.sent.clear();
        self.has_lost = false;
        self.answered = false;
        self.push_frame(socket, Outgoing::Subscriptions(self.streams.clone()));
        self.pings.acknowledged(self.asks_at_once);
        if let Some(search) = &mut self.search {
            search.connected(self.now);
        }
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
            self.pings.sent(count, last, self.sent_to, self.now);
        }
    }

    /// A pong answers this ping, or a later one that the session no longer told from it, as its
    /// state `after` the pong shows. Returns the ping. The connection `is_stable` if it has
    /// lasted.
    pub fn ponged(&mut self, answer: Answer, after: &Snapshot, is_stable: bool) -> Option<u32> {
        self.answered = true;
        self.is_unconfirmable = false;
        let sent_at = after.round_trip.map(|time| self.now.saturating_sub(time));
        let ping = self.pings.answer(&answer, sent_at);
        let confirms = |place: u32| {
            let kept = self.in_flight.iter().filter(|entry| entry.place > place);
            kept.count() + self.handed as usize == after.in_flight
        };
        if let Some(place) = self.pings.confirm(&answer, confirms) {
            self.confirmed_to = self.confirmed_to.max(place);
            self.in_flight.retain(|entry| entry.place > place);
            self.survivors.confirm(place);
        }
        let is_searching = self.search.is_some();
        self.acquit(is_stable);
        if let (Some(socket), true) = (self.live, is_searching) {
            self.drain(socket, 0, self.now);
        }
        ping.or(answer.ping)
    }

    /// The cloud answers no pings, so that nothing can be confirmed.
    pub fn give_up_confirmation(&mut self) {
        self.is_unconfirmable = true;
        self.confirmed_to = self.confirmed_to.max(self.sent_to);
        for entry in std::mem::take(&mut self.in_flight) {
            self.survivors.remember(&entry, self.answered, self.now);
            self.excused.push(entry.message.serial);
        }
    }

    /// Another connection, or none, is live now.
    pub fn follow(&mut self, connection: Option<SocketId>, cause: Option<&Cause>, now: u64) {
        if self.live.is_some() && self.live != connection {
            if let Some(cause) = cause {
                self.survivors.lose(cause, self.answered, now);
            }
            self.lose(now);
        }
    }

    /// A call begins. `handed` messages go out in it.
    pub fn begin_call(&mut self, handed: u32, now: u64) {
        self.handed = handed;
        self.now = now;
    }

    /// The connection is lost, and what was in flight is queued again. What is too late by then
    /// is so from now on.
    fn lose(&mut self, now: u64) {
        for entry in &mut self.in_flight {
            entry.expires = entry.expires.map(|at| at.max(now));
        }
        self.has_lost = self.has_unconfirmed();
        if let Some(first) = self.survivors.due.first() {
            // It is sent once more, and must be confirmed again.
            self.confirmed_to = self.confirmed_to.min(first.place.saturating_sub(1));
        }
        self.live = None;
        self.sent_to = 0;
        self.pings = Pings::default();
        self.is_unconfirmable = false;
        self.resent += self.in_flight.len() as u64;
        self.queue.splice(..0, self.in_flight.drain(..));
    }

    /// Messages are dropped in the order of their expiries.
    pub fn expire(&mut self, now: u64) {
        let late = |entry: &Entry| entry.expires.is_some_and(|at| at <= now);
        let mut expired: Vec<_> = self.queue.iter().filter(|entry| late(entry)).collect();
        expired.sort_by_key(|entry| entry.expires);
        let dropped: Vec<_> = expired
            .into_iter()
            .map(|entry| entry.dropped(DropReason::Expired))
            .collect();
        self.drop_all(dropped);
        self.queue.retain(|entry| !late(entry));
    }

    /// The session is over.
    pub fn ended(&mut self) {
        self.survivors = Survivors::default();
        self.search = None;
        let left: Vec<_> = self.queue.drain(..).collect();
        self.drop_all(left.iter().map(|entry| entry.dropped(DropReason::Ended)));
    }

    pub fn transmitted(
        &mut self,
        socket: SocketId,
        frame: &Outgoing<Message>,
    ) -> Result<(), Violation> {
        let is_live = self.live == Some(socket);
        if let Outgoing::Ping(id) = frame {
            if is_live {
                self.pings.transmitted(id.0);
            }
            return Ok(());
        }
        if let Outgoing::Message(message) = frame
            && let Some(place) = self.place_of(message.serial)
        {
            self.transmitted_to = place;
            if is_live {
                self.pings.carry(message.size, place);
            }
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

    fn drop_all(&mut self, dropped: impl IntoIterator<Item = (Message, DropReason)>) {
        for (message, reason) in dropped {
            self.excused.push(message.serial);
            self.drops.push_back((message, reason));
            self.steps.push(Step::Dropped);
        }
    }

    fn send_streams(&mut self, socket: SocketId) {
        if let Some(search) = &mut self.search {
            search.went_out(None, self.now);
        }
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
