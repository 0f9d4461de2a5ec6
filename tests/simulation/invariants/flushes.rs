//! The promises of `flush()`: each is settled once, and none says more than is true.

use std::collections::BTreeMap;

use tpa_session::session::{FlushError, FlushId, RunId};

use super::{Broken, ensure};

/// What is known when a flush is settled.
pub struct Facts<'a> {
    /// The run that is active.
    pub run: Option<RunId>,
    /// The cloud has ponged on the connection that lives.
    pub is_answered: bool,
    pub resends: bool,
    /// Whether a message up to this one waits or is in flight.
    pub has_open: &'a dyn Fn(u32) -> bool,
    /// The first message up to this one that went to the connection that lives and that the
    /// cloud does not have.
    pub missing: &'a dyn Fn(u32) -> Option<u32>,
}

#[derive(Debug, Default)]
pub struct Flushes {
    /// The last message that each is about, and the run in which it was asked.
    pending: BTreeMap<FlushId, (u32, Option<RunId>)>,
    settled: Vec<FlushId>,
}

impl Flushes {
    /// `flush()` gave this one; `serial` is the last message.
    pub fn given(&mut self, flush: FlushId, serial: u32, run: Option<RunId>) -> Result<(), Broken> {
        ensure!(
            !self.settled.contains(&flush),
            "flushes",
            "{flush:?} is given and was settled before"
        );
        self.pending.insert(flush, (serial, run));
        ensure!(
            self.pending.len() <= 3,
            "memory",
            "{} flushes wait",
            self.pending.len()
        );
        Ok(())
    }

    pub fn settled(
        &mut self,
        flush: FlushId,
        result: Result<(), FlushError>,
        facts: &Facts<'_>,
    ) -> Result<(), Broken> {
        let Some((serial, run)) = self.pending.remove(&flush) else {
            ensure!(false, "flushes", "{flush:?} is settled, and was not asked");
            return Ok(());
        };
        self.settled.push(flush);
        match result {
            Ok(()) => {
                let open = (facts.has_open)(serial);
                let missing = (facts.missing)(serial);
                ensure!(
                    !open && missing.is_none(),
                    "flushes",
                    "{flush:?} is said to be received up to {serial}, but {missing:?} is not"
                );
            }
            Err(FlushError::Ended) => {
                let is_over = run.is_none() || run != facts.run;
                ensure!(is_over, "flushes", "{flush:?}: its run is not over");
            }
            Err(FlushError::Lost) => {
                ensure!(!facts.resends, "flushes", "{flush:?}: nothing was lost");
            }
            Err(FlushError::Unsupported) => {
                ensure!(!facts.is_answered, "flushes", "{flush:?}: the cloud pongs");
            }
        }
        Ok(())
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
