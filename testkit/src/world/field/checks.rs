//! Checks of the whole world, after every step.

use tpa_session::session::{Command, Control, Input, Output, State};

use super::World;
use super::patience::LEAST_RATE;
use super::pongs::Pongs;
use crate::model::{Violation, ensure};
use crate::world::app::SESSIONS;

/// Time that everything may take on top, ms.
const SLACK: u64 = 1000;
/// The client asks so long after a send into silence, at the latest, ms.
const ASKS_AFTER: u64 = 4000;
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
        let wait = self.patience.millis() + socket.in_flight() * 1000 / LEAST_RATE + SLACK;
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
        check_way_out(&self.session.session, self.machine.monotonic(self.now))
    }
}

/// Checks that `disconnect()` and then `connect()` lead to a connection from here, on a network
/// and with a cloud without faults.
pub fn check_way_out(
    session: &tpa_session::session::Session<crate::Message>,
    now: u64,
) -> Result<(), Violation> {
    let mut session = session.clone();
    let now = tpa_session::session::Instant::from_millis(now);
    let connect = Command::Connect {
        session_id: SESSIONS[1].into(),
    };
    session.handle_input(Input::Online, now);
    while session.poll_output().is_some() {}
    let _ = session.command(Command::Disconnect { reason: None }, now);
    let _ = session.command(connect, now);
    while let Some(output) = session.poll_output() {
        match output {
            Output::Prepare(socket) => session.handle_input(Input::Prepared(socket), now),
            Output::Open(socket) => {
                session.handle_input(Input::Opened(socket), now);
                session.handle_input(Input::Control(socket, Control::Ack), now);
            }
            _ => {}
        }
    }
    ensure!(
        session.state() == State::Connected,
        "way out",
        "{:?} after disconnect() and connect()",
        session.state()
    );
    Ok(())
}
