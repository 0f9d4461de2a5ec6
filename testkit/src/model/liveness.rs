//! Pings and pongs of a session: when it may ask, when it must, and when it may leave.
//!
//! These are windows, not the session's own rules: a ping needs a reason and must not be missing
//! for long; a connection may be left for silence only if a ping was not answered for as long as
//! the session says it waits at least. The upper bound of that wait is checked in a world that
//! knows which connections are dead.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use tpa_session::session::{Duration, PingId, Watch};

use super::{Snapshot, View, Violation, ensure};

/// Time that a pong has at least, where a sign caused the ping, ms.
const PROBE_TIMEOUT: u64 = 2500;
/// Time that a socket that reported an error has to report its close, ms.
const FAILURE_GRACE: u64 = 250;
/// Time that a closing socket has to report its close, ms.
const CLOSING_GRACE: u64 = 5000;
/// Delay of a timer, or lead of the wall clock, that means sleep, ms.
pub const ASLEEP: u64 = 45_000;
/// Silence from which the session may ask, ms.
const SILENCE: u64 = 3000;
/// Shortest time between two pings because of silence, ms.
const PAUSE: u64 = 4000;
/// A timer that is later than this proves nothing by itself, ms.
const LATE: u64 = 1000;
/// Most pings that the session tells apart.
const REMEMBERED: usize = 32;
/// Longest interval between pings, as a multiple of the option.
const SLOWEST: u64 = 8;

/// What a pong says.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The ping that it answers, or one before that.
    pub ping: Option<u32>,
    /// The ping before which everything has arrived.
    pub confirms: u32,
    /// The pong said so.
    pub is_exact: bool,
}

/// Ping of the live connection that was not answered.
#[derive(Clone, Copy, Debug, Hash)]
struct Ping {
    /// Its place among all pings of the session, which is its id.
    number: u32,
    at: u64,
    /// A sign caused it, so that it has less time.
    is_probe: bool,
    /// It may be written off: another one followed late, where none has to be answered.
    is_old: bool,
}

/// What a call to the session is about, as far as that is a reason for a ping.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reasons {
    /// The connection was acknowledged.
    pub acknowledged: bool,
    /// A timer fired that was due at this time.
    pub timer: Option<u64>,
    /// The connection may have died meanwhile.
    pub sign: bool,
    /// A flush is pending, or messages are sent again until they are confirmed.
    pub confirms: bool,
    /// Blocks of messages that were handed over since the last ping; and whether others wait.
    pub blocks: u32,
}

#[derive(Clone, Debug)]
pub struct Liveness {
    watch: Watch,
    /// The socket reported an error.
    pub failed: bool,
    /// Time at which a socket that failed, or that is closing, is given up.
    pub failure_due: Option<u64>,
    /// The latest time by which a socket that is closing must have reported its close.
    pub closed_by: Option<u64>,
    /// The cloud pongs, according to this connection or an earlier one.
    supports: bool,
    /// The last connection that was left had not ponged.
    left_on_hint: bool,
    /// The cloud has ponged on this connection.
    pub ponged: bool,
    acknowledged: u64,
    last_received: u64,
    /// The last frame other than a pong.
    last_heard: u64,
    last_pong: u64,
    protocol_pings: u32,
    /// Pings of the session.
    sent: u32,
    out: VecDeque<Ping>,
    /// Those before one that a pong without an id answered. One with an id may still answer them.
    overtaken: VecDeque<u32>,
    /// The last ping when the session stopped to assume that the cloud pongs. Up to this one, none
    /// has to be answered any more.
    forgotten: u32,
    first_ping: Option<u64>,
    last_ping: u64,
    last_ask: Option<u64>,
    /// Pings of this connection that a pong may still confirm: their numbers, oldest first.
    pending: VecDeque<u32>,
    /// Pongs carry ids.
    has_ids: bool,
    /// Pongs came that answer nothing, and others cannot be told from them.
    pub is_foreign: bool,
    /// A pong without an id came when several pings were out, some of which need not be answered;
    /// or more were out than the session tells apart.
    is_vague: bool,
    /// The time at which the session asked since the computer slept.
    slept: Option<u64>,
    /// The last time that it asked again, since the answer may have been queued behind a timer.
    asked_again: Option<u64>,
}

