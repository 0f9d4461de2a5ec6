//! Everything that happens at a time: timers, frames that arrive, the cloud and the app.

use tpa_session::session::{
    Close, Control, Input, LIVENESS_TIMEOUT, NO_CLOSE_FRAME, Outgoing, SocketId,
};

use super::socket::Phase;
use super::wire::{self, Down, Up};
use super::{Due, World};
use crate::Message;
use crate::model::Violation;

/// Interval of the frames of a stream, ms.
const TALK: u64 = 1000;
/// Interval at which the cloud looks for silent connections, and the silence that it bears, ms.
const HEALTH: u64 = 15_000;
const STALE: u64 = 45_000;

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Alarm,
    Up(SocketId),
    Down(SocketId),
    Agenda,
}

impl World {
    /// What happens next, and when.
    pub(super) fn next(&self) -> Option<(u64, Next)> {
        let alarm = self.timer.map(|timer| self.machine.alarm(timer.at));
        let mut first: Option<(u64, Next)> = None;
        let mut offer = |at: Option<u64>, what| {
            let at = at.map(|at| at.max(self.now));
            if let Some(at) = at
                && first.is_none_or(|(before, _)| at < before)
            {
                first = Some((at, what));
            }
        };
        if self.machine.timers_first {
            offer(alarm, Next::Alarm);
        }
        for (&id, socket) in &self.sockets {
            offer(socket.up.next(), Next::Up(id));
            let down = socket.down.next();
            offer(down.map(|at| self.machine.event(at)), Next::Down(id));
        }
        offer(self.agenda.next(), Next::Agenda);
        offer(alarm, Next::Alarm);
        first
    }

    pub(super) fn serve(&mut self, what: Next) -> Result<(), Violation> {
        match what {
            Next::Alarm => self.alarm(),
            Next::Up(id) => {
                self.arrive_up(id);
                Ok(())
            }
            Next::Down(id) => self.arrive_down(id),
            Next::Agenda => match self.agenda.take() {
                Some(due) => self.serve_due(due),
                None => Ok(()),
            },
        }
    }

    /// The first frame of a socket gets to the cloud, unless it is lost or has to wait.
    fn arrive_up(&mut self, id: SocketId) {
        let (now, line) = (self.now, self.line);
        let stalled = self.cloud.stalled_until;
        let backlog = self.rng.u64(0..=self.cloud.backlog);
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let dials = socket.up.front() == Some(&Up::Syn);
        if line.is_silent(now) {
            return socket.up.lose(now, line.silent_until, dials);
        }
        if !dials && stalled > now {
            return socket.up.hold(stalled + backlog);
        }
        let Some(up) = socket.up.pop() else {
            return;
        };
        socket.cloud_heard = now;
        let answer = match up {
            Up::Syn if now < self.cloud.refuses_until => {
                Some(Down::Closed(Close::new(NO_CLOSE_FRAME, "")))
            }
            Up::Syn => Some(Down::SynAck),
            Up::Upgrade => Some(Down::Opened),
            Up::Goodbye => {
                socket.cloud_open = false;
                None
            }
            Up::Frame(frame) if socket.cloud_open => self.receive(id, &frame),
            Up::Frame(_) => None,
        };
        if let Some(answer) = answer {
            self.push_down(id, answer);
        }
    }

    /// The cloud handles a frame. Returns its answer.
    fn receive(&mut self, id: SocketId, frame: &Outgoing<Message>) -> Option<Down> {
        self.log(|| format!("the cloud has {frame:?} on {id:?}"));
        let socket = self.sockets.get_mut(&id)?;
        if let Some(refused) = &mut self.cloud.refused
            && refused.refuses(frame)
        {
            socket.cloud_open = false;
            return Some(Down::Closed(refused.closure.close()));
        }
        if let Some(ping) = wire::ping(frame) {
            let before = socket.pings_received;
            socket.pings_received += 1;
            let after = socket.pongs.answer(before)?;
            self.agenda.add(self.now + after, Due::Pong(id, Some(ping)));
            return None;
        }
        match frame {
            Outgoing::Init => {
                socket.pongs = self.cloud.next_pongs();
                socket.acknowledged = true;
                let unasked = socket.pongs.unasked();
                if let Some(every) = unasked {
                    self.agenda.add(self.now + every, Due::Unasked(id));
                }
                self.cloud.connections += 1;
                self.supersede(id);
                self.agenda.add(self.now + HEALTH, Due::Health(id));
                self.agenda.add(self.now + HEALTH, Due::ProtocolPing(id));
                Some(Down::Control(Control::Ack))
            }
            Outgoing::Subscriptions(streams) => {
                if !streams.is_empty() && !std::mem::replace(&mut socket.talks, true) {
                    let first = self.rng.u64(..TALK);
                    self.agenda.add(self.now + first, Due::Talk(id));
                }
                None
            }
            Outgoing::Message(message) => {
                self.cloud.receive(message.serial, id);
                None
            }
            _ => None,
        }
    }

