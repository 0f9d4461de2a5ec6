//! Run loop of the cloud, in place of the server.

use std::sync::Arc;

use testkit::ensure;
use testkit::model::Violation;
use tpa_cloud::{
    ConnectionId, Delivery, Dialect, Event, Fact, Input, Instant, OpenError, Output, WebhookCall,
};
use tpa_session::session::{Close, SocketId};

use super::arrivals::Arrival;
use super::{NAMES, Pending, World, new_cloud};
use crate::with_cloud::cloud_model::CloudModel;
use crate::with_cloud::frames::{self, InvalidFrame};
use crate::with_cloud::transport::{CloudEnd, ToCloud};

/// Response time of a webhook, ms.
const ANSWER: u64 = 50;

impl World<'_> {
    /// Something reaches the cloud.
    pub(super) fn deliver_to_cloud(
        &mut self,
        index: usize,
        socket: SocketId,
        what: ToCloud,
    ) -> Result<(), Violation> {
        self.log(|| format!("{}{socket:?} to the cloud: {what:?}", NAMES[index]));
        let now = self.at();
        let end = self.clients[index].transport.end_of(socket);
        match (end, what) {
            (CloudEnd::Never, ToCloud::Dial) => self.dial(index, socket),
            (CloudEnd::There(id), ToCloud::Frame(frame, text)) => {
                self.add_arrival(id, Arrival::Frame(socket, frame, text.clone()));
                self.cloud.handle_input(id, Input::Text(&text), now);
                self.drain_cloud()
            }
            (CloudEnd::There(id), ToCloud::InvalidFrame(invalid)) => {
                self.handle_invalid(id, invalid);
                self.drain_cloud()
            }
            (CloudEnd::There(id), ToCloud::Pong) => {
                self.coverage.event("pongs");
                self.add_arrival(id, Arrival::Pong);
                self.cloud.handle_input(id, Input::Pong, now);
                self.drain_cloud()
            }
            (CloudEnd::There(id), ToCloud::Close(close)) => {
                self.coverage.event("goodbyes");
                self.handle_close(id, &close)?;
                self.clients[index].transport.answer_goodbye(socket, close);
                self.lose(id)
            }
            (CloudEnd::There(id), ToCloud::Answer(close)) => {
                self.coverage.event("closings answered");
                self.handle_close(id, &close)?;
                self.lose(id)
            }
            (CloudEnd::There(id), ToCloud::Reset) => self.lose(id),
            (CloudEnd::There(_), ToCloud::Dial) | (CloudEnd::Never | CloudEnd::Gone, _) => Ok(()),
        }
    }

    fn dial(&mut self, index: usize, socket: SocketId) -> Result<(), Violation> {
        let transport = &mut self.clients[index].transport;
        if self.is_down {
            self.coverage.event("dials without a cloud");
            transport.refuse(socket);
            return Ok(());
        }
        let now = Instant::from_millis(self.now);
        match self.cloud.open(NAMES[index], Dialect::AugmentOs, now) {
            Ok(id) => {
                transport.accept(socket, id);
                self.owners.insert(id, (index, socket));
                self.cloud_model.opened(id, self.now)?;
            }
            Err(refused) => {
                transport.refuse(socket);
                self.coverage.event(match refused {
                    OpenError::ResetByFault => "dials turned away by a fault",
                    OpenError::TooManyConnections => "dials that were too many",
                });
            }
        }
        self.drain_cloud()
    }

    fn handle_invalid(&mut self, id: ConnectionId, invalid: InvalidFrame) {
        let (now, most) = (self.at(), self.schedule.settings.cloud.max_frame_bytes);
        self.add_arrival(id, Arrival::Invalid(invalid));
        match invalid {
            InvalidFrame::NotJson => self.cloud.handle_input(id, Input::Text("{"), now),
            InvalidFrame::Binary => {
                self.coverage.event("binary frames");
                self.cloud.handle_input(id, Input::Binary(b"sound"), now);
            }
            InvalidFrame::Init => {
                let init = frames::init("ann-org.example.app", "dev-key").to_string();
                self.cloud.handle_input(id, Input::Text(&init), now);
            }
            InvalidFrame::Long => {
                let long = " ".repeat(most + 1);
                self.cloud.handle_input(id, Input::Text(&long), now);
            }
            InvalidFrame::Endless => {
                self.coverage.event("frames too long to read");
                self.cloud.handle_input(id, Input::TooBig, now);
            }
            InvalidFrame::Ping => {
                self.coverage.event("pings of a client");
                self.cloud.handle_input(id, Input::Ping, now);
            }
        }
    }

    fn handle_close(&mut self, id: ConnectionId, close: &Close) -> Result<(), Violation> {
        let input = Input::Closed {
            code: close.code,
            reason: &close.reason,
        };
        self.cloud.handle_input(id, input, self.at());
        self.drain_cloud()
    }

    pub(super) fn answer_webhook(&mut self, call: &WebhookCall) -> Result<(), Violation> {
        if self.is_down {
            return Ok(());
        }
        let agrees = self.now.is_multiple_of(2);
        let answer = if agrees { Ok(()) } else { Err("no".to_owned()) };
        self.cloud.handle_webhook(call, answer, self.at());
        self.drain_cloud()
    }

    /// The cloud's end of a link is gone, and the cloud is told.
    fn lose(&mut self, id: ConnectionId) -> Result<(), Violation> {
        if let Some((index, socket)) = self.owners.remove(&id) {
            self.clients[index].transport.leave(socket, false);
            self.cloud.handle_input(id, Input::Gone, self.at());
            self.carry_out()?;
            self.cloud_model.gone(id);
        }
        self.drain_cloud()
    }

    /// Carries out all outputs of the cloud.
    pub(super) fn drain_cloud(&mut self) -> Result<(), Violation> {
        self.carry_out()?;
        loop {
            // The server reports each socket that it has reset.
            if let Some(id) = self.cut.pop() {
                self.lose(id)?;
            } else if let Some((index, socket)) = self.thawed.last().copied() {
                match self.clients[index].transport.thawed(socket) {
                    Some(what) => {
                        self.coverage.event("frozen connections that speak");
                        self.deliver_to_cloud(index, socket, what)?;
                    }
                    None => drop(self.thawed.pop()),
                }
            } else {
                break;
            }
        }
        self.check()
    }

    fn carry_out(&mut self) -> Result<(), Violation> {
        while let Some(output) = self.cloud.poll_output() {
            self.log(|| format!("<- {}", short(&output)));
            self.cloud_model.output(&output, self.now)?;
            match output {
                Output::Deliver { to, what } => {
                    if let Some(&(index, socket)) = self.owners.get(&to) {
                        let is_ping = what == Delivery::Ping;
                        if !self.clients[index].transport.deliver(socket, what) {
                            self.coverage.event("congested links");
                            let now = self.at();
                            self.cloud.handle_input(to, Input::Congested, now);
                        } else if is_ping {
                            self.coverage.event("pings");
                        }
                    }
                }
                Output::Cut { to } => {
                    if let Some(&(index, socket)) = self.owners.get(&to) {
                        self.clients[index].transport.leave(socket, true);
                        self.cut.push(to);
                    }
                }
                Output::Freeze { to, frozen } => {
                    if let Some(&(index, socket)) = self.owners.get(&to) {
                        self.clients[index].transport.freeze(socket, frozen);
                        if !frozen {
                            self.thawed.push((index, socket));
                        }
                    }
                }
                Output::Webhook(call) => {
                    self.pending.add(self.now + ANSWER, Pending::Webhook(call));
                }
                Output::AppCall(call) => {
                    self.cloud.handle_app_answer(&call, Ok(()), self.at());
                }
                Output::Event(event) => self.observe(&event)?,
            }
        }
        self.settle_arrivals();
        Ok(())
    }

    fn observe(&mut self, event: &Event) -> Result<(), Violation> {
        let fact = &event.fact;
        self.coverage.fact(fact);
        if let (Fact::Message { frame, .. }, Some(who)) = (fact, &event.who) {
            self.observe_message(who.connection_id, frame)?;
        }
        if let (Fact::Closed { .. }, Some(who)) = (fact, &event.who) {
            self.looks_through = true;
            self.ignore_arrivals(who.connection_id);
            if let Some(&(index, socket)) = self.owners.get(&who.connection_id) {
                self.clients[index].transport.over(socket);
            }
        }
        if let Fact::Fault { fault, for_ms, .. } = fact {
            self.faults.push((self.now, fault, *for_ms));
        }
        Ok(())
    }

    /// The cloud's process is gone, with its whole state.
    pub(super) fn stop_cloud(&mut self, tells: bool) {
        for (index, socket) in std::mem::take(&mut self.owners).into_values() {
            self.clients[index].transport.leave(socket, tells);
        }
        self.is_down = true;
        self.arrivals.clear();
        self.cloud_model = CloudModel::new(&self.schedule.settings.cloud);
        self.cloud_model.lateness = self.lateness;
    }

    pub(super) fn end_shutdown(&mut self, number: u64, down: u64) -> Result<(), Violation> {
        if self.is_down || self.number != number {
            return Ok(());
        }
        ensure!(
            self.cloud.socket_count() == 0,
            "shutdown",
            "{} sockets outlive the close timeout",
            self.cloud.socket_count()
        );
        self.stop_cloud(true);
        self.pending.add(self.now + down, Pending::Boot);
        Ok(())
    }

    pub(super) fn boot(&mut self) {
        self.log(|| "a cloud is there".into());
        self.is_down = false;
        self.number += 1;
        self.told = Arc::default();
        self.cloud = new_cloud(self.schedule, self.now, &self.told);
    }
}

/// Short form of an output, for readable traces.
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
