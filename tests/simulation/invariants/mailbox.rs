//! What the app gave the session to send, and what must come of it: plain lists beside the
//! core's queue. It says which frames must come out, and in which order.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use tpa_session::session::{Config, Delivery, DropReason, Limits, Outgoing, Reply, SocketId};

use super::{Broken, Glance, View, ensure, hash_all};
use crate::app::{Ask, Mail};

#[derive(Clone, Copy, Debug)]
struct Kept {
    mail: Mail,
    key: Option<&'static str>,
    expires: Option<u64>,
    /// Its place in the order of all messages: its own, or that of the one it replaced.
    place: u32,
    sent: bool,
}

impl Kept {
    const fn dropped(&self, why: DropReason) -> (Mail, DropReason) {
        (
            self.mail,
            if self.sent {
                DropReason::Unconfirmed
            } else {
                why
            },
        )
    }
}

/// What pongs will confirm on one connection.
#[derive(Clone, Debug, Default)]
struct Pings {
    sent: u64,
    answered: u64,
    /// The ping that is watched, and the place of the last message before it.
    question: Option<(u64, u32)>,
}

#[derive(Clone, Debug)]
pub struct Mailbox {
    limits: Limits,
    guarantee: Delivery,
    /// Sent on the connection that lives, and not confirmed.
    flight: Vec<Kept>,
    waiting: Vec<Kept>,
    /// The streams that were asked for.
    asked: Vec<&'static str>,
    /// Those that handlers listen to.
    followed: &'static [&'static str],
    /// Both, as the cloud is to know them.
    streams: Vec<&'static str>,
    /// The connection that lives.
    live: Option<SocketId>,
    pings: Pings,
    /// The place of the last message that went out.
    sent_to: u32,
    /// The place of the last message that was confirmed.
    confirmed_to: u32,
    /// The last connection was lost with messages that nobody confirmed.
    has_lost: bool,
    /// The messages that go to it, and their places.
    sent: Vec<(u32, u32)>,
    /// The cloud has shown that it answers no pings.
    is_unconfirmable: bool,
    /// What the session has decided to transmit, and must yet put out.
    frames: VecDeque<(SocketId, Outgoing<Mail>)>,
    /// The messages that it must yet report dropped.
    drops: VecDeque<(Mail, DropReason)>,
    /// Messages that need not arrive, since the app was told or has replaced them.
    excused: Vec<u32>,
    pub replaced: u64,
    pub resent: u64,
}

impl Mailbox {
    pub fn new(config: &Config) -> Self {
        Self {
            limits: config.outbox,
            guarantee: config.delivery,
            flight: Vec::new(),
            waiting: Vec::new(),
            asked: Vec::new(),
            followed: &[],
            streams: Vec::new(),
            live: None,
            pings: Pings::default(),
            sent_to: 0,
            confirmed_to: 0,
            has_lost: false,
            sent: Vec::new(),
            is_unconfirmable: false,
            frames: VecDeque::new(),
            drops: VecDeque::new(),
            excused: Vec::new(),
            replaced: 0,
            resent: 0,
        }
    }

    /// The app sends; `connection` and what its socket holds, where it would take the message.
    pub fn send(
        &mut self,
        mail: Mail,
        ask: Ask,
        (stopped, connection): (bool, Option<(SocketId, u32)>),
        now: u64,
        reply: Reply,
    ) -> Result<(), Broken> {
        let Ask::Send { key, ttl, .. } = ask else {
            return Ok(());
        };
        let fits = self.limits.messages > 0 && mail.size <= self.limits.bytes;
        let newcomer = Kept {
            mail,
            key,
            expires: ttl.map(|ttl| now + ttl),
            place: mail.serial,
            sent: false,
        };
        let open = connection.and_then(|(socket, held)| {
            let held = self.drain(socket, held, now);
            (self.has_room(held) && self.waiting.is_empty()).then_some(socket)
        });
        let right = match open {
            _ if stopped => Reply::Dropped,
            Some(_) => Reply::Sent,
            None if fits => Reply::Queued,
            None => Reply::Dropped,
        };
        ensure!(
            reply == right,
            "messages",
            "{reply:?} instead of {right:?} to {mail:?}"
        );
        match open {
            _ if stopped => self.excused.push(mail.serial),
            Some(socket) if self.keeps() && fits => {
                self.wait(newcomer);
                self.pour(socket, 0);
            }
            Some(socket) => {
                self.transmit(socket, &newcomer);
                if self.keeps() {
                    self.drop_all([(mail, DropReason::Unconfirmed)]);
                }
            }
            None if fits => self.wait(newcomer),
            None => self.drop_all([(mail, DropReason::Overflow)]),
        }
        Ok(())
    }

