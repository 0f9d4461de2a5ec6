//! One life: the clients, the lines, and the cloud.

mod checks;
mod deeds;
mod ending;
mod server;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tpa_cloud::{Cloud, ConnectionId, Instant, WallClock, WebhookCall};
use tpa_session::session::{CloseKind, Control, Input, SocketId, State};

use super::account::Account;
use super::lines::{Reached, Wires};
use super::schedule::Together;
use super::tally::Seen;
use crate::client::{Client, Story};
use crate::clock::Agenda;
use crate::closures::kind_of_refusal;
use crate::invariants::{Broken, ensure};
use crate::runner::{Plan, Sum};
use crate::schedule::Schedule;
use crate::tally::Sight;
use crate::world::MOST_STEPS;

/// What will happen beside the lines.
enum Coming {
    Webhook(WebhookCall),
    /// The cloud, or another in its place, is there.
    Boot,
    /// The cloud of this number, which shuts down, must be done with it; it comes back after so
    /// long.
    ShutDown(u64, u64),
}

/// Who is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Coming,
    CloudTimer,
    ToCloud(usize),
    ToClient(usize),
    Alarm(usize),
}

pub struct World<'a> {
    schedule: &'a Schedule<Together>,
    now: u64,
    clients: Vec<Client<Wires>>,
    /// Until when each client sleeps.
    asleep: Vec<u64>,
    /// How far the monotonic clock of each client is behind.
    behind: Vec<u64>,
    cloud: Cloud,
    /// How many there were before it.
    number: u64,
    /// No cloud is there.
    is_down: bool,
    account: Account,
    owners: BTreeMap<ConnectionId, (usize, SocketId)>,
    /// How late the cloud's timer is.
    lateness: u64,
    coming: Agenda<Coming>,
    /// What the cloud has told those who follow it.
    told: Arc<AtomicU64>,
    /// The faults that were announced, with their times.
    faults: Vec<(u64, &'static str, Option<u64>)>,
    /// Those that the cloud has reset, and that it is yet to be told of.
    cut: Vec<ConnectionId>,
    /// Those that are read from again.
    thawed: Vec<(usize, SocketId)>,
    /// Something closed since the cloud was looked through.
    looks_through: bool,
    steps: u64,
    story: Story,
    seen: Seen,
}

impl Plan for Schedule<Together> {
    type Sum = Seen;

    fn of(seed: u64) -> Self {
        Self::of_both(seed)
    }

    fn live(&self, story: Story, sum: &mut Seen) -> Result<(), Broken> {
        let mut world = World::new(self, story);
        let outcome = world.live();
        for client in &world.clients {
            world.seen.clients.merge(&client.tally);
        }
        sum.merge(&world.seen);
        outcome
    }
}

const NAMES: [&str; 3] = ["A ", "B ", "C "];

impl<'a> World<'a> {
    fn new(schedule: &'a Schedule<Together>, story: Story) -> Self {
        let settings = &schedule.settings;
        let clients: Vec<_> = settings
            .clients
            .iter()
            .enumerate()
            .map(|(index, (_, config))| {
                let wires = Wires::new(index, settings.cloud.max_send_buffer_bytes);
                let seed = schedule.seed + index as u64;
                Client::new(
                    NAMES[index],
                    config,
                    seed,
                    wires,
                    story.as_ref().map(Rc::clone),
                )
            })
            .collect();
        let told = Arc::default();
        Self {
            schedule,
            now: 0,
            asleep: vec![0; clients.len()],
            behind: vec![0; clients.len()],
            clients,
            cloud: new_cloud(schedule, 0, &told),
            number: 0,
            is_down: false,
            account: Account::new(&settings.cloud),
            owners: BTreeMap::new(),
            lateness: 0,
            coming: Agenda::new(),
            told,
            faults: Vec::new(),
            cut: Vec::new(),
            thawed: Vec::new(),
            looks_through: false,
            steps: 0,
            story,
            seen: Seen::default(),
        }
    }

    /// Lives through the whole schedule, and to a good end.
    fn live(&mut self) -> Result<(), Broken> {
        for step in &self.schedule.steps {
            self.run_until(self.now + step.wait)?;
            self.tell(|| format!("{:?}", step.deed));
            self.happen(&step.deed)?;
        }
        if self.schedule.is_replay() {
            self.check_replay()?;
        }
        self.come_to_rest()?;
        self.agree()?;
        self.end()
    }

