//! What the server does for the cloud: hands it what comes, and carries out what it says.

use std::sync::Arc;

use tpa_cloud::{
    ConnectionId, Delivery, Dialect, Event, Fact, Input, Instant, Output, Refused, WebhookCall,
};
use tpa_session::session::{Close, Outgoing, SocketId};

use super::{Coming, NAMES, World, new_cloud};
use crate::invariants::{Broken, ensure};
use crate::together::account::Account;
use crate::together::frames::{self, Nonsense};
use crate::together::lines::{CloudEnd, ToCloud};

/// How long a webhook takes to answer.
const ANSWER: u64 = 50;

impl World<'_> {
    /// Something gets through to the cloud.
    pub(super) fn tell_cloud(
        &mut self,
        index: usize,
        socket: SocketId,
        what: ToCloud,
    ) -> Result<(), Broken> {
        self.tell(|| format!("{}{socket:?} to the cloud: {what:?}", NAMES[index]));
        let now = self.at();
        let end = self.clients[index].lines.end_of(socket);
        match (end, what) {
            (CloudEnd::Never, ToCloud::Dial) => self.dial(index, socket),
            (CloudEnd::There(id), ToCloud::Frame(frame, text)) => {
                // Before it is handed over: what the cloud does then is up to it.
                let counts = self.account.is_member(id) || frame == Outgoing::Init;
                self.account.read(id, &text, self.now);
                self.cloud.handle_input(id, Input::Text(&text), now);
                let client = &mut self.clients[index];
                if counts {
                    let is_message = matches!(frame, Outgoing::Message(_));
                    client.tally.arrived += u64::from(is_message);
                    client.lines.note(socket, frame)?;
                }
                self.drain_cloud()
            }
            (CloudEnd::There(id), ToCloud::Nonsense(nonsense)) => {
                self.hear_nonsense(id, nonsense);
                self.drain_cloud()
            }
            (CloudEnd::There(id), ToCloud::Pong) => {
                self.seen.event("pongs");
                self.account.ponged();
                self.account.heard(id, self.now);
                self.cloud.handle_input(id, Input::Pong, now);
                self.drain_cloud()
            }
            (CloudEnd::There(id), ToCloud::Goodbye(close)) => {
                self.seen.event("goodbyes");
                self.hear_close(id, &close)?;
                self.clients[index].lines.answer_goodbye(socket, close);
                self.lose(id)
            }
            (CloudEnd::There(id), ToCloud::Answer(close)) => {
                self.seen.event("closings answered");
                self.hear_close(id, &close)?;
                self.lose(id)
            }
            (CloudEnd::There(id), ToCloud::Reset) => self.lose(id),
            (CloudEnd::There(_), ToCloud::Dial) | (CloudEnd::Never | CloudEnd::Gone, _) => Ok(()),
        }
    }

    fn dial(&mut self, index: usize, socket: SocketId) -> Result<(), Broken> {
        let lines = &mut self.clients[index].lines;
        if self.is_down {
            self.seen.event("dials while nobody is there");
            lines.turn_away(socket);
            return Ok(());
        }
        let now = Instant::from_millis(self.now);
        match self.cloud.open(NAMES[index], Dialect::AugmentOs, now) {
            Ok(id) => {
                lines.accept(socket, id);
                self.owners.insert(id, (index, socket));
                self.account.opened(id, self.now)?;
            }
            Err(refused) => {
                lines.turn_away(socket);
                self.seen.event(match refused {
                    Refused::ByFault => "dials turned away by a fault",
                    Refused::TooMany => "dials that were too many",
                });
            }
        }
        self.drain_cloud()
    }

    fn hear_nonsense(&mut self, id: ConnectionId, nonsense: Nonsense) {
        let (now, most) = (self.at(), self.schedule.settings.cloud.max_frame_bytes);
        self.account.heard(id, self.now);
        match nonsense {
            Nonsense::NotJson => self.cloud.handle_input(id, Input::Text("{"), now),
            Nonsense::Binary => {
                self.seen.event("binary frames");
                self.cloud.handle_input(id, Input::Binary(b"sound"), now);
            }
            Nonsense::Init => {
                let init = frames::init("ann-org.example.app", "dev-key").to_string();
                self.cloud.handle_input(id, Input::Text(&init), now);
            }
            Nonsense::Long => {
                let long = " ".repeat(most + 1);
                self.cloud.handle_input(id, Input::Text(&long), now);
            }
            Nonsense::Endless => {
                self.seen.event("frames too long to read");
                self.cloud.handle_input(id, Input::TooBig, now);
            }
            Nonsense::Ping => {
                self.seen.event("pings of a client");
                self.cloud.handle_input(id, Input::Ping, now);
            }
        }
    }

    fn hear_close(&mut self, id: ConnectionId, close: &Close) -> Result<(), Broken> {
        let input = Input::Closed {
            code: close.code,
            reason: &close.reason,
        };
        self.cloud.handle_input(id, input, self.at());
        self.drain_cloud()
    }

    pub(super) fn answer_webhook(&mut self, call: &WebhookCall) -> Result<(), Broken> {
        if self.is_down {
            return Ok(());
        }
        let agrees = self.now.is_multiple_of(2);
        let answer = if agrees { Ok(()) } else { Err("no".to_owned()) };
        self.cloud.handle_webhook(call, answer, self.at());
        self.drain_cloud()
    }

    /// The cloud's end of a line is gone, and the cloud is told so.
    fn lose(&mut self, id: ConnectionId) -> Result<(), Broken> {
        if let Some((index, socket)) = self.owners.remove(&id) {
            self.clients[index].lines.leave(socket, false);
            self.cloud.handle_input(id, Input::Gone, self.at());
            self.carry_out()?;
            self.account.gone(id);
        }
        self.drain_cloud()
    }

    /// The run loop of the cloud, to its end.
    pub(super) fn drain_cloud(&mut self) -> Result<(), Broken> {
        self.carry_out()?;
        loop {
            // The server tells the cloud of each socket that it has reset.
            if let Some(id) = self.cut.pop() {
                self.lose(id)?;
            } else if let Some((index, socket)) = self.thawed.last().copied() {
                match self.clients[index].lines.thawed(socket) {
                    Some(what) => {
                        self.seen.event("frozen connections that speak");
                        self.tell_cloud(index, socket, what)?;
                    }
                    None => drop(self.thawed.pop()),
                }
            } else {
                break;
            }
        }
        self.check()
    }

    fn carry_out(&mut self) -> Result<(), Broken> {
        while let Some(output) = self.cloud.poll_output() {
            self.tell(|| format!("<- {}", short(&output)));
            self.account.output(&output, self.now)?;
            match output {
                Output::Deliver { to, what } => {
                    if let Some(&(index, socket)) = self.owners.get(&to) {
                        let is_ping = what == Delivery::Ping;
                        if !self.clients[index].lines.deliver(socket, what) {
                            self.seen.event("congested lines");
                            let now = self.at();
                            self.cloud.handle_input(to, Input::Congested, now);
                        } else if is_ping {
                            self.seen.event("pings");
                        }
                    }
                }
                Output::Cut { to } => {
                    if let Some(&(index, socket)) = self.owners.get(&to) {
                        self.clients[index].lines.leave(socket, true);
                        self.cut.push(to);
                    }
                }
                Output::Freeze { to, frozen } => {
                    if let Some(&(index, socket)) = self.owners.get(&to) {
                        self.clients[index].lines.freeze(socket, frozen);
                        if !frozen {
                            self.thawed.push((index, socket));
                        }
                    }
                }
                Output::Webhook(call) => {
                    self.coming.add(self.now + ANSWER, Coming::Webhook(call));
                }
                Output::Event(event) => self.see(&event),
            }
        }
        Ok(())
    }

    fn see(&mut self, event: &Event) {
        let fact = &event.fact;
        self.seen.fact(fact);
        if let (Fact::Closed { .. }, Some(who)) = (fact, &event.who) {
            self.looks_through = true;
            if let Some(&(index, socket)) = self.owners.get(&who.connection_id) {
                self.clients[index].lines.over(socket);
            }
        }
        if let Fact::Fault { fault, for_ms, .. } = fact {
            self.faults.push((self.now, fault, *for_ms));
        }
    }

    /// The cloud's process is gone, and with it all that it knew.
    pub(super) fn lose_cloud(&mut self, tells: bool) {
        for (index, socket) in std::mem::take(&mut self.owners).into_values() {
            self.clients[index].lines.leave(socket, tells);
        }
        self.is_down = true;
        self.account = Account::new(&self.schedule.settings.cloud);
        self.account.lateness = self.lateness;
    }

    pub(super) fn end_shutdown(&mut self, number: u64, down: u64) -> Result<(), Broken> {
        if self.is_down || self.number != number {
            return Ok(());
        }
        ensure!(
            self.cloud.socket_count() == 0,
            "shutdown",
            "{} sockets outlive the close timeout",
            self.cloud.socket_count()
        );
        self.lose_cloud(true);
        self.coming.add(self.now + down, Coming::Boot);
        Ok(())
    }

    pub(super) fn boot(&mut self) {
        self.tell(|| "a cloud is there".into());
        self.is_down = false;
        self.number += 1;
        self.told = Arc::default();
        self.cloud = new_cloud(self.schedule, self.now, &self.told);
    }
}

/// An output in so few words that a story can be read.
fn short(output: &Output) -> String {
    let mut text = match output {
        Output::Event(event) => {
            let who = event.who.as_ref().map(|who| who.connection_id.to_string());
            format!("{:?} of {who:?}", event.fact)
        }
        other => format!("{other:?}"),
    };
    let end = (0..=text.len().min(160))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    text
}
