//! Fingerprints of models: two models with the same fingerprint accept the same behaviour from
//! now on, apart from names and absolute times.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use tpa_session::session::{Outgoing, RunId, SocketId};

use super::events::{Events, Next};
use super::flushes::{Flushes, LEAST_WAIT};
use super::lifecycle::{Announcement, Decision, Delay, Lifecycle, Phase};
use super::outbox::{Outbox, Survivors};
use super::promises::{Promise, Promises};
use super::rules::Model;
use super::sockets::Sockets;
use crate::Message;

/// Point of view from which names and times are relative.
pub struct View {
    pub now: u64,
    /// Messages that still matter.
    serials: Vec<u32>,
    /// Places in the order of all messages.
    places: Vec<u32>,
}

impl View {
    /// Rank of a message among those that still matter; its serial number where it does not.
    pub fn message(&self, message: Message) -> Result<usize, u32> {
        let rank = self.serials.binary_search(&message.serial);
        rank.map_err(|_| message.serial)
    }

    /// Rank of a place among those that still matter.
    pub fn place(&self, place: u32) -> Result<usize, usize> {
        self.places.binary_search(&place)
    }

    /// Age of something that makes no difference beyond `longest`.
    pub const fn age(&self, at: u64, longest: u64) -> u64 {
        let age = self.now.saturating_sub(at);
        if age < longest { age } else { longest }
    }
}

impl Model {
    pub fn view(&self) -> View {
        let sorted = |mut serials: Vec<u32>| {
            serials.sort_unstable();
            serials.dedup();
            serials
        };
        let places = self.outbox.places().chain(self.flushes.places());
        let places = places.chain([self.written]);
        View {
            now: self.lifecycle.now,
            serials: sorted(self.outbox.serials().collect()),
            places: sorted(places.collect()),
        }
    }

    /// Hashes everything that decides what the model accepts.
    ///
    /// Left out is what the outputs of the session determine: the expected sequence, and the
    /// texts of closures and errors.
    pub fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        let (socket, run) = (self.lifecycle.socket, self.lifecycle.run());
        view.place(self.written).hash(hasher);
        self.lifecycle.fingerprint(view, hasher);
        self.sockets.fingerprint(socket, hasher);
        self.events.fingerprint(view, hasher);
        self.outbox.fingerprint(view, socket, hasher);
        self.flushes.fingerprint(view, run, hasher);
        self.promises.fingerprint(run, hasher);
    }
}

impl Lifecycle {
    fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        discriminant(&self.phase).hash(hasher);
        if let Phase::Deciding { cause, shown, .. } = &self.phase {
            (cause.kind, shown).hash(hasher);
        }
        (self.offline, self.wall_offset.is_some()).hash(hasher);
        let ahead = |at: u64| at.saturating_sub(view.now);
        (ahead(self.offline_from), ahead(self.haste_from)).hash(hasher);
        let since_navigation = self.since_navigation();
        since_navigation.hash(hasher);
        (self.shown_again && since_navigation.is_some()).hash(hasher);
        if self.is_active() {
            (self.acknowledged, self.attempts).hash(hasher);
            (self.uncounted, self.fresh_key_tried).hash(hasher);
            (self.attempt_time, self.lost_in_silence).hash(hasher);
            self.resumes
                .then_some(ahead(self.attempt_ends))
                .hash(hasher);
            let longest = self.config.give_up_after.as_millis();
            view.age(self.outage_since, longest).hash(hasher);
            self.not_before.map(ahead).hash(hasher);
        }
        let stable_after = self.config.stable_after.as_millis();
        let connected = self.connected.map(|at| view.age(at, stable_after));
        connected.hash(hasher);
        if self.current().is_some() && connected.is_none() {
            ahead(self.attempt_ends).hash(hasher);
            view.age(self.attempt_started, 10_000).hash(hasher);
        }
        self.liveness.fingerprint(view, connected.is_some(), hasher);
        self.untold.len().hash(hasher);
        for decision in &self.untold {
            decision.fingerprint(view, hasher);
        }
    }
}

impl Decision {
    fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        discriminant(self).hash(hasher);
        match self {
            Self::Start { attempt, at_once } => (attempt, at_once).hash(hasher),
            Self::Open | Self::Acknowledge => {}
            Self::Wait { announcement, .. } => announcement.fingerprint(view, hasher),
            Self::Stop { cause, .. } => cause.kind.hash(hasher),
        }
    }
}

impl Announcement {
    fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        let age = view.age(self.at, u64::MAX);
        (self.attempt, self.counted, self.cause.kind, age).hash(hasher);
        match self.delay {
            Delay::AsAnnounced(floor) => floor.saturating_sub(view.now).hash(hasher),
            delay => delay.hash(hasher),
        }
    }
}

impl Sockets {
    /// `current` is the newest socket that was decided on.
    fn fingerprint(&self, current: SocketId, hasher: &mut impl Hasher) {
        let newest = self.newest.map(|newest| current.0.wrapping_sub(newest.0));
        (newest, self.stage).hash(hasher);
    }
}

