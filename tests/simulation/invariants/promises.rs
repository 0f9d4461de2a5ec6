//! The promises of `connect()`: each is settled once, as soon as it can be.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use tpa_session::session::{ConnectionError, RunId};

use super::{Broken, ensure, hash_all};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Promise {
    Pending,
    /// The cloud has acknowledged us.
    Earned,
    Settled,
}

#[derive(Clone, Debug, Default)]
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

    /// `newest` is the last run. None is settled twice, so that those that are settled make no
    /// difference but by being there.
    pub fn fingerprint(&self, newest: Option<RunId>, hasher: &mut impl Hasher) {
        let age = |run: RunId| newest.map(|newest| newest.0.wrapping_sub(run.0));
        let open = self
            .0
            .iter()
            .filter(|(_, promise)| **promise != Promise::Settled);
        let open: Vec<_> = open.map(|(run, promise)| (age(*run), promise)).collect();
        hash_all(open.iter(), hasher);
    }
}
