//! Frames between their arrival at the cloud's end and the cloud's handling, which its faults may
//! delay.

use std::collections::VecDeque;

use serde_json::Value;
use testkit::Message;
use testkit::ensure;
use testkit::model::Violation;
use tpa_cloud::ConnectionId;
use tpa_session::session::{Outgoing, SocketId};

use super::World;
use crate::with_cloud::frames::InvalidFrame;

/// A frame that has arrived.
#[derive(Debug)]
pub enum Arrival {
    Frame(SocketId, Outgoing<Message>, String),
    Invalid(InvalidFrame),
    Pong,
}

impl Arrival {
    /// Type in the event that the cloud reports for the frame, if it reports one.
    fn reported_as(&self) -> Option<String> {
        match self {
            Self::Frame(_, _, text) => {
                let frame: Value = serde_json::from_str(text).expect("a frame");
                Some(frame["type"].as_str().expect("a type").to_owned())
            }
            Self::Invalid(InvalidFrame::Binary) => Some("binary".to_owned()),
            Self::Invalid(InvalidFrame::Init) => Some("tpa_connection_init".to_owned()),
            Self::Invalid(
                InvalidFrame::NotJson
                | InvalidFrame::Long
                | InvalidFrame::Endless
                | InvalidFrame::Ping,
            )
            | Self::Pong => None,
        }
    }
}

impl World<'_> {
    /// A frame arrives, and is about to be passed to the cloud.
    pub(super) fn add_arrival(&mut self, id: ConnectionId, arrival: Arrival) {
        self.arrivals.entry(id).or_default().push_back(arrival);
    }

    /// The cloud reports that it handles a frame: the next one that it reports.
    pub(super) fn observe_message(
        &mut self,
        id: ConnectionId,
        frame: &str,
    ) -> Result<(), Violation> {
        loop {
            let arrival = self.arrivals.get_mut(&id).and_then(VecDeque::pop_front);
            let Some(arrival) = arrival else {
                let detail = format!("{id} did not send {frame}");
                let rule = "order";
                return Err(Violation { rule, detail });
            };
            let Some(reported) = arrival.reported_as() else {
                self.handled(id, &arrival);
                continue;
            };
            ensure!(
                reported == frame,
                "order",
                "{frame} of {id} is handled before {reported}"
            );
            return match arrival {
                Arrival::Frame(socket, frame, text) => self.frame_handled(id, socket, frame, &text),
                Arrival::Invalid(_) | Arrival::Pong => {
                    self.handled(id, &arrival);
                    Ok(())
                }
            };
        }
    }

    /// The cloud has ended a connection, and ignores what has arrived.
    pub(super) fn ignore_arrivals(&mut self, id: ConnectionId) {
        let arrivals = self.arrivals.remove(&id).unwrap_or_default();
        let unknown = arrivals
            .iter()
            .take_while(|arrival| arrival.reported_as().is_none())
            .filter(|arrival| matches!(arrival, Arrival::Pong));
        self.cloud_model.figures.pongs_at_end += unknown.count() as u64;
    }

    /// Settles the frames that the cloud handles without a report.
    pub(super) fn settle_arrivals(&mut self) {
        let mut handled = Vec::new();
        for (id, arrivals) in &mut self.arrivals {
            let count = arrivals.len() - self.cloud.held_arrivals(*id);
            handled.extend(arrivals.drain(..count).map(|arrival| (*id, arrival)));
        }
        self.arrivals.retain(|_, arrivals| !arrivals.is_empty());
        for (id, arrival) in handled {
            self.handled(id, &arrival);
        }
        for (id, (index, socket)) in &self.owners {
            let is_held = self.arrivals.contains_key(id);
            self.clients[*index].transport.hold(*socket, is_held);
        }
    }

    fn handled(&mut self, id: ConnectionId, arrival: &Arrival) {
        match arrival {
            Arrival::Pong => {
                self.cloud_model.ponged();
                self.cloud_model.heard(id, self.now);
            }
            Arrival::Invalid(_) => self.cloud_model.heard(id, self.now),
            Arrival::Frame(..) => {}
        }
    }

    fn frame_handled(
        &mut self,
        id: ConnectionId,
        socket: SocketId,
        frame: Outgoing<Message>,
        text: &str,
    ) -> Result<(), Violation> {
        let counts = self.cloud_model.is_member(id) || frame == Outgoing::Init;
        self.cloud_model.read(id, text, self.now);
        if let Some(&(index, _)) = self.owners.get(&id)
            && counts
        {
            let client = &mut self.clients[index];
            client.coverage.arrived += u64::from(matches!(frame, Outgoing::Message(_)));
            client.transport.note(socket, frame)?;
        }
        Ok(())
    }
}