impl Events {
    fn fingerprint(&self, view: &View, hasher: &mut impl Hasher) {
        self.state.hash(hasher);
        discriminant(&self.next).hash(hasher);
        match &self.next {
            Next::Anything | Next::Connected => {}
            Next::Connecting(attempt) => attempt.hash(hasher),
            Next::Lost(_, next) | Next::Reconnecting(next) => next.fingerprint(view, hasher),
            Next::Stopped(cause, _) => cause.kind.hash(hasher),
        }
        // What is overdue is so by however much.
        let announced = self
            .announced
            .map(|(attempt, due)| (attempt, due.checked_sub(view.now)));
        announced.hash(hasher);
    }
}

impl Outbox {
    /// `current` is the newest socket.
    fn fingerprint(&self, view: &View, current: SocketId, hasher: &mut impl Hasher) {
        let age = |socket: SocketId| current.0.wrapping_sub(socket.0);
        for entries in [&self.in_flight, &self.queue] {
            let entries = entries.iter().map(|entry| {
                let name = (view.message(entry.message), entry.message.size, &entry.key);
                let ahead = entry.expires.map(|at| at.saturating_sub(view.now));
                let sent = entry.sent_at.map(|at| view.age(at, 2001));
                let flags = (entry.announced, entry.hit, entry.replay);
                (name, ahead, view.place(entry.place), sent, flags)
            });
            hash_all(entries, hasher);
        }
        self.fingerprint_survivors(view, hasher);
        self.fingerprint_search(view, hasher);
        (&self.refused_once, &self.refused_streams).hash(hasher);
        (&self.subscribed, &self.followed, self.live.map(age)).hash(hasher);
        let pings: Vec<_> = self.pings.places().collect();
        hash_all(pings.iter().map(|place| view.place(*place)), hasher);
        (view.place(self.transmitted_to), self.is_unconfirmable).hash(hasher);
        let last_sent = self.last_sent().map(|place| view.place(place));
        (view.place(self.confirmed_to), last_sent).hash(hasher);
        self.has_lost.hash(hasher);
        self.frames.len().hash(hasher);
        for (socket, frame) in &self.frames {
            (age(*socket), discriminant(frame)).hash(hasher);
            match frame {
                Outgoing::Init | Outgoing::Ping(_) => {}
                Outgoing::Subscriptions(streams) => streams.hash(hasher),
                Outgoing::Message(message) => {
                    let place = self.place_of(message.serial);
                    let place = place.map(|place| view.place(place));
                    (view.message(*message), place).hash(hasher);
                }
            }
        }
        hash_all(self.sents.iter().map(|sent| view.message(*sent)), hasher);
        let drops = self.drops.iter();
        let drops = drops.map(|(message, reason)| (view.message(*message), reason));
        hash_all(drops, hasher);
    }
}

impl Outbox {
    fn fingerprint_survivors(&self, view: &View, hasher: &mut impl Hasher) {
        let Survivors { due, sent } = &self.survivors;
        for entries in [due, sent] {
            let entries = entries.iter().map(|entry| {
                let name = (view.message(entry.message), entry.message.size, &entry.key);
                let ahead = entry.expires.map(|at| at.saturating_sub(view.now));
                let sent = entry.sent_at.map(|at| view.age(at, 20_001));
                (name, ahead, view.place(entry.place), sent)
            });
            hash_all(entries, hasher);
        }
        (self.answered, self.reports_drop).hash(hasher);
    }

    fn fingerprint_search(&self, view: &View, hasher: &mut impl Hasher) {
        self.search.is_some().hash(hasher);
        let Some(search) = &self.search else {
            return;
        };
        (search.proved, search.window, search.out).hash(hasher);
        (search.suspects, search.free).hash(hasher);
        view.age(search.since, u64::MAX).hash(hasher);
        let sole = search.sole.map(|message| view.message(message));
        let suspect = search.suspect.as_ref();
        let suspect = suspect.map(|(message, close)| (view.message(*message), close.code));
        (sole, suspect).hash(hasher);
    }
}

impl Flushes {
    /// `newest` is the last run.
    fn fingerprint(&self, view: &View, newest: Option<RunId>, hasher: &mut impl Hasher) {
        let ahead = |run: RunId| run.0.wrapping_sub(self.ended_runs);
        newest.map(ahead).hash(hasher);
        let pending = self.pending.iter().map(|(flush, pending)| {
            let age = self.newest.0.wrapping_sub(flush.0);
            let run = pending.run.map(ahead);
            let sent = pending.sent_at.map(|at| view.age(at, LEAST_WAIT));
            let place = view.place(pending.serial);
            (age, place, run, pending.is_over, sent, pending.is_overdue)
        });
        hash_all(pending, hasher);
    }
}

impl Promises {
    /// `newest` is the last run. None is settled twice, so that those that are settled make no
    /// difference but by being there.
    fn fingerprint(&self, newest: Option<RunId>, hasher: &mut impl Hasher) {
        let age = |run: RunId| newest.map(|newest| newest.0.wrapping_sub(run.0));
        let open = self
            .0
            .iter()
            .filter(|(_, promise)| **promise != Promise::Settled);
        let open: Vec<_> = open.map(|(run, promise)| (age(*run), promise)).collect();
        hash_all(open.iter(), hasher);
    }
}

/// Hashes a sequence together with its length.
fn hash_all<T: Hash>(all: impl ExactSizeIterator<Item = T>, hasher: &mut impl Hasher) {
    all.len().hash(hasher);
    for one in all {
        one.hash(hasher);
    }
}