impl Liveness {
    pub const fn new(watch: Watch) -> Self {
        Self {
            watch,
            failed: false,
            failure_due: None,
            closed_by: None,
            supports: false,
            left_on_hint: false,
            ponged: false,
            acknowledged: 0,
            last_received: 0,
            last_heard: 0,
            last_pong: 0,
            protocol_pings: 0,
            sent: 0,
            out: VecDeque::new(),
            overtaken: VecDeque::new(),
            forgotten: 0,
            first_ping: None,
            last_ping: 0,
            last_ask: None,
            pending: VecDeque::new(),
            has_ids: false,
            is_foreign: false,
            is_vague: false,
            slept: None,
            asked_again: None,
        }
    }

    /// Another socket of the session.
    pub fn next(&self) -> Self {
        Self {
            supports: self.supports,
            left_on_hint: self.left_on_hint,
            sent: self.sent,
            ..Self::new(self.watch)
        }
    }

    /// The same socket, acknowledged now.
    pub fn acknowledged(&self, now: u64) -> Self {
        Self {
            failed: self.failed,
            failure_due: self.failure_due,
            acknowledged: now,
            last_received: now,
            last_heard: now,
            last_pong: now,
            last_ping: now,
            ..self.next()
        }
    }

    pub fn fail(&mut self, now: u64) {
        self.failed = true;
        self.failure_due = Some(now.saturating_add(FAILURE_GRACE));
    }

    /// The socket did not accept a message.
    pub fn closing(&mut self, now: u64) {
        let due = now.saturating_add(CLOSING_GRACE);
        self.closed_by.get_or_insert(due);
        self.failure_due.get_or_insert(due);
    }

    pub fn received(&mut self, at: u64) {
        self.last_received = self.last_received.max(at);
        self.last_heard = self.last_heard.max(at);
    }

    pub fn protocol_ping(&mut self, at: u64) {
        self.last_received = self.last_received.max(at);
        self.protocol_pings += 1;
    }

    /// A pong arrives on the acknowledged connection.
    pub fn pong(&mut self, id: Option<PingId>, now: u64) -> Option<Answer> {
        self.last_received = now;
        let answer = match id {
            Some(PingId(id)) => {
                self.has_ids = true;
                let mut told = self.out.iter().rev().take(REMEMBERED);
                let is_told = told.any(|ping| ping.number == id);
                (is_told || self.overtaken.contains(&id)).then_some(Answer {
                    ping: Some(id),
                    confirms: id,
                    is_exact: true,
                })
            }
            None if self.has_ids || self.is_foreign => None,
            None => {
                self.is_foreign = self.pending.is_empty();
                self.is_vague |= self.out.len() > 1 && !self.supports;
                // It may be the answer to the oldest ping, however long that is overdue.
                self.pending.front().map(|confirms| Answer {
                    ping: self.out.front().map(|ping| ping.number),
                    confirms: *confirms,
                    is_exact: false,
                })
            }
        }?;
        self.pending.retain(|number| *number > answer.confirms);
        self.ponged = true;
        self.supports = true;
        self.left_on_hint = false;
        self.last_pong = now;
        Some(answer)
    }

    /// The last pong answered this ping and not one before it; those may yet be answered by id.
    pub fn answered(&mut self, number: u32, is_exact: bool) {
        let before = self.out.iter().filter(|ping| ping.number < number);
        self.overtaken.extend(before.map(|ping| ping.number));
        self.overtaken.retain(|other| *other > number || !is_exact);
        self.out.retain(|ping| ping.number > number);
    }

