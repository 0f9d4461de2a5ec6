//! One run of the clients, their transports and the cloud.

mod actions;
mod arrivals;
mod checks;
mod ending;
mod server;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use testkit::ensure;
use testkit::model::Violation;
use testkit::world::clock::Agenda;
use tpa_cloud::{Cloud, ConnectionId, Instant, WallClock, WebhookCall};
use tpa_session::session::{Control, Input, SocketId, State, is_fatal_error};

use arrivals::Arrival;

use super::cloud_model::CloudModel;
use super::coverage::CloudCoverage;
use super::schedule::WithCloud;
use super::transport::{LinkTransport, Reached};
use crate::client::{Client, Trace};
use crate::coverage::Situation;
use crate::runner::{Plan, Sum};
use crate::schedule::Schedule;

/// Upper bound for the number of steps of any run. A session without a delay before its attempts
/// makes 50 a second while the cloud refuses it, each of 8 steps.
const MAX_STEPS: u64 = 3_000_000;

/// Scheduled event apart from those of the transports.
enum Pending {
    Webhook(WebhookCall),
    /// A new cloud starts.
    Boot,
    /// The cloud with this number must have shut down; a new one starts after so long.
    ShutDown(u64, u64),
}

/// Source of the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Pending,
    CloudTimer,
    ToCloud(usize),
    ToClient(usize),
    Alarm(usize),
}

pub struct World<'a> {
    schedule: &'a Schedule<WithCloud>,
    now: u64,
    clients: Vec<Client<LinkTransport>>,
    /// Time until which each client sleeps.
    asleep: Vec<u64>,
    /// Lag of each client's monotonic clock.
    behind: Vec<u64>,
    cloud: Cloud,
    /// Number of clouds before it.
    number: u64,
    /// No cloud is running.
    is_down: bool,
    cloud_model: CloudModel,
    owners: BTreeMap<ConnectionId, (usize, SocketId)>,
    /// Frames that have arrived, and that the cloud has not handled.
    arrivals: BTreeMap<ConnectionId, VecDeque<Arrival>>,
    /// Lateness of the cloud's timer.
    lateness: u64,
    pending: Agenda<Pending>,
    /// Number of events that followers of the cloud received.
    told: Arc<AtomicU64>,
    /// Faults that were reported, with their times.
    faults: Vec<(u64, &'static str, Option<u64>)>,
    /// Connections that the cloud has cut, and whose end must still be reported to it.
    cut: Vec<ConnectionId>,
    /// Sockets that are read again after a freeze.
    thawed: Vec<(usize, SocketId)>,
    /// A connection was closed since the cloud was last searched.
    looks_through: bool,
    steps: u64,
    trace: Trace,
    coverage: CloudCoverage,
}

impl Plan for Schedule<WithCloud> {
    type Sum = CloudCoverage;

    fn of(seed: u64) -> Self {
        Self::with_cloud_of(seed)
    }

    fn run(&self, trace: Trace, sum: &mut CloudCoverage) -> Result<(), Violation> {
        let mut world = World::new(self, trace);
        let outcome = world.run();
        for client in &world.clients {
            world.coverage.clients.merge(&client.coverage);
        }
        sum.merge(&world.coverage);
        outcome
    }
}

const NAMES: [&str; 3] = ["A ", "B ", "C "];

