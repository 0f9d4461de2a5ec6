//! Promises of `connect()`: each is settled once, as soon as it can be.

use std::collections::BTreeMap;

use tpa_session::session::{ConnectionError, RunId};

use super::{Violation, ensure};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Promise {
    Pending,
    /// The cloud has acknowledged the connection.
    Resolvable,
    Settled,
}

#[derive(Clone, Debug, Default)]
pub struct Promises(pub(super) BTreeMap<RunId, Promise>);

impl Promises {
    /// `connect()` returned `run`; `active` is the run that it had to return, if any.
    pub fn returned(&mut self, run: RunId, active: Option<RunId>) -> Result<(), Violation> {
        match active {
            Some(active) => ensure!(run == active, "promises", "{run:?} instead of {active:?}"),
            None => {
                let before = self.0.insert(run, Promise::Pending);
                ensure!(
                    before.is_none(),
                    "promises",
                    "{run:?} was returned for another session"
                );
            }
        }
        Ok(())
    }

    /// The connection is acknowledged. Returns whether that resolves a promise.
    pub fn acknowledged(&mut self, run: Option<RunId>) -> bool {
        match run.and_then(|run| self.0.get_mut(&run)) {
            Some(promise) if *promise == Promise::Pending => {
                *promise = Promise::Resolvable;
                true
            }
            _ => false,
        }
    }

    pub fn is_pending(&self, run: Option<RunId>) -> bool {
        run.is_some_and(|run| self.0.get(&run) == Some(&Promise::Pending))
    }

    pub fn settled(
        &mut self,
        run: RunId,
        result: &Result<(), ConnectionError>,
    ) -> Result<(), Violation> {
        let before = self.0.insert(run, Promise::Settled);
        let expected = match result {
            Ok(()) => Promise::Resolvable,
            Err(_) => Promise::Pending,
        };
        ensure!(
            before == Some(expected),
            "promises",
            "{run:?} was {before:?}, and is settled with {result:?}"
        );
        Ok(())
    }

    /// Checks a session at rest; `pending` is the run whose promise may be open.
    pub fn check(&self, pending: Option<RunId>) -> Result<(), Violation> {
        for (run, promise) in &self.0 {
            let expected = if pending == Some(*run) {
                Promise::Pending
            } else {
                Promise::Settled
            };
            ensure!(
                *promise == expected,
                "promises",
                "{run:?} is {promise:?} instead of {expected:?}"
            );
        }
        Ok(())
    }
}