    /// The app changes the list of its streams; `connection` is the one that must be told.
    pub fn change_streams(&mut self, ask: Ask, connection: Option<SocketId>) {
        match ask {
            Ask::Subscribe(streams) => self.asked.extend(streams),
            Ask::Unsubscribe(streams) => self.asked.retain(|stream| !streams.contains(stream)),
            Ask::Follow(streams) => self.followed = streams,
            _ => {}
        }
        let wanted = || self.asked.iter().chain(self.followed).copied();
        let is_new = wanted().collect::<BTreeSet<_>>() != self.streams.iter().copied().collect();
        if is_new {
            let mut seen = BTreeSet::new();
            self.streams = wanted().filter(|stream| seen.insert(*stream)).collect();
        }
        if let (Some(socket), true) = (connection, is_new) {
            self.tell_streams(socket);
        }
    }

    pub fn opened(&mut self, socket: SocketId) {
        self.frames.push_back((socket, Outgoing::Init));
    }

    pub fn acknowledged(&mut self, socket: SocketId, now: u64) {
        self.live = Some(socket);
        self.sent.clear();
        self.has_lost = false;
        self.tell_streams(socket);
        self.drain(socket, 0, now);
    }

    /// The socket holds so much.
    pub fn has_space(&mut self, socket: SocketId, held: u32, now: u64) {
        self.drain(socket, held, now);
    }

    pub fn pinged(&mut self, socket: SocketId) {
        if self.live == Some(socket) {
            self.pings.sent += 1;
            let ping = (self.pings.sent, self.sent_to);
            self.pings.question.get_or_insert(ping);
        }
    }

    pub fn ponged(&mut self) {
        self.is_unconfirmable = false;
        self.pings.answered = self.pings.sent.min(self.pings.answered + 1);
        if let Some((ping, place)) = self.pings.question
            && ping <= self.pings.answered
        {
            self.pings.question = None;
            self.confirmed_to = self.confirmed_to.max(place);
            self.flight.retain(|kept| kept.place > place);
        }
    }

    /// The cloud answers no pings, so that nothing can be confirmed.
    pub fn give_up_confirmation(&mut self) {
        self.is_unconfirmable = true;
        let forgotten = self.flight.drain(..);
        self.excused.extend(forgotten.map(|kept| kept.mail.serial));
    }

    /// Which connection lives now.
    pub fn follow(&mut self, connection: Option<SocketId>, now: u64) {
        if self.live.is_some() && self.live != connection {
            self.lose(now);
        }
    }

    /// The connection is lost, and what was in flight waits again. What waits too late does so
    /// from now on.
    pub fn lose(&mut self, now: u64) {
        for kept in &mut self.flight {
            kept.expires = kept.expires.map(|at| at.max(now));
        }
        self.has_lost = self.has_unconfirmed();
        self.live = None;
        self.pings = Pings::default();
        self.is_unconfirmable = false;
        self.resent += self.flight.len() as u64;
        self.waiting.splice(..0, self.flight.drain(..));
    }

    pub fn expire(&mut self, now: u64) {
        let late = |kept: &Kept| kept.expires.is_some_and(|at| at <= now);
        let expired: Vec<_> = self.waiting.iter().filter(|kept| late(kept)).collect();
        let dropped: Vec<_> = expired
            .iter()
            .map(|kept| kept.dropped(DropReason::Expired))
            .collect();
        self.drop_all(dropped);
        self.waiting.retain(|kept| !late(kept));
    }

    pub fn ended(&mut self) {
        let left: Vec<_> = self.waiting.drain(..).collect();
        self.drop_all(left.iter().map(|kept| kept.dropped(DropReason::Ended)));
    }

    /// Whether the app need not wonder about a message: it still waits, or was said to be gone.
    pub fn is_accounted_for(&self, serial: u32) -> bool {
        let mut waiting = self.waiting.iter();
        self.excused.contains(&serial) || waiting.any(|kept| kept.mail.serial == serial)
    }

    /// The messages that went to this connection, where it lives.
    pub fn sent_on(&self, socket: SocketId) -> impl Iterator<Item = u32> {
        let lives = self.live == Some(socket);
        let serials = self.sent.iter().map(|&(serial, _)| serial);
        serials.filter(move |_| lives)
    }

