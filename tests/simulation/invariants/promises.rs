//! The promises of `connect()`: each is settled once, as soon as it can be.

use std::collections::BTreeMap;

use tpa_session::session::{ConnectionError, RunId};

use super::{Broken, ensure};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Pending,
    /// The cloud has acknowledged us.
    Earned,
    Settled,
}

#[derive(Debug, Default)]
pub struct Promises(BTreeMap<RunId, Promise>);

impl Promises {
    /// `connect()` gave this run; `active` is the one that it had to give, if any.
    pub fn given(&mut self, run: RunId, active: Option<RunId>) -> Result<(), Broken> {
        match active {
            Some(active) => ensure!(run == active, "promises", "{run:?} instead of {active:?}"),
            None => {
                let before = self.0.insert(run, Promise::Pending);
                ensure!(before.is_none(), "promises", "{run:?} was given before");
            }
        }
        Ok(())
    }

    pub fn earned(&mut self, run: Option<RunId>) {
        if let Some(promise) = run.and_then(|run| self.0.get_mut(&run))
            && *promise == Promise::Pending
        {
            *promise = Promise::Earned;
        }
    }

    pub fn settled(
        &mut self,
        run: RunId,
        result: &Result<(), ConnectionError>,
    ) -> Result<(), Broken> {
        let before = self.0.insert(run, Promise::Settled);
        let right = match result {
            Ok(()) => Promise::Earned,
            Err(_) => Promise::Pending,
        };
        ensure!(
            before == Some(right),
            "promises",
            "{run:?} was {before:?}, and is settled with {result:?}"
        );
        Ok(())
    }

    /// `pending` is the run that may wait for its settlement still.
    pub fn check(&self, pending: Option<RunId>) -> Result<(), Broken> {
        for (run, promise) in &self.0 {
            let must = if pending == Some(*run) {
                Promise::Pending
            } else {
                Promise::Settled
            };
            ensure!(*promise == must, "promises", "{run:?} is {promise:?}");
        }
        Ok(())
    }
}
