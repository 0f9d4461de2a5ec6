//! Promises of `flush()`: each is settled once, and resolves only when it is true.

use std::collections::BTreeMap;

use tpa_session::session::{FlushError, FlushId, RunId};

use super::{Violation, ensure};

/// Least time for which a flush waits for its confirmation where the cloud pongs, ms.
pub(super) const LEAST_WAIT: u64 = 60_000;

/// Knowledge of the rest of the model when a flush is settled.
pub struct Facts<'a> {
    /// The active run.
    pub run: Option<RunId>,
    /// The cloud has ponged on the live connection.
    pub is_answered: bool,
    pub resends: bool,
    /// The last connection was lost with unconfirmed messages, and there is no other yet.
    pub has_lost: bool,
    /// True if a message up to this one is queued or in flight.
    pub has_open: &'a dyn Fn(u32) -> bool,
    /// The first message up to this one that was sent on the live connection and that the cloud
    /// does not have.
    pub missing: &'a dyn Fn(u32) -> Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    /// The last message that it covers.
    pub serial: u32,
    /// The run in which it was requested.
    pub run: Option<RunId>,
    /// There was no run, or the app has been told that it is over.
    pub is_over: bool,
    /// Time since when all of its messages have been sent on the live connection.
    pub sent_at: Option<u64>,
    /// Its confirmation took longer than [`LEAST_WAIT`].
    pub is_overdue: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Flushes {
    pub(super) pending: BTreeMap<FlushId, Pending>,
    settled: Vec<FlushId>,
    /// Number of runs that the app knows to be over; runs are numbered from 1.
    pub(super) ended_runs: u32,
    pub(super) newest: FlushId,
    /// Rejected since the cloud answers no pings, before a pong came after all.
    rejected: Vec<FlushId>,
}

impl Flushes {
    /// `flush()` returned this id; `serial` is the last message.
    pub fn returned(
        &mut self,
        flush: FlushId,
        serial: u32,
        run: Option<RunId>,
    ) -> Result<(), Violation> {
        ensure!(
            !self.settled.contains(&flush),
            "flushes",
            "{flush:?} is returned although it was settled before"
        );
        let pending = Pending {
            serial,
            run,
            is_over: run.is_none(),
            // One that was requested before for the same messages goes on.
            sent_at: self.pending.get(&flush).and_then(|before| before.sent_at),
            is_overdue: false,
        };
        self.pending.insert(flush, pending);
        self.newest = flush;
        Ok(())
    }

    /// Checks a session at rest: however many flushes were requested, they share two ids.
    pub fn check_rest(&self) -> Result<(), Violation> {
        ensure!(
            self.pending.len() <= 2,
            "memory",
            "{} flushes are pending",
            self.pending.len()
        );
        Ok(())
    }

    /// A pong comes, and these flushes were rejected before.
    pub fn rejected_before_pong(&mut self, flushes: Vec<FlushId>) {
        self.rejected.extend(flushes);
    }

    /// Called after each call; `is_sent` tells whether all messages up to a serial have been sent
    /// on the live connection.
    pub fn advance(&mut self, now: u64, is_sent: impl Fn(u32) -> bool) {
        for pending in self.pending.values_mut() {
            let sent_at = is_sent(pending.serial).then(|| pending.sent_at.unwrap_or(now));
            pending.sent_at = sent_at;
            pending.is_overdue |= sent_at.is_some_and(|at| at + LEAST_WAIT <= now);
        }
    }

    /// The app is told that the session is over.
    pub fn run_ended(&mut self) {
        self.ended_runs += 1;
        for pending in self.pending.values_mut() {
            pending.is_over |= pending.run.is_some_and(|run| run.0 <= self.ended_runs);
        }
    }

    pub fn settled(
        &mut self,
        flush: FlushId,
        result: Result<(), FlushError>,
        facts: &Facts<'_>,
    ) -> Result<(), Violation> {
        let Some(pending) = self.pending.remove(&flush) else {
            ensure!(
                false,
                "flushes",
                "{flush:?} is settled, and was not requested"
            );
            return Ok(());
        };
        self.settled.push(flush);
        match result {
            Ok(()) => {
                let Pending {
                    serial, is_over, ..
                } = pending;
                ensure!(!is_over, "flushes", "{flush:?} outlives its run");
                let open = (facts.has_open)(serial);
                let missing = (facts.missing)(serial);
                ensure!(
                    !open && missing.is_none(),
                    "flushes",
                    "{flush:?} reports all received up to {serial}, but {missing:?} is not"
                );
            }
            Err(FlushError::Ended) => {
                let is_over = pending.run.is_none() || pending.run != facts.run;
                ensure!(is_over, "flushes", "{flush:?}: its run is not over");
            }
            Err(FlushError::NotStarted) => {
                let is_idle = pending.run.is_none() && self.ended_runs == 0;
                ensure!(is_idle, "flushes", "{flush:?}: a session was started");
            }
            Err(FlushError::Lost) => {
                let lost = facts.has_lost && !facts.resends;
                ensure!(lost, "flushes", "{flush:?}: nothing was lost");
            }
            Err(FlushError::Unsupported) => {
                let is_excused = pending.is_overdue || self.rejected.contains(&flush);
                let is_allowed = !facts.is_answered || is_excused;
                ensure!(is_allowed, "flushes", "{flush:?}: the cloud pongs");
            }
        }
        Ok(())
    }

    pub fn is_settled(&self) -> bool {
        self.pending.is_empty()
    }

    /// Last messages that the pending flushes cover.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        self.pending.values().map(|pending| pending.serial)
    }

    /// Checks a session after a long time in which nothing failed.
    pub fn check_end(&self) -> Result<(), Violation> {
        ensure!(
            self.pending.is_empty(),
            "flushes",
            "{:?} are never settled",
            self.pending
        );
        Ok(())
    }
}