    /// The session sent pings, `count` of them in one call.
    pub fn pinged(&mut self, count: u32, reasons: &Reasons, now: u64) -> Result<(), Violation> {
        let interval = self.watch.ping_interval.as_millis();
        let must = u32::from(reasons.acknowledged && interval > 0);
        let is_late = reasons.timer.is_some_and(|due| due + LATE < now);
        let is_sign = reasons.sign || is_late;
        let is_quiet = self.last_heard + SILENCE <= now || self.protocol_pings > 4;
        let may_ask = self.last_ask.is_none_or(|last| last + PAUSE <= now);
        let asks = interval > 0
            && reasons.timer.is_some()
            && self.expects_pong()
            && (is_quiet && may_ask)
            && (self.expected().all(|ping| ping.is_old) || self.is_vague);
        let is_rhythm = interval > 0 && reasons.timer.is_some() && self.last_ping + interval <= now;
        let reasons_for_one = [is_rhythm || asks, is_sign, reasons.confirms, must > 0];
        let may = reasons_for_one.map(u32::from).iter().sum::<u32>() + reasons.blocks;
        ensure!(
            (must..=may).contains(&count),
            "liveness",
            "{count} pings, where {must} to {may} have a reason: {reasons:?}, {self:?}"
        );
        if count > 0 && is_sign && self.asks_after_sleep().any(|at| self.is_unanswered(at)) {
            self.asked_again = Some(now);
        }
        if count > 0 && !self.expects_pong() {
            let patience = self.watch.pong_timeout.as_millis();
            for ping in &mut self.out {
                ping.is_old |= ping.at.saturating_add(patience) <= now;
            }
        }
        for _ in 0..count {
            self.sent = self.sent.wrapping_add(1);
            self.out.push_back(Ping {
                number: self.sent,
                at: now,
                is_probe: is_sign,
                is_old: false,
            });
            self.is_vague |= self.out.len() > REMEMBERED;
            self.pending.push_back(self.sent);
            self.first_ping.get_or_insert(now);
            self.last_ping = now;
        }
        // Every other reason has its ping.
        if count == may && asks && !is_rhythm {
            self.last_ask = Some(now);
        }
        Ok(())
    }

    /// Pings of a connection that is already given up.
    pub const fn skip(&mut self, count: u32) {
        self.sent = self.sent.wrapping_add(count);
    }

    /// The computer slept. What was asked about an earlier sleep may still be open.
    pub fn slept(&mut self, now: u64) {
        self.slept = self
            .slept
            .filter(|at| self.is_unanswered(*at))
            .or(Some(now));
    }

    /// Times at which the session asked since the computer slept.
    fn asks_after_sleep(&self) -> impl Iterator<Item = u64> {
        [self.slept, self.asked_again].into_iter().flatten()
    }

    /// True if nothing was received later than that. What comes at the same time may have been
    /// queued since long before.
    const fn is_unanswered(&self, at: u64) -> bool {
        self.last_received <= at
    }

    /// A ping whose id is its place among all pings of the session.
    pub const fn sent(&self) -> u32 {
        self.sent
    }

    /// Pings that have to be answered where the cloud pongs, oldest first.
    fn expected(&self) -> impl Iterator<Item = &Ping> {
        self.out.iter().filter(|ping| ping.number > self.forgotten)
    }

    /// True if a ping must be answered.
    pub const fn expects_pong(&self) -> bool {
        self.supports && (self.has_ids || !self.is_foreign)
    }

    /// True if a pong has come, or none is expected.
    pub fn is_proven(&self) -> bool {
        self.ponged || !self.expects_pong() || self.watch.ping_interval == Duration::ZERO
    }

    /// True if nothing was received since the oldest ping whose answer is expected, or if it is not
    /// known which ping that is.
    pub fn is_silent(&self) -> bool {
        let oldest = self.expected().find(|ping| !ping.is_old);
        let oldest = oldest.or_else(|| self.expected().last());
        self.is_vague || oldest.is_some_and(|ping| self.last_received <= ping.at)
    }

