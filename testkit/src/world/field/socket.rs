//! One socket of the client, and the cloud's end of it.

use std::collections::VecDeque;

use super::gauge::Gauge;
use super::lane::Lane;
use super::pongs::Pongs;
use super::wire::{Down, Up};

/// Time for which a cloud must have talked before its silence means something, ms. The client
/// learns of its frames at its next timeout, which comes with the next ping, and then every 3 s.
const TALK_TIME: u64 = 21_000;
/// Longest pause of a cloud that talks, ms.
const PAUSE: u64 = 3000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Connecting,
    Open,
    Closed,
}

/// A ping that the client sent.
#[derive(Clone, Copy, Debug)]
struct Ping {
    id: u32,
    sent_at: u64,
    /// Bytes that were handed over before it.
    handed: u64,
}

#[derive(Clone, Debug)]
pub struct Socket {
    pub up: Lane<Up>,
    pub down: Lane<Down>,
    pub phase: Phase,
    /// The cloud's end is open.
    pub cloud_open: bool,
    pub acknowledged: bool,
    pub pongs: Pongs,
    /// Pings that the cloud received.
    pub pings_received: u32,
    /// A stream is under way.
    pub talks: bool,
    /// Time at which the cloud last received something.
    pub cloud_heard: u64,
    /// The line, the cloud or the machine stood still while this socket lived.
    pub disturbed: bool,
    /// A pong came back.
    pub ponged: bool,
    shown: u64,
    handed: u64,
    confirmed: u64,
    pings: VecDeque<Ping>,
    /// First and last frame of those that came without a long pause.
    talk: Option<(u64, u64)>,
    watch: Watch,
}

/// Times by the count of [`Machine::on_time`](super::machine::Machine::on_time) since which the
/// client could have noticed that the connection is dead.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    /// A direction is dead, and everything that had been under way has arrived.
    dead: Option<u64>,
    /// Something was sent into the dead connection, and nothing was heard since.
    sent: Option<u64>,
    /// A cloud that had been talking was heard for the last time.
    heard: Option<u64>,
}

impl Socket {
    pub fn new(pongs: Pongs) -> Self {
        Self {
            up: Lane::new(),
            down: Lane::new(),
            phase: Phase::Connecting,
            cloud_open: true,
            acknowledged: false,
            pongs,
            pings_received: 0,
            talks: false,
            cloud_heard: 0,
            disturbed: false,
            ponged: false,
            shown: 0,
            handed: 0,
            confirmed: 0,
            pings: VecDeque::new(),
            talk: None,
            watch: Watch::default(),
        }
    }

    /// Bytes that the socket shows as waiting; `None` when it is not open.
    pub fn buffered(&mut self, gauge: Gauge, kernel: u64) -> Option<u32> {
        let waiting = self.up.held().saturating_sub(kernel);
        (self.phase == Phase::Open).then(|| gauge.show(waiting, &mut self.shown))
    }

    pub const fn is_dead(&self) -> bool {
        self.up.is_dead() || self.down.is_dead()
    }

    /// Nothing gets through in these directions any more.
    pub fn kill(&mut self, (up, down): (bool, bool), on_time: u64) {
        if up {
            self.up.kill();
        }
        if down {
            self.down.kill();
        }
        self.watch.dead.get_or_insert(on_time);
        let talked = self
            .talk
            .is_some_and(|(first, last)| last - first >= TALK_TIME);
        if down && talked {
            self.watch.heard = Some(on_time);
        }
    }

    /// The client handed a frame of so many bytes over.
    pub fn hand(&mut self, bytes: u64, is_message: bool, on_time: u64) {
        self.handed += bytes;
        if is_message && self.is_dead() {
            self.watch.sent.get_or_insert(on_time);
        }
    }

    pub fn ping(&mut self, id: u32, now: u64) {
        let handed = self.handed;
        self.pings.push_back(Ping {
            id,
            sent_at: now,
            handed,
        });
    }

    /// A frame came. Pongs and protocol pings are no talk.
    pub fn hear(&mut self, is_talk: bool, now: u64, on_time: u64) {
        if is_talk {
            let talk = self.talk.filter(|(_, last)| now - last <= PAUSE);
            self.talk = Some((talk.map_or(now, |(first, _)| first), now));
        }
        self.watch.sent = None;
        if self.down.is_dead() {
            self.watch.heard = self.watch.heard.map(|_| on_time);
        }
    }

    /// A pong came back. Returns the round trip of its ping, and the bytes that it confirms.
    pub fn pong(&mut self, id: Option<u32>, now: u64, on_time: u64) -> Option<(u64, u64)> {
        self.ponged = true;
        if self.is_dead() {
            self.watch.dead = Some(on_time);
        }
        if let Some(id) = id {
            self.pings.retain(|ping| ping.id >= id);
        }
        let ping = self.pings.pop_front()?;
        let bytes = ping.handed.saturating_sub(self.confirmed);
        self.confirmed += bytes;
        Some((now - ping.sent_at, bytes))
    }

    /// Bytes that no pong has confirmed.
    pub const fn in_flight(&self) -> u64 {
        self.handed - self.confirmed
    }

    /// Times since which the connection should have been left: because of the rhythm of pings,
    /// and because of silence.
    pub fn dead_since(&self) -> (Option<u64>, Option<u64>) {
        let Watch { dead, sent, heard } = self.watch;
        (dead, sent.into_iter().chain(heard).min())
    }

    /// True if nothing can come of this socket any more.
    pub fn is_gone(&self) -> bool {
        self.phase == Phase::Closed && self.up.next().is_none() && self.down.next().is_none()
    }
}
