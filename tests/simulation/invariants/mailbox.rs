//! What the app gave the session to send, and what must come of it: a plain list beside the
//! core's queue. It says which frames must come out, and in which order.

use std::collections::VecDeque;

use tpa_session::session::{DropReason, Limits, Outgoing, Reply, SocketId};

use super::{Broken, Glance, ensure};
use crate::app::{Ask, Mail};

#[derive(Clone, Copy, Debug)]
struct Waiting {
    mail: Mail,
    key: Option<&'static str>,
    expires: Option<u64>,
}

#[derive(Debug)]
pub struct Mailbox {
    limits: Limits,
    waiting: Vec<Waiting>,
    streams: Vec<&'static str>,
    /// What the session has decided to transmit, and must yet put out.
    frames: VecDeque<(SocketId, Outgoing<Mail>)>,
    /// The messages that it must yet report dropped.
    drops: VecDeque<(Mail, DropReason)>,
    pub replaced: u64,
}

impl Mailbox {
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: Vec::new(),
            streams: Vec::new(),
            frames: VecDeque::new(),
            drops: VecDeque::new(),
            replaced: 0,
        }
    }

    /// The app sends. `connection` is the one that would take the message.
    pub fn send(
        &mut self,
        mail: Mail,
        ask: Ask,
        (stopped, connection): (bool, Option<SocketId>),
        now: u64,
        reply: Reply,
    ) -> Result<(), Broken> {
        let Ask::Send { key, ttl, .. } = ask else {
            return Ok(());
        };
        let fits = self.limits.messages > 0 && mail.size <= self.limits.bytes;
        let right = match connection {
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
        if stopped {
            return Ok(());
        }
        if let Some(socket) = connection {
            self.drain(socket, now);
            self.frames.push_back((socket, Outgoing::Message(mail)));
        } else if fits {
            let expires = ttl.map(|ttl| now + ttl);
            self.wait(Waiting { mail, key, expires });
        } else {
            self.drops.push_back((mail, DropReason::Overflow));
        }
        Ok(())
    }

    /// The app changes the list of its streams; `connection` is the one that must be told.
    pub fn change_streams(&mut self, ask: Ask, connection: Option<SocketId>) {
        let before = self.streams.len();
        match ask {
            Ask::Subscribe(streams) => {
                for stream in streams {
                    if !self.streams.contains(stream) {
                        self.streams.push(stream);
                    }
                }
            }
            Ask::Unsubscribe(streams) => self.streams.retain(|stream| !streams.contains(stream)),
            _ => {}
        }
        if let (Some(socket), true) = (connection, before != self.streams.len()) {
            self.tell_streams(socket);
        }
    }

    pub fn opened(&mut self, socket: SocketId) {
        self.frames.push_back((socket, Outgoing::Init));
    }

    pub fn acknowledged(&mut self, socket: SocketId, now: u64) {
        self.tell_streams(socket);
        self.drain(socket, now);
    }

    pub fn expire(&mut self, now: u64) {
        let late = |waiting: &Waiting| waiting.expires.is_some_and(|at| at <= now);
        let expired = self.waiting.iter().filter(|waiting| late(waiting));
        self.drops
            .extend(expired.map(|waiting| (waiting.mail, DropReason::Expired)));
        self.waiting.retain(|waiting| !late(waiting));
    }

    pub fn ended(&mut self) {
        let left = self.waiting.drain(..);
        self.drops
            .extend(left.map(|waiting| (waiting.mail, DropReason::Ended)));
    }

    pub fn transmitted(&mut self, socket: SocketId, frame: &Outgoing<Mail>) -> Result<(), Broken> {
        let right = self.frames.pop_front();
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
        let right = (self.waiting.len(), self.bytes());
        ensure!(
            glance.queued == right,
            "messages",
            "{:?} wait instead of {right:?}",
            glance.queued
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

    fn wait(&mut self, newcomer: Waiting) {
        let same = |waiting: &Waiting| waiting.key.is_some() && waiting.key == newcomer.key;
        match self.waiting.iter().position(same) {
            Some(place) => {
                self.waiting[place] = newcomer;
                self.replaced += 1;
            }
            None => self.waiting.push(newcomer),
        }
        while self.waiting.len() > self.limits.messages || self.bytes() > self.limits.bytes {
            let is_old = |waiting: &Waiting| waiting.mail != newcomer.mail;
            let Some(oldest) = self.waiting.iter().position(is_old) else {
                break;
            };
            let gone = self.waiting.remove(oldest);
            self.drops.push_back((gone.mail, DropReason::Overflow));
        }
    }

    fn drain(&mut self, socket: SocketId, now: u64) {
        self.expire(now);
        let all = self.waiting.drain(..);
        self.frames
            .extend(all.map(|waiting| (socket, Outgoing::Message(waiting.mail))));
    }

    fn tell_streams(&mut self, socket: SocketId) {
        let streams = self.streams.iter().map(|&stream| stream.into()).collect();
        self.frames
            .push_back((socket, Outgoing::Subscriptions(streams)));
    }

    fn bytes(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.mail.size).sum()
    }
}
