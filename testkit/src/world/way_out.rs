//! The way out of any state.

use tpa_session::session::{Command, Control, Input, Instant, Output, Session, State};

use super::app::SESSIONS;
use crate::Message;
use crate::model::{Violation, ensure};

/// Checks that `disconnect()` and then `connect()` lead to a connection from here, on a network
/// and with a cloud without faults.
pub fn check_way_out(session: &Session<Message>, now: Instant) -> Result<(), Violation> {
    let mut session = session.clone();
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
