//! End of a run: clients and cloud settle, agree, and disconnect.

use std::collections::BTreeMap;

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::app::{AppCall, KEYS};
use tpa_cloud::{Target, UserSessionId, View};
use tpa_session::session::{Input, Reply, State};

use super::World;
use crate::client::Transport;
use crate::with_cloud::cloud_model::CloudModel;
use crate::with_cloud::frames::{LASTING, label, package_of, user_of};
use crate::with_cloud::schedule::SESSIONS_AT_START;
use crate::with_cloud::transport::CloudEnd;
use crate::world::LONG;

impl World<'_> {
    /// From now on nothing fails: every client gets to where it can get.
    pub(super) fn settle(&mut self) -> Result<(), Violation> {
        self.log(|| "from now on all goes well".into());
        self.lateness = 0;
        for index in 0..self.clients.len() {
            self.wake_up(index)?;
            let client = &mut self.clients[index];
            client.clock.lateness = 0;
            client.clock.grid = 1;
            // Two tabs that insist on the same session would supersede each other forever.
            client.decision = None;
            client.transport.clear_plans();
            client.input(Input::Online)?;
        }
        if !self.is_down {
            self.cloud_model.clear();
            self.cloud.stop_playing(&Target::All, self.at());
            self.drain_cloud()?;
            // Connections of stopped apps are refused.
            for session in SESSIONS_AT_START {
                let user = UserSessionId::new(user_of(session));
                let package = package_of(session);
                self.cloud.start_app(&user, package, None, self.at());
            }
            self.drain_cloud()?;
        }
        self.run_until(self.now + LONG)?;
        for client in &mut self.clients {
            client.check_settled()?;
        }
        Ok(())
    }

    /// Checks that clients and cloud agree on their connections and displays.
    pub(super) fn agree(&mut self) -> Result<(), Violation> {
        let mut connected = BTreeMap::new();
        for (index, client) in self.clients.iter().enumerate() {
            let Some(socket) = client.session.model.lifecycle.connection() else {
                let is_over = client.state() == State::Stopped;
                ensure!(
                    !is_over || !self.schedule.settings.is_replay,
                    "coming back",
                    "{index} has given up, which it never should"
                );
                continue;
            };
            let session = client.session_id().to_owned();
            let end = client.transport.end_of(socket);
            let has_end = matches!(end, CloudEnd::There(id) if self.cloud_model.is_member(id));
            // Without pongs a client cannot notice that the link is dead.
            let cannot_know = client.transport.is_half_open(socket) && !client.can_notice_silence();
            ensure!(
                has_end || cannot_know,
                "agreement",
                "{index} has {socket:?} to {session}, but the cloud has {end:?}"
            );
            if let CloudEnd::There(id) = end {
                connected.insert(id, session);
            }
        }
        for (id, session) in self.cloud_model.members() {
            ensure!(
                connected.get(&id).is_some_and(|known| known == session),
                "agreement",
                "the cloud has {id} for {session}, the clients have {connected:?}"
            );
        }
        self.coverage.event("agreements");
        for client in &mut self.clients {
            // Handlers would make further calls.
            client.app.remove_handlers();
        }
        for index in 0..self.clients.len() {
            self.agree_on_display(index)?;
        }
        Ok(())
    }

    /// Checks that the last display that a client sends is shown.
    fn agree_on_display(&mut self, index: usize) -> Result<(), Violation> {
        let client = &mut self.clients[index];
        let Some(socket) = client.session.model.lifecycle.connection() else {
            return Ok(());
        };
        if !client.transport.is_drained(socket) || client.state() != State::Connected {
            return Ok(());
        }
        let serial = client.app.written() + 1;
        let call = AppCall::Send {
            size: LASTING,
            key: Some(KEYS[0]),
            ttl: None,
        };
        let reply = client.call(call)?;
        client.drain()?;
        if reply != Some(Reply::Sent) {
            return Ok(());
        }
        let session = client.session_id().to_owned();
        self.run_until(self.now + 600)?;
        let found = CloudModel::shows(&self.cloud, user_of(&session), View::Main);
        let expected = label(index, serial);
        ensure!(
            found.as_ref() == Some(&expected),
            "agreement",
            "{found:?} is shown, and {expected} was sent last"
        );
        self.coverage.event("displays that agree");
        Ok(())
    }

    /// Ends all sessions, and checks that they stay silent.
    pub(super) fn end(&mut self) -> Result<(), Violation> {
        let mut outputs = Vec::new();
        for client in &mut self.clients {
            client.leave()?;
            outputs.push(client.outputs);
        }
        self.run_until(self.now + LONG)?;
        for (client, outputs) in self.clients.iter_mut().zip(outputs) {
            client.check_end(outputs)?;
            client.coverage.seeds += 1;
        }
        let left = self.cloud.references();
        ensure!(
            left.is_empty() && self.cloud.socket_count() == 0 && self.cloud_model.is_empty(),
            "references",
            "all clients are gone, and the cloud has {left:?}"
        );
        self.cloud_model.check_figures(&self.cloud.metrics())?;
        self.coverage.runs += 1;
        Ok(())
    }
}
