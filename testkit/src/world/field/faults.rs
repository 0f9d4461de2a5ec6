//! Faults of the field world.

use tpa_session::session::{Input, WakeHint};

use super::line::Line;
use super::machine::{Running, Timers};
use super::pongs::Pongs;
use super::{Due, World};
use crate::closures::Closure;
use crate::model::Violation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing gets through on the current connection any more, in these directions.
    Forget {
        up: bool,
        down: bool,
    },
    /// Nothing gets through for a while, and dials meet silence.
    Silence(u64),
    /// The cloud does nothing for a while.
    Stall(u64),
    /// The cloud closes the connection.
    Close(Closure),
    /// The connection is reset.
    Reset,
    /// The cloud refuses dials for a while.
    Refuse(u64),
    /// Rates of the line, in bytes a second.
    Rates {
        up: u64,
        down: u64,
    },
    Timers(Timers),
    /// No code runs for a while.
    Freeze(u64),
    Sleep(u64, Running),
    /// The monotonic clock stands still, or runs again.
    ClockStands(bool),
    /// The monotonic clock advances by so many milliseconds at once, or goes back.
    ClockJumps(i64),
    /// `onLine` changes.
    Online(bool),
    /// `onLine` changes every so many milliseconds, for a while.
    Flap {
        every: u64,
        time: u64,
    },
    /// The runtime reports that the connection may have died.
    Wake(WakeHint),
    /// From now on protocol pings come at this interval.
    ProtocolPings(Option<u64>),
    /// Another app writes to the display.
    OtherWriter,
}

impl World {
    pub fn fault(&mut self, fault: Fault) -> Result<(), Violation> {
        self.thaw()?;
        self.log(|| format!("{fault:?}"));
        let (id, now) = (self.socket(), self.now);
        match fault {
            Fault::Forget { up, down } => {
                let on_time = self.machine.on_time();
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.kill((up, down), on_time);
                }
            }
            Fault::Silence(time) => {
                self.line.silence(now, time);
                self.disturb();
            }
            Fault::Stall(time) => {
                self.cloud.stalled_until = self.cloud.stalled_until.max(now + time);
                self.disturb();
            }
            Fault::Close(closure) => self.close_from_cloud(id, closure.close()),
            Fault::Reset => self.lose(id)?,
            Fault::Refuse(time) => self.cloud.refuses_until = now + time,
            Fault::Rates { up, down } => (self.line.up, self.line.down) = (up, down),
            Fault::Timers(timers) => self.machine.timers = timers,
            Fault::Freeze(time) => {
                self.machine.timers_first = self.rng.bool();
                self.machine.freeze(now, time);
                self.disturb();
            }
            Fault::Sleep(time, running) => {
                self.machine.timers_first = self.rng.bool();
                self.machine.sleep(now, time, running);
                if matches!(running, Running::Wall | Running::Neither)
                    && let Some(timer) = &mut self.timer
                {
                    timer.at += time;
                }
                self.line.silence(now, time);
                self.disturb();
            }
            Fault::ClockStands(stands) => self.machine.stand(now, stands),
            Fault::ClockJumps(by) => self.machine.jump(by),
            Fault::Online(online) => {
                self.input(if online {
                    Input::Online
                } else {
                    Input::Offline
                })?;
            }
            Fault::Flap { every, time } => self.agenda.add(
                now,
                Due::Flap {
                    online: false,
                    every,
                    until: now + time,
                },
            ),
            Fault::Wake(hint) => self.input(Input::Wake(hint))?,
            Fault::ProtocolPings(every) => self.cloud.protocol_pings = every,
            Fault::OtherWriter => self.agenda.add(now, Due::OtherWriter),
        }
        Ok(())
    }

    /// Ends all faults but those of connections that are dead.
    pub fn heal(&mut self) -> Result<(), Violation> {
        self.thaw()?;
        let now = self.now;
        self.line = Line::GOOD;
        self.setup.terminates = true;
        self.healed = true;
        self.cloud.stalled_until = now;
        self.cloud.refuses_until = now;
        self.cloud.refused = None;
        self.cloud.pongs = vec![Pongs::Always];
        for socket in self.sockets.values_mut() {
            socket.pongs = Pongs::Always;
        }
        self.machine.timers = Timers::OnTime;
        self.machine.stand(now, false);
        self.input(Input::Online)
    }

    /// True if the line, the cloud or the machine stands still.
    pub(super) const fn is_disturbed(&self) -> bool {
        let now = self.now;
        now < self.line.silent_until
            || now < self.cloud.stalled_until
            || self.machine.is_frozen(now)
    }

    fn disturb(&mut self) {
        for socket in self.sockets.values_mut() {
            socket.disturbed = true;
        }
    }
}

impl Fault {
    /// The flow is forgotten in both directions.
    pub const FORGET: Self = Self::Forget {
        up: true,
        down: true,
    };
}