    /// Closes older connections of the session.
    fn supersede(&mut self, id: SocketId) {
        let older: Vec<_> = self.sockets.range(..id).map(|(&id, _)| id).collect();
        for id in older {
            self.close_from_cloud(id, Close::new(4009, "Superseded by another connection"));
        }
    }

    /// The cloud closes a connection.
    pub(super) fn close_from_cloud(&mut self, id: SocketId, close: Close) {
        if let Some(socket) = self.sockets.get_mut(&id)
            && std::mem::replace(&mut socket.cloud_open, false)
        {
            self.push_down(id, Down::Closed(close));
        }
    }

    pub(super) fn push_down(&mut self, id: SocketId, down: Down) {
        let delay = self.line.delay(&mut self.rng);
        let link = (self.now, self.line.down, delay);
        if let Some(socket) = self.sockets.get_mut(&id) {
            let size = down.size();
            socket.down.push(down, size, link);
        }
    }

    /// The first frame of a socket gets to the client, unless it is lost.
    fn arrive_down(&mut self, id: SocketId) -> Result<(), Violation> {
        let (now, line) = (self.now, self.line);
        let on_time = self.machine.on_time();
        let Some(socket) = self.sockets.get_mut(&id) else {
            return Ok(());
        };
        if line.is_silent(now) {
            socket.down.lose(now, line.silent_until, false);
            return Ok(());
        }
        let Some(down) = socket.down.pop() else {
            return Ok(());
        };
        if socket.phase == Phase::Closed {
            return Ok(());
        }
        match down {
            Down::SynAck => {
                self.push_up(id, Up::Upgrade);
                Ok(())
            }
            Down::Opened => {
                socket.phase = Phase::Open;
                self.input(Input::Opened(id))
            }
            Down::Control(control) => {
                let pong = wire::pong_id(&control);
                socket.hear(pong.is_none(), now, on_time);
                if let Some(pong) = pong
                    && let Some((round_trip, bytes)) = socket.pong(pong, now, on_time)
                {
                    self.patience.answered(round_trip, bytes, now);
                }
                self.input(Input::Control(id, control))
            }
            Down::Data => {
                socket.hear(true, now, on_time);
                let at = self.instant();
                self.data = Some((id, at));
                if self.reported == 3 {
                    return Ok(());
                }
                self.reported += 1;
                self.input(Input::Activity(id, at))
            }
            Down::ProtocolPing => {
                socket.hear(false, now, on_time);
                let at = self.instant();
                self.input(Input::ProtocolPing(id, at))
            }
            Down::Closed(close) => {
                socket.phase = Phase::Closed;
                self.input(Input::Closed(id, close))
            }
        }
    }

    fn serve_due(&mut self, due: Due) -> Result<(), Violation> {
        let now = self.now;
        match due {
            Due::App => {
                let at = self.machine.event(now);
                if at > now {
                    self.agenda.add(at, due);
                } else if let Some(every) = self.send_next()? {
                    self.agenda.add(now + every, due);
                }
            }
            Due::Flap {
                online,
                every,
                until,
            } => {
                let at = self.machine.event(now);
                if at > now {
                    self.agenda.add(at, due);
                    return Ok(());
                }
                let again = Due::Flap {
                    online: !online,
                    every,
                    until,
                };
                if self.healed {
                    return Ok(());
                }
                if now < until {
                    self.agenda.add(now + every, again);
                }
                self.input(if online {
                    Input::Online
                } else {
                    Input::Offline
                })?;
            }
            Due::OtherWriter => self.cloud.display = None,
            Due::Talk(id)
            | Due::Pong(id, _)
            | Due::Unasked(id)
            | Due::Health(id)
            | Due::ProtocolPing(id) => {
                if now < self.cloud.stalled_until {
                    self.agenda.add(self.cloud.stalled_until, due);
                } else {
                    self.act(id, due);
                }
            }
        }
        Ok(())
    }

    /// The cloud does something about a connection by itself.
    fn act(&mut self, id: SocketId, due: Due) {
        let now = self.now;
        let Some(socket) = self.sockets.get(&id).filter(|socket| socket.cloud_open) else {
            return;
        };
        match due {
            Due::Talk(_) => {
                self.push_down(id, Down::Data);
                self.agenda.add(now + TALK, due);
            }
            Due::Pong(_, ping) => self.push_down(id, Down::Control(wire::pong(ping))),
            Due::Unasked(_) => {
                let every = socket.pongs.unasked();
                self.push_down(id, Down::Control(wire::pong(None)));
                if let Some(every) = every {
                    self.agenda.add(now + every, due);
                }
            }
            Due::ProtocolPing(_) => {
                if self.cloud.protocol_pings.is_some() {
                    self.push_down(id, Down::ProtocolPing);
                }
                let every = self.cloud.protocol_pings.unwrap_or(HEALTH);
                self.agenda.add(now + every, due);
            }
            Due::Health(_) => {
                if self.cloud.drops_silent && socket.cloud_heard + STALE <= now {
                    self.close_from_cloud(id, Close::new(LIVENESS_TIMEOUT, "No sign of life"));
                } else {
                    self.agenda.add(now + HEALTH, due);
                }
            }
            Due::App | Due::Flap { .. } | Due::OtherWriter => {}
        }
    }
}
