//! Frames that faults hold, in both directions.

use super::{Cloud, Input};
use crate::identity::ConnectionId;
use crate::lane::Passage;
use crate::output::{Delivery, Output};
use crate::timers::Timer;
use crate::transport::Arrival;

impl Cloud {
    /// Holds or loses an input if a fault affects the connection's way to the cloud. Returns false
    /// if the input is to be handled now.
    pub(super) fn is_held(&mut self, from: ConnectionId, input: &Input<'_>) -> bool {
        let now = self.context.now();
        let Some(transport) = self.context.transports.get_mut(from) else {
            return false;
        };
        if transport.is_closed() || transport.up.is_clear(now) {
            return false;
        }
        let (arrival, length) = match input {
            Input::Text(text) => (Arrival::Text((*text).to_owned()), text.len()),
            Input::Binary(bytes) => (Arrival::Binary(bytes.to_vec()), bytes.len()),
            Input::Ping => (Arrival::Ping, 0),
            Input::Pong => (Arrival::Pong, 0),
            Input::Closed { .. } => {
                self.handle_held(from);
                return false;
            }
            Input::TooBig | Input::Congested | Input::Overrun | Input::Gone => return false,
        };
        let max_bytes = self.context.config.max_send_buffer_bytes;
        let cost = length + Delivery::OVERHEAD;
        match transport.up.pass(arrival, cost, now, max_bytes, false) {
            Passage::Now(_) => return false,
            Passage::Held(until) => {
                if !self.context.timers.is_set(&Timer::Arrive(from)) {
                    self.context.timers.set(Timer::Arrive(from), until);
                }
            }
            Passage::Full => self.overflow(from, "receive buffer full"),
            Passage::Lost => {}
        }
        true
    }

    /// Handles the held frames of a peer that are due.
    pub(super) fn handle_arrivals(&mut self, id: ConnectionId) {
        let now = self.context.now();
        while let Some(transport) = self.context.transports.get_mut(id) {
            let Some(arrival) = transport.up.release(now) else {
                if let Some(due) = transport.up.next_release() {
                    self.context.timers.set(Timer::Arrive(id), due);
                }
                return;
            };
            let input = match &arrival {
                Arrival::Text(text) => Input::Text(text),
                Arrival::Binary(bytes) => Input::Binary(bytes),
                Arrival::Ping => Input::Ping,
                Arrival::Pong => Input::Pong,
            };
            self.handle_arrived(id, input);
        }
    }

    /// Handles the frames that a peer has sent before its close frame.
    fn handle_held(&mut self, id: ConnectionId) {
        let now = self.context.now();
        let transport = self.context.transports.get_mut(id);
        if transport.is_some_and(|transport| transport.up.clear(now)) {
            self.handle_arrivals(id);
        }
    }

    /// Sends the held frames that are due.
    pub(super) fn release(&mut self, id: ConnectionId) {
        let now = self.context.now();
        while let Some(transport) = self.context.transports.get_mut(id) {
            let Some(what) = transport.down.release(now) else {
                if let Some(due) = transport.down.next_release() {
                    self.context.timers.set(Timer::Release(id), due);
                }
                return;
            };
            self.context.push(Output::Deliver { to: id, what });
        }
    }
}
