//! Checks of the whole world, after every step.

use tpa_session::session::State;

use super::World;
use super::pongs::Pongs;
use crate::model::{Violation, ensure};
use crate::world::way_out::check_way_out;

/// Time that everything may take on top, ms.
const SLACK: u64 = 1000;
/// The client asks so long after a send into silence, at the latest, ms.
const ASKS_AFTER: u64 = 4000;
/// The client asks again where a verdict fell late, ms.
const ASKS_AGAIN: u64 = 6000;
/// Steps from one check of [`World::check_way_out`] to the next.
const SELDOM: u64 = 64;

impl World {
    /// Checks that a connection which is dead is left in time, where the cloud pongs.
    pub(super) fn check_bound(&self) -> Result<(), Violation> {
        if self.record.steps.is_multiple_of(SELDOM) {
            self.check_way_out()?;
        }
        let id = self.socket();
        let Some(socket) = self.sockets.get(&id) else {
            return Ok(());
        };
        let knows = socket.ponged || (self.ponged_before && socket.acknowledged);
        let always = self.setup.pongs.iter().all(|pongs| *pongs == Pongs::Always);
        let is_judged = knows && always && self.machine.is_reliable;
        if self.state() != State::Connected || !is_judged {
            return Ok(());
        }
        let interval = self.setup.config.watch.ping_interval.as_millis();
        let mut wait = self.patience.behind(socket.in_flight()) + SLACK;
        if socket.disturbed {
            // The second ping waits behind the same bytes.
            wait += ASKS_AGAIN + self.patience.behind(socket.in_flight());
        }
        let (dead, silent) = socket.dead_since();
        for (since, more) in [(dead, interval), (silent, ASKS_AFTER)] {
            let Some(since) = since else {
                continue;
            };
            let waited = self.machine.on_time() - since;
            ensure!(
                waited <= more + wait,
                "dead connections",
                "dead for {waited} ms and not left; the bound is {} ms",
                more + wait
            );
        }
        Ok(())
    }

    /// Checks that `disconnect()` and then `connect()` lead to a connection, where everything is
    /// well.
    pub fn check_way_out(&self) -> Result<(), Violation> {
        let now = self.clock.at(self.machine.monotonic(self.now));
        check_way_out(&self.session.session, now)
    }
}
