//! Checks of the whole world, after every step.

use tpa_session::session::State;

use super::World;
use super::patience::LEAST_RATE;
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
        if self.state() != State::Connected || !knows || !always {
            return Ok(());
        }
        let interval = self.setup.config.watch.ping_interval.as_millis();
        let bytes = socket.in_flight() * 1000 / LEAST_RATE;
        // The second ping waits behind the same bytes.
        let asks_again = if socket.disturbed {
            ASKS_AGAIN + bytes
        } else {
            0
        };
        let wait = self.patience.millis() + bytes + asks_again + SLACK;
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
