//! The promises of `flush()`: each is settled once, and none says more than is true.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use tpa_session::session::{FlushError, FlushId, RunId};

use super::{Broken, View, ensure, hash_all};

/// What is known when a flush is settled.
pub struct Facts<'a> {
    /// The run that is active.
    pub run: Option<RunId>,
    /// The cloud has ponged on the connection that lives.
    pub is_answered: bool,
    pub resends: bool,
    /// A connection was lost with messages that nobody confirmed, and there is no other yet.
    pub has_lost: bool,
    /// Whether a message up to this one waits or is in flight.
    pub has_open: &'a dyn Fn(u32) -> bool,
    /// The first message up to this one that went to the connection that lives and that the
    /// cloud does not have.
    pub missing: &'a dyn Fn(u32) -> Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    /// The last message that it is about.
    serial: u32,
    /// The run in which it was asked.
    run: Option<RunId>,
    /// There was no run, or the app has been told that it is over.
    is_over: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Flushes {
    pending: BTreeMap<FlushId, Pending>,
    settled: Vec<FlushId>,
    /// How many runs the app knows to be over. They are numbered from 1.
    runs: u32,
    /// The last one that was given.
    newest: FlushId,
}

impl Flushes {
    /// `flush()` gave this one; `serial` is the last message.
    pub fn given(&mut self, flush: FlushId, serial: u32, run: Option<RunId>) -> Result<(), Broken> {
        ensure!(
            !self.settled.contains(&flush),
            "flushes",
            "{flush:?} is given and was settled before"
        );
        let pending = Pending {
            serial,
            run,
            is_over: run.is_none(),
        };
        self.pending.insert(flush, pending);
        self.newest = flush;
        Ok(())
    }

    /// When all is carried out: however many were asked for, they share two.
    pub fn check_rest(&self) -> Result<(), Broken> {
        ensure!(
            self.pending.len() <= 2,
            "memory",
            "{} flushes wait",
            self.pending.len()
        );
        Ok(())
    }

    /// The app is told that the session is over.
    pub fn over(&mut self) {
        self.runs += 1;
        for pending in self.pending.values_mut() {
            pending.is_over |= pending.run.is_some_and(|run| run.0 <= self.runs);
        }
    }

    pub fn settled(
        &mut self,
        flush: FlushId,
        result: Result<(), FlushError>,
        facts: &Facts<'_>,
    ) -> Result<(), Broken> {
        let Some(pending) = self.pending.remove(&flush) else {
            ensure!(false, "flushes", "{flush:?} is settled, and was not asked");
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
                    "{flush:?} is said to be received up to {serial}, but {missing:?} is not"
                );
            }
            Err(FlushError::Ended) => {
                let is_over = pending.run.is_none() || pending.run != facts.run;
                ensure!(is_over, "flushes", "{flush:?}: its run is not over");
            }
            Err(FlushError::Lost) => {
                let lost = facts.has_lost && !facts.resends;
                ensure!(lost, "flushes", "{flush:?}: nothing was lost");
            }
            Err(FlushError::Unsupported) => {
                ensure!(!facts.is_answered, "flushes", "{flush:?}: the cloud pongs");
            }
        }
        Ok(())
    }

    pub fn is_settled(&self) -> bool {
        self.pending.is_empty()
    }

    /// The places of the last messages that they are about.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        self.pending.values().map(|pending| pending.serial)
    }

    /// `newest` is the last run.
    pub fn fingerprint(&self, view: &View, newest: Option<RunId>, hasher: &mut impl Hasher) {
        let ahead = |run: RunId| run.0.wrapping_sub(self.runs);
        newest.map(ahead).hash(hasher);
        let pending = self.pending.iter().map(|(flush, pending)| {
            let age = self.newest.0.wrapping_sub(flush.0);
            let run = pending.run.map(ahead);
            (age, view.place(pending.serial), run, pending.is_over)
        });
        hash_all(pending, hasher);
    }

    /// After a long time in which all went well.
    pub fn check_end(&self) -> Result<(), Broken> {
        ensure!(
            self.pending.is_empty(),
            "flushes",
            "{:?} are never settled",
            self.pending
        );
        Ok(())
    }
}