    const fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// Who is next, and when.
    fn next(&self) -> Option<(u64, Turn)> {
        let mut all = Vec::new();
        all.extend(self.coming.next().map(|at| (at, Turn::Coming)));
        if !self.is_down {
            let timer = self.cloud.poll_timeout();
            all.extend(timer.map(|(at, _)| (at.as_millis() + self.lateness, Turn::CloudTimer)));
        }
        for (index, client) in self.clients.iter().enumerate() {
            let lines = &client.lines;
            let (asleep, behind) = (self.asleep[index], self.behind[index]);
            all.extend(lines.to_cloud.next().map(|at| (at, Turn::ToCloud(index))));
            let news = lines.to_client.next().map(|at| (at, Turn::ToClient(index)));
            let alarm = client.next_alarm();
            let alarm = alarm.map(|at| (at + behind, Turn::Alarm(index)));
            let awake = |(at, turn): (u64, Turn)| (at.max(asleep), turn);
            all.extend(news.map(awake));
            all.extend(alarm.map(awake));
        }
        // What is due at the same time, or overdue, comes in any order.
        let count = all.len().max(1);
        all.rotate_left(self.schedule.seed as usize % count);
        all.into_iter().min_by_key(|(at, _)| (*at).max(self.now))
    }

    /// Lets all happen that is due until then.
    fn run_until(&mut self, end: u64) -> Result<(), Broken> {
        while let Some((at, turn)) = self.next() {
            if at > end {
                break;
            }
            self.steps += 1;
            ensure!(
                self.steps < MOST_STEPS,
                "progress",
                "no end after {MOST_STEPS} steps"
            );
            self.set_now(at);
            self.take_turn(turn)?;
        }
        self.set_now(end);
        Ok(())
    }

    fn set_now(&mut self, now: u64) {
        self.now = self.now.max(now);
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.lines.now = self.now;
            if self.asleep[index] <= self.now {
                client.set_now(self.now - self.behind[index]);
            }
        }
    }

    fn take_turn(&mut self, turn: Turn) -> Result<(), Broken> {
        match turn {
            Turn::Coming => match self.coming.take() {
                Some(Coming::Webhook(call)) => self.answer_webhook(&call),
                Some(Coming::Boot) => {
                    self.boot();
                    Ok(())
                }
                Some(Coming::ShutDown(number, down)) => self.end_shutdown(number, down),
                None => Ok(()),
            },
            Turn::CloudTimer => {
                if let Some((at, timer)) = self.cloud.poll_timeout() {
                    self.seen.timer(timer);
                    if at.as_millis() < self.now {
                        self.seen.event("late timers");
                    }
                }
                self.cloud.handle_timeout(self.at());
                self.drain_cloud()
            }
            Turn::ToCloud(index) => {
                let Some((socket, what)) = self.clients[index].lines.to_cloud.take() else {
                    return Ok(());
                };
                match self.clients[index].lines.arrive(socket, what) {
                    Some(what) => self.tell_cloud(index, socket, what),
                    None => Ok(()),
                }
            }
            Turn::ToClient(index) => {
                let client = &mut self.clients[index];
                let Some(due) = client.lines.to_client.take() else {
                    return Ok(());
                };
                match client.lines.reach(due) {
                    Reached::Data(socket) => {
                        client.tally.saw(Sight::Data);
                        client.data = Some((socket, client.clock.now));
                    }
                    Reached::Inputs(inputs) => {
                        for input in inputs {
                            see_input(client, &input);
                            client.hear(input)?;
                        }
                    }
                }
                Ok(())
            }
            Turn::Alarm(index) => self.clients[index].alarm(),
        }
    }

    /// Lets time pass until this client does not sleep.
    fn wake_up(&mut self, index: usize) -> Result<(), Broken> {
        self.run_until(self.asleep[index].max(self.now))
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &self.story {
            let line = format!("{:>8} ms cloud {}", self.now, what());
            story.borrow_mut().push(line);
        }
    }
}

fn see_input(client: &mut Client<Wires>, input: &Input) {
    let sight = match input {
        Input::Malformed(..) => Sight::Malformed,
        Input::Control(_, Control::Stopped { .. }) => Sight::StopFrame,
        Input::Control(_, Control::Error { code, .. }) => {
            let connected = client.session.state() == State::Connected;
            client.tally.saw_if(Sight::RefusedConnected, connected);
            if kind_of_refusal(code.as_deref()) == CloseKind::Rejected {
                Sight::FatalRefusal
            } else {
                Sight::MildRefusal
            }
        }
        _ => return,
    };
    client.tally.saw(sight);
}

fn new_cloud(schedule: &Schedule<Together>, now: u64, told: &Arc<AtomicU64>) -> Cloud {
    let clock = WallClock::starting_at(1_700_000_000_000);
    let config = schedule.settings.cloud.clone();
    let mut cloud = Cloud::new(config, clock, Instant::from_millis(now));
    let told = Arc::clone(told);
    cloud.follow(move |_| {
        told.fetch_add(1, Ordering::Relaxed);
    });
    cloud
}