    /// Whether a message up to this one waits, or is in flight.
    pub fn has_open(&self, serial: u32) -> bool {
        let mut kept = self.flight.iter().chain(&self.waiting);
        kept.any(|kept| kept.place <= serial)
    }

    pub fn transmitted(&mut self, socket: SocketId, frame: &Outgoing<Mail>) -> Result<(), Broken> {
        let right = self.frames.pop_front();
        if let Outgoing::Message(mail) = frame
            && let Some(place) = self.place_of(mail.serial)
        {
            self.sent_to = place;
        }
        let found = Some((socket, frame.clone()));
        ensure!(
            right == found,
            "messages",
            "out comes {found:?} instead of {right:?}"
        );
        Ok(())
    }

    pub fn dropped(&mut self, mail: Mail, why: DropReason) -> Result<(), Broken> {
        let right = self.drops.pop_front();
        let found = Some((mail, why));
        ensure!(
            right == found,
            "messages",
            "dropped is {found:?} instead of {right:?}"
        );
        Ok(())
    }

    /// After every call: what waits here waits there.
    pub fn check(&self, glance: &Glance) -> Result<(), Broken> {
        let bytes = self.waiting.iter().map(|kept| kept.mail.size).sum();
        let right = ((self.waiting.len(), bytes), self.flight.len());
        let found = (glance.queued, glance.in_flight);
        ensure!(
            found == right,
            "messages",
            "{found:?} are kept instead of {right:?}"
        );
        Ok(())
    }

