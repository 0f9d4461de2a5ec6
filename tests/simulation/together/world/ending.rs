//! The end of a life: everybody comes to rest, agrees, and leaves.

use std::collections::BTreeMap;

use tpa_cloud::{Target, View};
use tpa_session::session::{Input, Reply, State};

use super::World;
use crate::app::{Ask, KEYS};
use crate::client::Lines;
use crate::invariants::{Broken, ensure};
use crate::together::account::Account;
use crate::together::frames::{LASTING, label, user_of};
use crate::together::lines::CloudEnd;
use crate::world::LONG;

impl World<'_> {
    /// From now on all goes well: everybody gets where they can get.
    pub(super) fn come_to_rest(&mut self) -> Result<(), Broken> {
        self.tell(|| "from now on all goes well".into());
        self.lateness = 0;
        for index in 0..self.clients.len() {
            self.wake_up(index)?;
            let client = &mut self.clients[index];
            client.clock.lateness = 0;
            // Tabs that both want a session which one of them can have would fight for ever.
            client.verdict = None;
            client.lines.heal();
            client.input(Input::Online)?;
        }
        if !self.is_down {
            self.account.clear();
            self.cloud.stop_playing(&Target::All, self.at());
            self.drain_cloud()?;
        }
        self.run_until(self.now + LONG)?;
        for client in &mut self.clients {
            client.check_rest_at_last()?;
        }
        Ok(())
    }

    /// The clients and the cloud say the same of one another.
    pub(super) fn agree(&mut self) -> Result<(), Broken> {
        let mut connected = BTreeMap::new();
        for (index, client) in self.clients.iter().enumerate() {
            let Some(socket) = client.rules.decisions.connection() else {
                let is_over = client.session.state() == State::Stopped;
                ensure!(
                    !is_over || !self.schedule.settings.is_replay,
                    "coming back",
                    "{index} has given up, which it never should"
                );
                continue;
            };
            let session = client.session.session_id().unwrap_or_default().to_owned();
            let end = client.lines.end_of(socket);
            let has_end = matches!(end, CloudEnd::There(id) if self.account.is_member(id));
            // Where nobody pongs, nobody notices that the line is dead.
            let cannot_know = client.lines.is_half_open(socket) && !client.can_notice();
            ensure!(
                has_end || cannot_know,
                "agreement",
                "{index} has {socket:?} to {session}, but the cloud has {end:?}"
            );
            if let CloudEnd::There(id) = end {
                connected.insert(id, session);
            }
        }
        for (id, session) in self.account.members() {
            ensure!(
                connected.get(&id).is_some_and(|known| known == session),
                "agreement",
                "the cloud has {id} for {session}, the clients have {connected:?}"
            );
        }
        self.seen.event("agreements");
        for client in &mut self.clients {
            // No handler is to come between.
            client.app.leave();
        }
        for index in 0..self.clients.len() {
            self.agree_on_display(index)?;
        }
        Ok(())
    }

    /// The last display that a client sends is what is shown.
    fn agree_on_display(&mut self, index: usize) -> Result<(), Broken> {
        let client = &mut self.clients[index];
        let Some(socket) = client.rules.decisions.connection() else {
            return Ok(());
        };
        if !client.lines.is_quiet(socket) || client.session.state() != State::Connected {
            return Ok(());
        }
        let serial = client.app.written() + 1;
        let ask = Ask::Send {
            size: LASTING,
            key: Some(KEYS[0]),
            ttl: None,
        };
        let reply = client.ask(ask)?;
        client.drain()?;
        if reply != Some(Reply::Sent) {
            return Ok(());
        }
        let session = client.session.session_id().unwrap_or_default().to_owned();
        self.run_until(self.now + 600)?;
        let found = Account::shows(&self.cloud, user_of(&session), View::Main);
        let right = label(index, serial);
        ensure!(
            found.as_ref() == Some(&right),
            "agreement",
            "{found:?} is shown, and {right} was sent last"
        );
        self.seen.event("displays that agree");
        Ok(())
    }

    /// The end, after which there is silence.
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        let mut outputs = Vec::new();
        for client in &mut self.clients {
            client.leave()?;
            outputs.push(client.outputs);
        }
        self.run_until(self.now + LONG)?;
        for (client, outputs) in self.clients.iter_mut().zip(outputs) {
            client.check_end(outputs)?;
            client.tally.seeds += 1;
        }
        let left = self.cloud.known();
        ensure!(
            left.is_empty() && self.cloud.socket_count() == 0 && self.account.is_empty(),
            "references",
            "everybody is gone, and the cloud has {left:?}"
        );
        self.account.check_figures(&self.cloud.metrics())?;
        self.seen.lives += 1;
        Ok(())
    }
}
