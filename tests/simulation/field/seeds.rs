//! Random worlds, each determined by a seed.

use std::fmt;

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::app::{AppCall, SESSIONS};
use testkit::world::field::culprit::Refused;
use testkit::world::field::faults::Fault;
use testkit::world::field::{Setup, World};
use tpa_session::session::{Delivery, Input, LIVENESS_TIMEOUT, State};

use super::generator;
use crate::client::Trace;
use crate::coverage::Counts;
use crate::runner::{Plan, Sum};
use crate::schedule::{Kind, Schedule};

/// Longer than any attempt, wait or pong, in milliseconds.
const LONG: u64 = 180_000;
/// Longest time from `connect()` to the ack where nothing fails, ms.
const HANDSHAKE: u64 = 2000;

#[derive(Clone, Debug)]
pub struct Field;

#[derive(Clone)]
pub struct Settings {
    pub setup: Setup,
    pub drops_silent: bool,
    pub backlog: u64,
    pub offline_at_start: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setup = &self.setup;
        let Setup { config, line, .. } = setup;
        write!(
            f,
            "{:?}, {:?}, {line:?}, {:?}, terminates: {}, pongs: {:?}, attempts: {:?}, drops_silent: {}, backlog: {}, offline: {}",
            setup.habit,
            config.delivery,
            setup.gauge,
            setup.terminates,
            setup.pongs,
            config.max_reconnect_attempts,
            self.drops_silent,
            self.backlog,
            self.offline_at_start
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Fault(Fault),
    /// From now on the cloud refuses a frame.
    Refuse(Refused),
    Call(AppCall),
}

impl Kind for Field {
    type Settings = Settings;
    type Action = Action;
}

impl Plan for Schedule<Field> {
    type Sum = Coverage;

    fn of(seed: u64) -> Self {
        generator::schedule(seed)
    }

    fn run(&self, trace: Trace, sum: &mut Coverage) -> Result<(), Violation> {
        let mut world = World::new(self.settings.setup.clone());
        world.trace = trace.is_some().then(Vec::new);
        world.cloud.drops_silent = self.settings.drops_silent;
        world.cloud.backlog = self.settings.backlog;
        let outcome = self.play(&mut world).and_then(|()| end(&mut world));
        let outcome = outcome.and_then(|()| self.check_arrivals(&world));
        sum.add(self, &world);
        if let (Some(trace), Some(lines)) = (trace, world.trace) {
            trace.borrow_mut().extend(lines);
        }
        outcome
    }
}

impl Schedule<Field> {
    fn play(&self, world: &mut World) -> Result<(), Violation> {
        if self.settings.offline_at_start {
            world.input(Input::Offline)?;
        }
        world.start()?;
        for step in &self.steps {
            world.run_for(step.wait)?;
            match step.action {
                Action::Fault(fault) => world.fault(fault)?,
                Action::Refuse(refused) => world.cloud.refused = Some(refused),
                Action::Call(call) => world.call(call)?,
            }
        }
        world.run_for(LONG / 2)
    }

    /// Checks that no message arrives more often than it may: state is sent again once, and
    /// messages that must arrive are sent again on each connection.
    fn check_arrivals(&self, world: &World) -> Result<(), Violation> {
        let resends = self.settings.setup.config.delivery == Delivery::AtLeastOnce;
        let most = if resends {
            world.record.connected.len()
        } else {
            2
        };
        for serial in 1..=world.written() {
            let arrivals = world.cloud.arrivals(serial);
            ensure!(
                arrivals <= most,
                "messages",
                "{serial} arrived {arrivals} times"
            );
        }
        Ok(())
    }
}

/// From now on nothing fails: the session gets to where it can get. Then it ends, and starts
/// again.
fn end(world: &mut World) -> Result<(), Violation> {
    world.heal()?;
    world.run_for(LONG)?;
    let state = world.state();
    ensure!(
        matches!(state, State::Connected | State::Stopped),
        "progress",
        "still {state:?} although nothing fails"
    );
    world.call(AppCall::Disconnect(None))?;
    world.call(AppCall::Connect(SESSIONS[0]))?;
    world.run_for(HANDSHAKE)?;
    ensure!(
        world.state() == State::Connected,
        "way out",
        "{:?} after disconnect() and connect()",
        world.state()
    );
    Ok(())
}

/// What occurred in the runs.
#[derive(Clone, Debug)]
pub struct Coverage {
    seeds: u64,
    steps: u64,
    losses: u64,
    timeouts: u64,
    false_alarms: u64,
    dropped: u64,
    occurred: Counts<&'static str>,
}

/// Everything that must occur.
const SITUATIONS: [&str; 48] = [
    "Always",
    "Never",
    "Late",
    "FirstOnly",
    "OneIn",
    "Spontaneous",
    "Foreign",
    "True",
    "OneStep",
    "Zero",
    "Missing",
    "Idle",
    "Listening",
    "Showing",
    "Busy",
    "Bulk",
    "Constant",
    "Spiky",
    "Forget",
    "Silence",
    "Stall",
    "Close",
    "Reset",
    "Refuse",
    "Rates",
    "OnTime",
    "Grid",
    "Thaws",
    "Freeze",
    "Both",
    "Monotonic",
    "Wall",
    "Neither",
    "Online",
    "Flap",
    "Wake",
    "OtherWriter",
    "Message",
    "Subscriptions",
    "Init",
    "Ping",
    "AtMostOnce",
    "AtLeastOnce",
    "AddressChanged",
    "ClockStands",
    "ClockJumps",
    "ProtocolPings",
    "Flush",
];

impl Coverage {
    fn add(&mut self, schedule: &Schedule<Field>, world: &World) {
        self.seeds += 1;
        let record = &world.record;
        self.steps += record.steps;
        self.losses += record.losses.len() as u64;
        let timeouts = record
            .losses
            .iter()
            .filter(|loss| loss.code == LIVENESS_TIMEOUT);
        self.timeouts += timeouts.count() as u64;
        self.false_alarms += record.false_alarms() as u64;
        self.dropped += record.dropped.len() as u64;
        let text = schedule.to_string();
        let is_word = |c: char| c.is_alphanumeric();
        for word in text.split(|c| !is_word(c)) {
            if let Some(known) = SITUATIONS.iter().find(|known| **known == word) {
                self.occurred.add(known, 1);
            }
        }
    }

    pub fn missing(&self) -> Vec<&'static str> {
        self.occurred.missing().collect()
    }
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            seeds: 0,
            steps: 0,
            losses: 0,
            timeouts: 0,
            false_alarms: 0,
            dropped: 0,
            occurred: Counts::of(&SITUATIONS),
        }
    }
}

impl Sum for Coverage {
    fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.losses += other.losses;
        self.timeouts += other.timeouts;
        self.false_alarms += other.false_alarms;
        self.dropped += other.dropped;
        self.occurred.merge(&other.occurred);
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} seeds: {} steps, {} losses, {} of them found by pings, {} of these on living connections, {} messages dropped",
            self.seeds, self.steps, self.losses, self.timeouts, self.false_alarms, self.dropped
        )?;
        self.occurred.show(f, "occurred")
    }
}
