//! Run loop of the core's contract.

use tpa_session::session::{
    Clock, Event, Input, Instant, LIVENESS_TIMEOUT, NO_CLOSE_FRAME, Outgoing, Output, SocketId,
};

use super::socket::{Phase, Socket};
use super::wire::{self, Up};
use super::{Armed, World, apps::Habit};
use crate::Message;
use crate::model::{Violation, ensure};
use crate::world::app::AppCall;

/// Limit on the outputs of one call, apart from messages.
const MAX_OUTPUTS: usize = 12_000;

impl World {
    pub fn call(&mut self, call: AppCall) -> Result<(), Violation> {
        self.thaw()?;
        let message = match call {
            AppCall::Send { size, key, .. } => Some(self.app.write(size, key)),
            _ => None,
        };
        let buffered = self.buffered();
        let Some(command) = call.command(message, buffered) else {
            return Ok(());
        };
        let now = self.instant();
        self.log(|| format!("{call:?}"));
        if self.setup.checked {
            let (reply, _) = self.session.command(command, now)?;
            self.log(|| format!("  -> {reply:?}"));
        } else {
            let _ = self.session.session.command(command, now);
        }
        self.drain()
    }

    pub fn input(&mut self, input: Input) -> Result<(), Violation> {
        self.handle(input)?;
        self.drain()
    }

    fn handle(&mut self, input: Input) -> Result<(), Violation> {
        let now = self.instant();
        self.log(|| format!("-> {input:?}"));
        if self.setup.checked {
            self.session.input(input, now)?;
        } else {
            self.session.session.handle_input(input, now);
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Violation> {
        for _ in 0..MAX_OUTPUTS {
            let Some(output) = self.session.poll_output() else {
                self.arm();
                return if self.setup.checked {
                    self.session.check_rest()
                } else {
                    Ok(())
                };
            };
            self.log(|| format!("  <- {output:?}"));
            if self.setup.checked {
                let is_exact = self
                    .setup
                    .pongs
                    .iter()
                    .all(|pongs| pongs.unasked().is_none());
                let cloud = &self.cloud;
                let received = |socket, serial| !is_exact || cloud.has(socket, serial);
                self.session.check_output(&output, &received)?;
            }
            self.execute(output)?;
        }
        ensure!(false, "memory", "one call caused {MAX_OUTPUTS} outputs");
        Ok(())
    }

    fn execute(&mut self, output: Output<Message>) -> Result<(), Violation> {
        match output {
            Output::Prepare(socket) => self.handle(Input::Prepared(socket)),
            Output::Open(socket) => {
                self.dial(socket);
                Ok(())
            }
            Output::Transmit(socket, frame) => {
                self.transmit(socket, frame);
                Ok(())
            }
            Output::Close(socket, close) => {
                if close.code == LIVENESS_TIMEOUT {
                    self.patience.gave_up();
                }
                self.give_up(socket);
                Ok(())
            }
            Output::AskShouldReconnect(_) => self.handle(Input::ShouldReconnect(None)),
            Output::Emit(event) => {
                self.emit(&event);
                Ok(())
            }
            Output::Settle(..) | Output::Flushed(..) => Ok(()),
        }
    }

    fn emit(&mut self, event: &Event<Message>) {
        let alive = self.sockets.get(&self.socket());
        let alive = alive.is_some_and(|socket| !socket.is_dead() && !socket.disturbed);
        self.record.event(event, self.now, alive);
    }

    fn dial(&mut self, id: SocketId) {
        self.record.dials.push(self.now);
        self.ponged_before = self
            .sockets
            .values()
            .last()
            .map_or(self.ponged_before, |s| s.ponged);
        let mut socket = Socket::new(self.cloud.next_pongs());
        socket.disturbed = self.is_disturbed();
        if !self.setup.terminates {
            for older in self.sockets.values() {
                socket.up.follow(&older.up);
            }
        }
        self.sockets.retain(|_, socket| !socket.is_gone());
        self.sockets.insert(id, socket);
        self.push_up(id, Up::Syn);
    }

    fn transmit(&mut self, id: SocketId, frame: Outgoing<Message>) {
        let on_time = self.machine.on_time();
        let now = self.now;
        if wire::ping(&frame).is_some() {
            self.record.pings.push(now);
        }
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.phase != Phase::Open {
            return;
        }
        if let Some(ping) = wire::ping(&frame) {
            socket.ping(ping, now);
        }
        let is_message = matches!(frame, Outgoing::Message(_));
        socket.hand(wire::payload(&frame), is_message, on_time);
        self.push_up(id, Up::Frame(frame));
    }

    fn give_up(&mut self, id: SocketId) {
        let terminates = self.setup.terminates;
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.phase != Phase::Closed {
            socket.phase = Phase::Closed;
            if terminates {
                socket.up.clear();
            }
            self.push_up(id, Up::Goodbye);
        }
    }

    pub(super) fn push_up(&mut self, id: SocketId, up: Up) {
        let delay = self.line.delay(&mut self.rng);
        let link = (self.now, self.line.up, delay);
        if let Some(socket) = self.sockets.get_mut(&id) {
            let size = up.size();
            socket.up.push(up, size, link);
        }
    }

    /// Fires the timer.
    pub(super) fn alarm(&mut self) -> Result<(), Violation> {
        self.reported = 0;
        if let Some((socket, at)) = self.data.take() {
            self.input(Input::Activity(socket, at))?;
        }
        let raw = self.machine.monotonic(self.now);
        let mut is_conclusive = true;
        if let Some(timer) = self.timer.take() {
            is_conclusive = self.clock.fired(raw, timer.armed_for);
        }
        self.clock.turned();
        self.input(Input::WallClock(self.machine.wall(self.now)))?;
        if let Some(held) = self.buffered() {
            self.input(Input::Buffered(self.socket(), held))?;
        }
        if !is_conclusive {
            self.input(Input::ClockJumped)?;
        }
        self.input(Input::Timeout)
    }

    /// The cloud, or the line to it, ended the connection.
    pub(super) fn lose(&mut self, id: SocketId) -> Result<(), Violation> {
        let close = tpa_session::session::Close::new(NO_CLOSE_FRAME, "");
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.phase = Phase::Closed;
        }
        self.input(Input::Closed(id, close))
    }

    /// The app sends its next message.
    pub(super) fn send_next(&mut self) -> Result<Option<u64>, Violation> {
        let Some((call, every)) = Habit::message(self.setup.habit) else {
            return Ok(None);
        };
        self.call(call)?;
        Ok(Some(every))
    }

    fn buffered(&mut self) -> Option<u32> {
        let (gauge, kernel) = (self.setup.gauge, self.line.kernel);
        let id = self.socket();
        self.sockets.get_mut(&id)?.buffered(gauge, kernel)
    }

    pub(super) fn instant(&mut self) -> Instant {
        self.clock.read(self.machine.monotonic(self.now))
    }

    /// Arms the timer for the next deadline, unless it is armed for it.
    fn arm(&mut self) {
        let due = self.session.session.poll_timeout().map(|(due, _)| due);
        if self.timer.map(|timer| timer.due) == due {
            return;
        }
        let now = self.instant();
        self.timer = due.map(|due| {
            let (armed_for, wait) = Clock::arm(now, due);
            let at = self.now + wait.as_millis();
            Armed { due, armed_for, at }
        });
    }
}