impl<'a> World<'a> {
    fn new(schedule: &'a Schedule<WithCloud>, trace: Trace) -> Self {
        let settings = &schedule.settings;
        let clients: Vec<_> = settings
            .clients
            .iter()
            .enumerate()
            .map(|(index, (_, config))| {
                let transport = LinkTransport::new(index, settings.cloud.max_send_buffer_bytes);
                let seed = schedule.seed + index as u64;
                Client::new(
                    NAMES[index],
                    config,
                    seed,
                    transport,
                    trace.as_ref().map(Rc::clone),
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
            cloud_model: CloudModel::new(&settings.cloud),
            owners: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            lateness: 0,
            pending: Agenda::new(),
            told,
            faults: Vec::new(),
            cut: Vec::new(),
            thawed: Vec::new(),
            looks_through: false,
            steps: 0,
            trace,
            coverage: CloudCoverage::default(),
        }
    }

    /// Runs the whole schedule, then lets everything succeed, then ends all sessions.
    fn run(&mut self) -> Result<(), Violation> {
        for step in &self.schedule.steps {
            self.run_until(self.now + step.wait)?;
            self.log(|| format!("{:?}", step.action));
            self.apply(&step.action)?;
        }
        if self.schedule.is_replay() {
            self.check_replay()?;
        }
        self.settle()?;
        self.agree()?;
        self.end()
    }

    const fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// Time and source of the next event.
    fn next(&self) -> Option<(u64, Source)> {
        let mut all = Vec::new();
        all.extend(self.pending.next().map(|at| (at, Source::Pending)));
        if !self.is_down {
            let timer = self.cloud.poll_timeout();
            all.extend(timer.map(|(at, _)| (at.as_millis() + self.lateness, Source::CloudTimer)));
        }
        for (index, client) in self.clients.iter().enumerate() {
            let transport = &client.transport;
            let (asleep, behind) = (self.asleep[index], self.behind[index]);
            all.extend(
                transport
                    .to_cloud
                    .next()
                    .map(|at| (at, Source::ToCloud(index))),
            );
            let news = transport
                .to_client
                .next()
                .map(|at| (at, Source::ToClient(index)));
            let alarm = client.next_alarm();
            let alarm = alarm.map(|at| (at + behind, Source::Alarm(index)));
            let awake = |(at, source): (u64, Source)| (at.max(asleep), source);
            all.extend(news.map(awake));
            all.extend(alarm.map(awake));
        }
        // What is due at the same time, or overdue, comes in any order.
        let count = all.len().max(1);
        all.rotate_left(self.schedule.seed as usize % count);
        all.into_iter().min_by_key(|(at, _)| (*at).max(self.now))
    }

    /// Serves everything that is due until then.
    fn run_until(&mut self, end: u64) -> Result<(), Violation> {
        while let Some((at, source)) = self.next() {
            if at > end {
                break;
            }
            self.steps += 1;
            ensure!(
                self.steps < MAX_STEPS,
                "progress",
                "no end after {MAX_STEPS} steps"
            );
            self.set_now(at);
            self.serve(source)?;
        }
        self.set_now(end);
        Ok(())
    }

    fn set_now(&mut self, now: u64) {
        self.now = self.now.max(now);
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.transport.now = self.now;
            if self.asleep[index] <= self.now {
                client.set_now(self.now - self.behind[index]);
            }
        }
    }

    fn serve(&mut self, source: Source) -> Result<(), Violation> {
        match source {
            Source::Pending => match self.pending.take() {
                Some(Pending::Webhook(call)) => self.answer_webhook(&call),
                Some(Pending::Boot) => {
                    self.boot();
                    Ok(())
                }
                Some(Pending::ShutDown(number, down)) => self.end_shutdown(number, down),
                None => Ok(()),
            },
            Source::CloudTimer => {
                if let Some((at, timer)) = self.cloud.poll_timeout() {
                    self.coverage.timer(timer);
                    if at.as_millis() < self.now {
                        self.coverage.event("late timers");
                    }
                }
                self.cloud.handle_timeout(self.at());
                self.drain_cloud()
            }
            Source::ToCloud(index) => {
                let Some((socket, what)) = self.clients[index].transport.to_cloud.take() else {
                    return Ok(());
                };
                match self.clients[index].transport.arrive(socket, what) {
                    Some(what) => self.deliver_to_cloud(index, socket, what),
                    None => Ok(()),
                }
            }
            Source::ToClient(index) => {
                let client = &mut self.clients[index];
                let Some(due) = client.transport.to_client.take() else {
                    return Ok(());
                };
                match client.transport.reach(due) {
                    Reached::Data(socket) => {
                        client.coverage.count(Situation::Data);
                        client.receive_data(socket)?;
                    }
                    Reached::Inputs(inputs) => {
                        for input in inputs {
                            count_input(client, &input);
                            client.deliver(input)?;
                        }
                    }
                }
                Ok(())
            }
            Source::Alarm(index) => self.clients[index].alarm(),
        }
    }

    /// Advances the time to the end of this client's sleep.
    fn wake_up(&mut self, index: usize) -> Result<(), Violation> {
        self.run_until(self.asleep[index].max(self.now))
    }

    fn log(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let line = format!("{:>8} ms cloud {}", self.now, what());
            trace.borrow_mut().push(line);
        }
    }
}

fn count_input(client: &mut Client<LinkTransport>, input: &Input) {
    let situation = match input {
        Input::Malformed(..) => Situation::Malformed,
        Input::Control(_, Control::Stopped { .. }) => Situation::StopFrame,
        Input::Control(_, Control::Error { code, .. }) => {
            let connected = client.state() == State::Connected;
            client
                .coverage
                .count_if(Situation::RefusedConnected, connected);
            if is_fatal_error(code.as_deref()) {
                Situation::FatalRefusal
            } else {
                Situation::MildRefusal
            }
        }
        _ => return,
    };
    client.coverage.count(situation);
}

fn new_cloud(schedule: &Schedule<WithCloud>, now: u64, told: &Arc<AtomicU64>) -> Cloud {
    let clock = WallClock::starting_at(1_700_000_000_000);
    let config = schedule.settings.cloud.clone();
    let mut cloud = Cloud::new(config, clock, Instant::from_millis(now));
    let told = Arc::clone(told);
    cloud.add_listener(move |_| {
        told.fetch_add(1, Ordering::Relaxed);
    });
    cloud
}