    /// True if the cloud kept sending for longer than a pong may take, and never ponged.
    pub fn is_ignoring_pings(&self) -> bool {
        let patience = self.watch.pong_timeout.as_millis();
        let first = self.first_ping.filter(|_| !self.ponged);
        first.is_some_and(|first| first.saturating_add(patience) < self.last_received)
    }

    pub fn is_failure_due(&self, now: u64) -> bool {
        self.failure_due.is_some_and(|due| due <= now)
    }

    /// True if the connection may be left: a ping was not answered for the least patience, or
    /// nothing was heard for a while after a sleep.
    pub fn may_leave(&self, now: u64) -> bool {
        let patience = self.watch.pong_timeout.as_millis();
        let probe = patience.min(PROBE_TIMEOUT);
        if !self.expects_pong() {
            let is_over = |at: u64| at.saturating_add(probe) <= now && self.is_unanswered(at);
            return self.asks_after_sleep().any(is_over);
        }
        self.expected().any(|ping| {
            let wait = if ping.is_probe { probe } else { patience };
            ping.at.max(self.last_pong).saturating_add(wait) <= now
        })
    }

    /// The connection is left. Returns whether the next attempt is free.
    pub fn leave(&mut self) -> bool {
        let is_free = !self.expects_pong();
        self.left_on_hint |= !is_free && !self.ponged;
        is_free
    }

    /// Checks that the session may stop to assume that the cloud pongs.
    pub fn check_forgetting(&self, now: u64) -> Result<(), Violation> {
        ensure!(
            self.may_leave(now) && self.expects_pong() && self.left_on_hint && !self.ponged,
            "liveness",
            "the session forgets that the cloud pongs: {self:?}"
        );
        Ok(())
    }

    /// The session no longer assumes that the cloud pongs.
    pub const fn forget(&mut self) {
        self.forgotten = self.sent;
        self.supports = false;
        self.left_on_hint = false;
    }

    /// True if something was received on this connection since the ack.
    pub const fn is_heard(&self) -> bool {
        self.last_received > self.acknowledged
    }

    /// Checks a session at rest: the next ping is due in time.
    pub fn check_rest(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        let mut interval = self.watch.ping_interval.as_millis();
        if interval == 0 {
            return Ok(());
        }
        if !self.expects_pong() {
            interval *= SLOWEST;
        }
        let latest = self.last_ping.saturating_add(interval);
        let deadline = snapshot.deadline.map(|(at, _)| at);
        ensure!(
            deadline.is_some_and(|at| at <= latest),
            "liveness",
            "a ping is due by {latest}: {snapshot:?}"
        );
        Ok(())
    }

    /// Hashes what still matters.
    pub fn fingerprint(&self, view: &View, is_connected: bool, hasher: &mut impl Hasher) {
        let age = |at: u64| view.age(at, u64::MAX);
        let ahead = |at: u64| at.saturating_sub(view.now);
        (self.failed, self.supports, self.left_on_hint).hash(hasher);
        (self.ponged, self.has_ids, self.is_foreign, self.is_vague).hash(hasher);
        [self.closed_by, self.failure_due]
            .map(|at| at.map(ahead))
            .hash(hasher);
        if !is_connected {
            return;
        }
        [self.acknowledged, self.last_received, self.last_heard]
            .map(age)
            .hash(hasher);
        [self.last_pong, self.last_ping].map(age).hash(hasher);
        [self.first_ping, self.last_ask, self.slept, self.asked_again]
            .map(|at| at.map(age))
            .hash(hasher);
        self.protocol_pings.min(5).hash(hasher);
        for numbers in [&self.pending, &self.overtaken] {
            numbers.len().hash(hasher);
            for number in numbers {
                self.sent.wrapping_sub(*number).hash(hasher);
            }
        }
        self.out.len().hash(hasher);
        for ping in &self.out {
            (
                self.sent.wrapping_sub(ping.number),
                age(ping.at),
                (ping.is_probe, ping.is_old, ping.number > self.forgotten),
            )
                .hash(hasher);
        }
    }
}
