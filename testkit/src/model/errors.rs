//! `error` events: one for each malformed frame, for each error that a frame reports without
//! ending the connection, and for a cloud that confirms nothing.

use std::collections::VecDeque;

use tpa_session::session::SessionError;

use super::{Violation, ensure};

#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// Errors that are still to be emitted.
    expected: VecDeque<SessionError>,
}

impl Errors {
    pub fn expect(&mut self, error: SessionError) {
        self.expected.push_back(error);
    }

    pub fn emitted(&mut self, error: &SessionError) -> Result<(), Violation> {
        let expected = self.expected.pop_front();
        ensure!(
            expected.as_ref() == Some(error),
            "errors",
            "{error:?} instead of {expected:?}"
        );
        Ok(())
    }
}