    /// When all is carried out: nothing more had to come.
    pub fn check_rest(&self, streams: &[String]) -> Result<(), Broken> {
        ensure!(
            self.frames.is_empty() && self.drops.is_empty(),
            "messages",
            "these never came out: {:?}, dropped {:?}",
            self.frames,
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

    /// When the first of the messages is too old.
    pub fn next_expiry(&self) -> Option<u64> {
        self.waiting.iter().filter_map(|w| w.expires).min()
    }

    /// Whether messages went to the connection that lives that no pong confirmed.
    pub fn has_unconfirmed(&self) -> bool {
        self.last_sent() > Some(self.confirmed_to)
    }

    /// Whether a connection is lost, or is just being lost, with such messages.
    pub fn has_lost(&self) -> bool {
        self.has_lost || self.has_unconfirmed()
    }

    pub const fn is_in_flight(&self) -> bool {
        !self.flight.is_empty()
    }

    /// How many messages are not done with.
    pub fn alive(&self) -> usize {
        self.mails().count()
    }

    pub const fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether one with this key waits, or is in flight.
    pub fn has(&self, key: Option<&str>) -> bool {
        key.is_some() && self.kept().any(|kept| kept.key == key)
    }

    /// Pings of the connection that lives that no pong came for.
    pub const fn unanswered(&self) -> u64 {
        self.pings.sent - self.pings.answered
    }

    /// The messages that are alive.
    pub fn mails(&self) -> impl Iterator<Item = u32> {
        let kept = self.kept().map(|kept| kept.mail.serial);
        let drops = self.drops.iter().map(|(mail, _)| mail.serial);
        kept.chain(self.to_transmit()).chain(drops)
    }

    /// The places that are yet to be compared with others.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        let kept = self.kept().map(|kept| kept.place);
        let frames = self
            .to_transmit()
            .filter_map(|serial| self.place_of(serial));
        let question = self.pings.question.map(|(_, place)| place);
        let last = [self.sent_to, self.confirmed_to];
        let places = kept.chain(frames).chain(question).chain(last);
        places.chain(self.last_sent())
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.flight.iter().chain(&self.waiting)
    }

    fn to_transmit(&self) -> impl Iterator<Item = u32> {
        self.frames.iter().filter_map(|(_, frame)| match frame {
            Outgoing::Message(mail) => Some(mail.serial),
            _ => None,
        })
    }

    /// `current` is the newest socket.
    pub fn fingerprint(&self, view: &View, current: SocketId, hasher: &mut impl Hasher) {
        let age = |socket: SocketId| current.0.wrapping_sub(socket.0);
        for kept in [&self.flight, &self.waiting] {
            let kept = kept.iter().map(|kept| {
                let name = (view.mail(kept.mail), kept.mail.size, kept.key);
                let ahead = kept.expires.map(|at| at.saturating_sub(view.now));
                (name, ahead, view.place(kept.place), kept.sent)
            });
            hash_all(kept, hasher);
        }
        (&self.asked, self.followed, self.live.map(age)).hash(hasher);
        let question = self.pings.question;
        let question =
            question.map(|(ping, place)| (ping - self.pings.answered, view.place(place)));
        (self.unanswered(), question).hash(hasher);
        (view.place(self.sent_to), self.is_unconfirmable).hash(hasher);
        (
            view.place(self.confirmed_to),
            self.last_sent().map(|place| view.place(place)),
        )
            .hash(hasher);
        self.has_lost.hash(hasher);
        self.frames.len().hash(hasher);
        for (socket, frame) in &self.frames {
            (age(*socket), discriminant(frame)).hash(hasher);
            match frame {
                Outgoing::Init | Outgoing::Ping => {}
                Outgoing::Subscriptions(streams) => streams.hash(hasher),
                Outgoing::Message(mail) => {
                    let place = self.place_of(mail.serial).map(|place| view.place(place));
                    (view.mail(*mail), place).hash(hasher);
                }
            }
        }
        let drops = self.drops.iter();
        hash_all(drops.map(|(mail, why)| (view.mail(*mail), why)), hasher);
    }

    /// The last place of those that the connection that lives has got.
    fn last_sent(&self) -> Option<u32> {
        let sent = self.sent.iter().filter(|_| self.live.is_some());
        sent.map(|&(_, place)| place).max()
    }

    fn place_of(&self, serial: u32) -> Option<u32> {
        let mut sent = self.sent.iter();
        sent.find(|(sent, _)| *sent == serial)
            .map(|&(_, place)| place)
    }

    fn keeps(&self) -> bool {
        self.guarantee == Delivery::AtLeastOnce && !self.is_unconfirmable
    }

    const fn has_room(&self, held: u32) -> bool {
        held as usize <= self.limits.buffered
    }

    fn wait(&mut self, mut newcomer: Kept) {
        let same = |kept: &Kept| kept.key.is_some() && kept.key == newcomer.key;
        if let Some(place) = self.waiting.iter().position(same) {
            newcomer.place = self.waiting[place].place;
            let older = std::mem::replace(&mut self.waiting[place], newcomer);
            self.replace(&older);
        } else {
            if let Some(place) = self.flight.iter().position(same) {
                let older = self.flight.remove(place);
                self.replace(&older);
            }
            self.waiting.push(newcomer);
        }
        while self.flight.len() + self.waiting.len() > self.limits.messages
            || self.bytes() > self.limits.bytes
        {
            let is_old = |kept: &Kept| kept.mail != newcomer.mail;
            let gone = if self.flight.is_empty() {
                let Some(oldest) = self.waiting.iter().position(is_old) else {
                    break;
                };
                self.waiting.remove(oldest)
            } else {
                self.flight.remove(0)
            };
            self.drop_all([gone.dropped(DropReason::Overflow)]);
        }
    }

    fn replace(&mut self, older: &Kept) {
        self.replaced += 1;
        self.excused.push(older.mail.serial);
    }

    /// What the socket holds then.
    fn drain(&mut self, socket: SocketId, held: u32, now: u64) -> u32 {
        self.expire(now);
        self.pour(socket, held)
    }

    fn pour(&mut self, socket: SocketId, mut held: u32) -> u32 {
        while self.has_room(held) && !self.waiting.is_empty() {
            let mut next = self.waiting.remove(0);
            held += u32::try_from(next.mail.size).unwrap();
            self.transmit(socket, &next);
            if self.keeps() {
                next.sent = true;
                self.flight.push(next);
            }
        }
        held
    }

    fn transmit(&mut self, socket: SocketId, kept: &Kept) {
        self.frames
            .push_back((socket, Outgoing::Message(kept.mail)));
        self.sent.push((kept.mail.serial, kept.place));
        if self.is_unconfirmable {
            // The app was told that nothing is certain any more.
            self.excused.push(kept.mail.serial);
        }
    }

    fn drop_all(&mut self, dropped: impl IntoIterator<Item = (Mail, DropReason)>) {
        for (mail, why) in dropped {
            self.excused.push(mail.serial);
            self.drops.push_back((mail, why));
        }
    }

    fn tell_streams(&mut self, socket: SocketId) {
        let streams = self.streams.iter().map(|&stream| stream.into()).collect();
        self.frames
            .push_back((socket, Outgoing::Subscriptions(streams)));
    }

    fn bytes(&self) -> usize {
        let kept = self.flight.iter().chain(&self.waiting);
        kept.map(|kept| kept.mail.size).sum()
    }
}
