//! One life: the clients, the lines, and the cloud.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, json};
use tpa_cloud::{
    Cloud, ConnectionId, Dialect, Fact, FaultRequest, HandMade, Input as CloudInput, Instant,
    Output, Plan as CloudPlan, Refused, SeededPlan, SettingsChange, Target, UserSessionId, View,
    WallClock, WebhookCall,
};
use tpa_session::session::{Close, CloseKind, Control, Input, Outgoing, Reply, SocketId, State};

use super::account::{Account, millis};
use super::frames::{self, LASTING, Nonsense, label, package_of, user_of};
use super::lines::{CloudEnd, Ends, LineFault, Reached, ToCloud, Wires};
use super::schedule::{Deed, LATEST, Sent, Together, Whom};
use super::tally::Seen;
use crate::app::{Ask, KEYS};
use crate::client::{Client, Lines, Story};
use crate::clock::Agenda;
use crate::closures::kind_of_refusal;
use crate::invariants::{Broken, ensure};
use crate::runner::{Plan, Sum};
use crate::schedule::Schedule;
use crate::tally::Sight;
use crate::world::{LONG, MOST_STEPS};

/// How long a webhook takes to answer.
const ANSWER: u64 = 50;
/// A life in so many has its cloud looked through for names, and its figures read, after each
/// closure: that takes long.
const THOROUGH: u64 = 16;

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

    fn happen(&mut self, deed: &Deed) -> Result<(), Broken> {
        match deed {
            Deed::Turn(index, turn) => {
                self.wake_up(*index)?;
                self.clients[*index].happen(*turn)
            }
            Deed::Fate(index, fate) => {
                self.clients[*index].lines.destine(*fate);
                Ok(())
            }
            Deed::Line(index, back, fault) => {
                let client = &mut self.clients[*index];
                let newest = client.session.connection().0;
                if let Some(id) = newest.checked_sub(*back)
                    && client.lines.befall(SocketId(id), *fault)
                {
                    self.see_fault(*index, *fault);
                }
                Ok(())
            }
            Deed::Sleep {
                client,
                millis,
                unnoticed,
            } => {
                self.wake_up(*client)?;
                self.asleep[*client] = self.now + millis;
                let sleeper = &mut self.clients[*client];
                if *unnoticed {
                    self.behind[*client] += millis;
                    sleeper.wall += millis;
                    sleeper.tally.saw(Sight::SleptUnnoticed);
                } else {
                    sleeper.tally.saw(Sight::Slept);
                }
                Ok(())
            }
            Deed::Lateness(lateness) => {
                self.lateness = *lateness;
                self.account.lateness = self.account.lateness.max(*lateness);
                Ok(())
            }
            Deed::Crash { silently, down } => {
                if !self.is_down {
                    self.seen.event("crashes");
                    if *silently {
                        self.seen.event("crashes that nobody hears");
                    }
                    self.lose_cloud(!silently);
                    self.coming.add(self.now + down, Coming::Boot);
                }
                Ok(())
            }
            _ if self.is_down => Ok(()),
            Deed::ShutDown { down } => {
                if self.account.shutting_down {
                    return Ok(());
                }
                self.seen.event("shutdowns");
                self.account.shutting_down = true;
                self.cloud.shut_down(self.at());
                let close_timeout = millis(self.schedule.settings.cloud.close_timeout);
                let end = self.now + close_timeout + LATEST + 1;
                self.coming.add(end, Coming::ShutDown(self.number, *down));
                self.drain_cloud()
            }
            deed => self.do_to_cloud(deed),
        }
    }

    fn do_to_cloud(&mut self, deed: &Deed) -> Result<(), Broken> {
        let now = self.at();
        match deed {
            Deed::Inject {
                fault,
                whom,
                period,
            } => {
                if let Some(target) = self.target(*whom) {
                    let request = FaultRequest {
                        fault: fault.clone(),
                        target,
                        period: period.map(Duration::from_millis),
                    };
                    self.cloud.inject(&request, now);
                }
            }
            Deed::Clear(whom) => {
                if let Some(target) = self.target(*whom) {
                    self.cloud.clear_faults(&target, now);
                }
            }
            Deed::Play(whom) => {
                if let Some(target) = self.target(*whom) {
                    let plan = CloudPlan::Seeded(SeededPlan::new(self.schedule.seed));
                    self.cloud.play(plan, target, now);
                }
            }
            Deed::StopPlaying(whom) => {
                if let Some(target) = self.target(*whom) {
                    self.cloud.stop_playing(&target, now);
                }
            }
            Deed::StopApps(whom, reason) => {
                if let Some(target) = self.target(*whom) {
                    self.account.stopping = true;
                    self.cloud.stop_apps(&target, reason, now);
                    self.drain_cloud()?;
                    self.account.stopping = false;
                }
            }
            Deed::Send(whom, sent) => {
                if let Some(target) = self.target(*whom) {
                    let times = if *sent == Sent::Burst { 8 } else { 1 };
                    for _ in 0..times {
                        self.cloud.send_frame(&target, &frame(*sent), now);
                    }
                }
            }
            Deed::StartApp {
                session,
                has_webhook,
            } => {
                let user = UserSessionId::new(user_of(session));
                let url = has_webhook.then(|| "http://127.0.0.1:9/".to_owned());
                self.cloud.start_app(&user, package_of(session), url, now);
            }
            Deed::Wake => {
                self.seen.event("timers without need");
                self.cloud.handle_timeout(now);
            }
            _ => {}
        }
        self.drain_cloud()
    }

    fn target(&self, whom: Whom) -> Option<Target> {
        Some(match whom {
            Whom::All => Target::All,
            Whom::Package(package) => Target::Package(package.to_owned()),
            Whom::Session(session) => Target::Session(session.to_owned()),
            Whom::ConnectionOf(index) => {
                let client = &self.clients[index];
                let CloudEnd::There(id) = client.lines.end_of(client.session.connection()) else {
                    return None;
                };
                Target::Connection(id)
            }
        })
    }

    fn see_fault(&mut self, index: usize, fault: LineFault) {
        let event = match fault {
            LineFault::Cut(Ends::Both, _) => Some("lines reset"),
            LineFault::Cut(Ends::Client, _) => Some("lines dead for the client only"),
            LineFault::Cut(Ends::Cloud, _) => Some("lines dead for the cloud only"),
            _ => None,
        };
        if let Some(event) = event {
            self.seen.event(event);
        }
        let tally = &mut self.clients[index].tally;
        match fault {
            LineFault::Cut(_, signs) => {
                tally.saw(Sight::Cut);
                tally.saw(signs.sight());
            }
            LineFault::LoseUp => tally.saw(Sight::LostUp),
            LineFault::LoseDown => tally.saw(Sight::LostDown),
            LineFault::LoseAll => {
                tally.saw(Sight::LostUp);
                tally.saw(Sight::LostDown);
            }
            LineFault::Stall(_) => tally.saw(Sight::Stalled),
            LineFault::Congestion(..) => tally.saw(Sight::Congested),
            LineFault::Closing(_) => tally.saw(Sight::Closing),
            LineFault::Say(_) => {}
        }
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

    fn answer_webhook(&mut self, call: &WebhookCall) -> Result<(), Broken> {
        if self.is_down {
            return Ok(());
        }
        let agrees = self.now.is_multiple_of(2);
        let answer = if agrees { Ok(()) } else { Err("no".to_owned()) };
        self.cloud.handle_webhook(call, answer, self.at());
        self.drain_cloud()
    }

    /// Something gets through to the cloud.
    fn tell_cloud(&mut self, index: usize, socket: SocketId, what: ToCloud) -> Result<(), Broken> {
        self.tell(|| format!("{}{socket:?} to the cloud: {what:?}", NAMES[index]));
        let now = self.at();
        let end = self.clients[index].lines.end_of(socket);
        match (end, what) {
            (CloudEnd::Never, ToCloud::Dial) => self.dial(index, socket),
            (CloudEnd::There(id), ToCloud::Frame(frame, text)) => {
                // Before it is handed over: what the cloud does then is up to it.
                let counts = self.account.is_member(id) || frame == Outgoing::Init;
                self.account.read(id, &text, self.now);
                self.cloud.handle_input(id, CloudInput::Text(&text), now);
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
                self.cloud.handle_input(id, CloudInput::Pong, now);
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
            Nonsense::NotJson => self.cloud.handle_input(id, CloudInput::Text("{"), now),
            Nonsense::Binary => {
                self.seen.event("binary frames");
                self.cloud
                    .handle_input(id, CloudInput::Binary(b"sound"), now);
            }
            Nonsense::Init => {
                let init = frames::init("ann-org.example.app", "dev-key").to_string();
                self.cloud.handle_input(id, CloudInput::Text(&init), now);
            }
            Nonsense::Long => {
                let long = " ".repeat(most + 1);
                self.cloud.handle_input(id, CloudInput::Text(&long), now);
            }
            Nonsense::Endless => {
                self.seen.event("frames too long to read");
                self.cloud.handle_input(id, CloudInput::TooBig, now);
            }
            Nonsense::Ping => {
                self.seen.event("pings of a client");
                self.cloud.handle_input(id, CloudInput::Ping, now);
            }
        }
    }

    fn hear_close(&mut self, id: ConnectionId, close: &Close) -> Result<(), Broken> {
        let input = CloudInput::Closed {
            code: close.code,
            reason: &close.reason,
        };
        self.cloud.handle_input(id, input, self.at());
        self.drain_cloud()
    }

    /// The cloud's end of a line is gone, and the cloud is told so.
    fn lose(&mut self, id: ConnectionId) -> Result<(), Broken> {
        if let Some((index, socket)) = self.owners.remove(&id) {
            self.clients[index].lines.leave(socket, false);
            self.cloud.handle_input(id, CloudInput::Gone, self.at());
            self.carry_out()?;
            self.account.gone(id);
        }
        self.drain_cloud()
    }

    /// The run loop of the cloud, to its end.
    fn drain_cloud(&mut self) -> Result<(), Broken> {
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
                        let is_ping = what == tpa_cloud::Delivery::Ping;
                        if !self.clients[index].lines.deliver(socket, what) {
                            self.seen.event("congested lines");
                            let now = self.at();
                            self.cloud.handle_input(to, CloudInput::Congested, now);
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
                Output::Event(event) => self.see(&event.fact),
            }
        }
        Ok(())
    }

    fn see(&mut self, fact: &Fact) {
        self.seen.fact(fact);
        self.looks_through |= matches!(fact, Fact::Closed { .. });
        if let Fact::Fault { fault, for_ms, .. } = fact {
            self.faults.push((self.now, fault, *for_ms));
        }
    }

    fn check(&mut self) -> Result<(), Broken> {
        if self.is_down || !self.cut.is_empty() || !self.thawed.is_empty() {
            return Ok(());
        }
        self.account.check(&self.cloud, self.now)?;
        let told = self.told.load(Ordering::Relaxed);
        ensure!(
            told == self.account.figures.events,
            "events",
            "{told} were told to those who follow, {} to those who ask",
            self.account.figures.events
        );
        let looks_through = std::mem::take(&mut self.looks_through);
        if looks_through && self.schedule.seed.is_multiple_of(THOROUGH) {
            self.look_through()?;
        }
        Ok(())
    }

    /// No name of a dead connection is anywhere in the cloud, and its figures are right.
    fn look_through(&self) -> Result<(), Broken> {
        self.account.check_figures(&self.cloud.metrics())?;
        let mut text = format!("{:?}", self.cloud);
        for id in self.account.closing() {
            // What sees a socket off that is only closing.
            for own in [
                format!("{id:?}: Link "),
                format!("Cut({id:?})"),
                format!("Release({id:?})"),
            ] {
                text = text.replace(&own, "");
            }
        }
        for rest in text.split("ConnectionId(").skip(1) {
            let name = rest.split(')').next().unwrap_or_default();
            let id = format!("c{name}").parse().expect("a name");
            ensure!(
                self.account.is_alive(id),
                "references",
                "somebody knows {id}: {}",
                &rest[..rest.len().min(200)]
            );
        }
        Ok(())
    }

    /// The cloud's process is gone, and with it all that it knew.
    fn lose_cloud(&mut self, tells: bool) {
        for (index, socket) in std::mem::take(&mut self.owners).into_values() {
            self.clients[index].lines.leave(socket, tells);
        }
        self.is_down = true;
        self.account = Account::new(&self.schedule.settings.cloud);
        self.account.lateness = self.lateness;
    }

    fn end_shutdown(&mut self, number: u64, down: u64) -> Result<(), Broken> {
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

    fn boot(&mut self) {
        self.tell(|| "a cloud is there".into());
        self.is_down = false;
        self.number += 1;
        self.told = Arc::default();
        self.cloud = new_cloud(self.schedule, self.now, &self.told);
    }

    /// The faults were those of the seed, at its times.
    fn check_replay(&mut self) -> Result<(), Broken> {
        let (now, seed) = (self.now, self.schedule.seed);
        let plan = SeededPlan::new(seed).map(|step| {
            let tpa_cloud::Action::Fault(request) = &step.action else {
                return (millis(step.at), "something else", None);
            };
            let period = request.period.map(millis);
            (millis(step.at), request.fault.name(), period)
        });
        let plan: Vec<_> = plan.take_while(|(at, ..)| *at <= now).collect();
        ensure!(
            self.faults == plan,
            "replay",
            "seed {seed} made {:?} instead of {plan:?}",
            self.faults
        );
        self.seen.replays += 1;
        Ok(())
    }

    /// From now on all goes well: everybody gets where they can get.
    fn come_to_rest(&mut self) -> Result<(), Broken> {
        self.tell(|| "from now on all goes well".into());
        self.lateness = 0;
        for index in 0..self.clients.len() {
            self.wake_up(index)?;
            let client = &mut self.clients[index];
            client.clock.lateness = 0;
            // Tabs that both want a session which one of them can have would fight for ever.
            client.verdict = None;
            client.lines.heal();
            client.input(Input::Online)?;
        }
        if !self.is_down {
            self.cloud.stop_playing(&Target::All, self.at());
            self.drain_cloud()?;
        }
        self.run_until(self.now + LONG)?;
        for client in &mut self.clients {
            client.check_rest_at_last()?;
        }
        Ok(())
    }

    /// The clients and the cloud say the same of one another.
    fn agree(&mut self) -> Result<(), Broken> {
        let mut connected = BTreeMap::new();
        for (index, client) in self.clients.iter().enumerate() {
            let Some(socket) = client.rules.decisions.connection() else {
                let is_over = client.session.state() == State::Stopped;
                ensure!(
                    !is_over || !self.schedule.settings.is_replay,
                    "coming back",
                    "{index} has given up, which it never should"
                );
                continue;
            };
            let session = client.session.session_id().unwrap_or_default().to_owned();
            let end = client.lines.end_of(socket);
            let has_end = matches!(end, CloudEnd::There(id) if self.account.is_member(id));
            // Where nobody pongs, nobody notices that the line is dead.
            let cannot_know = client.lines.is_half_open(socket) && !client.can_notice();
            ensure!(
                has_end || cannot_know,
                "agreement",
                "{index} has {socket:?} to {session}, but the cloud has {end:?}"
            );
            if let CloudEnd::There(id) = end {
                connected.insert(id, session);
            }
        }
        for (id, session) in self.account.members() {
            ensure!(
                connected.get(&id).is_some_and(|known| known == session),
                "agreement",
                "the cloud has {id} for {session}, the clients have {connected:?}"
            );
        }
        self.seen.event("agreements");
        for client in &mut self.clients {
            // No handler is to come between.
            client.app.leave();
        }
        for index in 0..self.clients.len() {
            self.agree_on_display(index)?;
        }
        Ok(())
    }

    /// The last display that a client sends is what is shown.
    fn agree_on_display(&mut self, index: usize) -> Result<(), Broken> {
        let client = &mut self.clients[index];
        let Some(socket) = client.rules.decisions.connection() else {
            return Ok(());
        };
        if !client.lines.is_quiet(socket) || client.session.state() != State::Connected {
            return Ok(());
        }
        let serial = client.app.written() + 1;
        let ask = Ask::Send {
            size: LASTING,
            key: Some(KEYS[0]),
            ttl: None,
        };
        let reply = client.ask(ask)?;
        client.drain()?;
        if reply != Some(Reply::Sent) {
            return Ok(());
        }
        let session = client.session.session_id().unwrap_or_default().to_owned();
        self.run_until(self.now + 600)?;
        let found = Account::shows(&self.cloud, user_of(&session), View::Main);
        let right = label(index, serial);
        ensure!(
            found.as_ref() == Some(&right),
            "agreement",
            "{found:?} is shown, and {right} was sent last"
        );
        self.seen.event("displays that agree");
        Ok(())
    }

    /// The end, after which there is silence.
    fn end(&mut self) -> Result<(), Broken> {
        let mut outputs = Vec::new();
        for client in &mut self.clients {
            client.leave()?;
            outputs.push(client.outputs);
        }
        self.run_until(self.now + LONG)?;
        for (client, outputs) in self.clients.iter_mut().zip(outputs) {
            client.check_end(outputs)?;
            client.tally.seeds += 1;
        }
        let left = self.cloud.known();
        ensure!(
            left.is_empty() && self.cloud.socket_count() == 0 && self.account.is_empty(),
            "references",
            "everybody is gone, and the cloud has {left:?}"
        );
        self.account.check_figures(&self.cloud.metrics())?;
        self.seen.lives += 1;
        Ok(())
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

fn frame(sent: Sent) -> HandMade {
    match sent {
        Sent::Settings => {
            let mut changed = Map::new();
            changed.insert("language".into(), json!("es-ES"));
            HandMade::Settings(SettingsChange::Merge(changed))
        }
        Sent::Mode => HandMade::Whole(r#"{"type":"dashboard_mode_changed","mode":"main"}"#.into()),
        Sent::Unknown => HandMade::Whole(r#"{"type":"surprise"}"#.into()),
        Sent::Burst => {
            let frame = json!({"type": "surprise", "padding": "x".repeat(1000)});
            HandMade::Whole(frame.to_string())
        }
        Sent::Stream => HandMade::Stream {
            name: "button_press".into(),
            data: json!({"buttonId": "main", "pressType": "short"}),
        },
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
