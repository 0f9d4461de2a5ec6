//! One run of one session with a hostile network and a hostile cloud.

use testkit::model::Violation;
use testkit::world::attempt_plan::{AttemptPlan, Greeting};
use testkit::world::network::{Due, Fault, Network};
use testkit::world::peer::Peer;
use testkit::{Message, ensure};
use tpa_session::session::{Close, CloseKind, Control, Input, Instant, Outgoing, SocketId};

use crate::client::{Client, Trace, Transport};
use crate::coverage::{Coverage, Situation};
use crate::runner::{Plan, Sum};
use crate::schedule::{Action, Hostile, Schedule};

/// Upper bound for the number of steps of any run.
const MAX_STEPS: u64 = 100_000;
/// Longer than any attempt, wait or delay, in milliseconds.
pub const LONG: u64 = 120_000;

/// The network, and what the cloud received through it.
pub struct HostileTransport {
    pub network: Network,
    pub peer: Peer,
    /// Timeout of the client for an ack, ms.
    connect_timeout: u64,
}

impl Transport for HostileTransport {
    fn prepare(&mut self, id: SocketId, coverage: &mut Coverage) -> Option<Input> {
        let (plan, at_once) = self.network.prepare(id);
        coverage.dialled(&plan.outcome);
        self.count_greeting(plan, coverage);
        at_once
    }

    fn open(&mut self, id: SocketId, _session: &str) -> Option<Input> {
        self.network.open(id)
    }

    fn transmit(&mut self, id: SocketId, frame: Outgoing<Message>, _key: Option<&'static str>) {
        self.network.transmit(id, frame);
    }

    fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input> {
        self.network.give_up(id, close)
    }

    fn buffered(&self, id: SocketId) -> Option<u32> {
        self.network.buffered(id)
    }

    fn has(&self, id: SocketId, serial: u32) -> bool {
        self.peer.has(id, serial)
    }

    fn has_any(&self, serial: u32) -> bool {
        self.peer.has_any(serial)
    }

    fn is_drained(&self, id: SocketId) -> bool {
        self.network.is_drained(id)
    }

    fn subscriptions(&self, id: SocketId) -> Option<&[String]> {
        self.peer.subscriptions(id)
    }

    fn is_half_open(&self, id: SocketId) -> bool {
        self.network.is_half_open(id)
    }
}

impl HostileTransport {
    fn count_greeting(&self, plan: AttemptPlan, coverage: &mut Coverage) {
        match plan.greeting {
            Greeting::Ack(after) => {
                coverage.count_if(Situation::SlowAck, after >= self.connect_timeout);
            }
            Greeting::Silence => coverage.count(Situation::NoAck),
            Greeting::Refuse(_, refusal, _) => {
                let fatal = refusal.kind == CloseKind::Rejected;
                coverage.count_if(Situation::FatalRefusal, fatal);
                coverage.count_if(Situation::MildRefusal, !fatal);
            }
            Greeting::Close(..) => {}
        }
    }
}

pub struct World<'a> {
    schedule: &'a Schedule<Hostile>,
    client: Client<HostileTransport>,
}

impl Plan for Schedule<Hostile> {
    type Sum = Coverage;

    fn of(seed: u64) -> Self {
        Self::of(seed)
    }

    fn run(&self, trace: Trace, sum: &mut Coverage) -> Result<(), Violation> {
        let mut world = World::new(self, trace);
        let outcome = world.run();
        sum.merge(&world.client.coverage);
        outcome
    }
}

impl<'a> World<'a> {
    fn new(schedule: &'a Schedule<Hostile>, trace: Trace) -> Self {
        let transport = HostileTransport {
            network: Network::new(),
            peer: Peer::default(),
            connect_timeout: schedule.settings.connect_timeout.as_millis(),
        };
        let client = Client::new("", &schedule.settings, schedule.seed, transport, trace);
        Self { schedule, client }
    }

    /// Runs the whole schedule, then lets everything succeed, then ends the session.
    fn run(&mut self) -> Result<(), Violation> {
        for step in &self.schedule.steps {
            self.run_until(self.client.clock.now + step.wait)?;
            self.client.log(|| format!("{:?}", step.action));
            self.apply(step.action)?;
            self.client.check_way_out()?;
        }
        self.settle()?;
        self.end()
    }

    fn apply(&mut self, action: Action) -> Result<(), Violation> {
        let client = &mut self.client;
        match action {
            Action::Client(action) => client.apply(action)?,
            Action::Plan(plan) => client.transport.network.plan_attempt(plan),
            Action::Fault(back, fault) => {
                let newest = client.socket().0;
                if let Some(id) = newest.checked_sub(back)
                    && client.transport.network.apply_fault(SocketId(id), fault)
                {
                    self.count_fault(fault);
                }
            }
            Action::Sleep { millis, unnoticed } => {
                if unnoticed {
                    client.coverage.count(Situation::SleptUnnoticed);
                    client.wall += millis;
                    client.report_before_timeout()?;
                } else {
                    client.coverage.count(Situation::Slept);
                    self.set_now(self.client.clock.now + millis);
                }
            }
        }
        Ok(())
    }

    fn count_fault(&mut self, fault: Fault) {
        let coverage = &mut self.client.coverage;
        coverage.count(match fault {
            Fault::Close(_, events) => return coverage.closed(events),
            Fault::Cut => Situation::Cut,
            Fault::ErrorOnly => Situation::ErrorOnly,
            Fault::Refuse(_) => Situation::RefusedConnected,
            Fault::StopApp(_) => Situation::StopFrame,
            Fault::Malformed(_) => Situation::Malformed,
            Fault::Data => Situation::Data,
            Fault::ProtocolPing => Situation::ProtocolPing,
            Fault::Pong(_) => {
                self.client.extra_pongs = true;
                Situation::ExtraPong
            }
            Fault::Ack => Situation::ExtraAck,
            Fault::LoseUp => Situation::LostUp,
            Fault::LoseDown => Situation::LostDown,
            Fault::Stall(_) => Situation::Stalled,
            Fault::Congestion(..) => Situation::Congested,
            Fault::Closing(_) => Situation::Closing,
        });
    }

    /// Serves everything that is due until then.
    fn run_until(&mut self, end: u64) -> Result<(), Violation> {
        loop {
            ensure!(
                self.client.coverage.steps < MAX_STEPS,
                "progress",
                "no end after {MAX_STEPS} steps"
            );
            let now = self.client.clock.now;
            let alarm = self.client.next_alarm();
            let due = self.client.transport.network.agenda.next();
            let timer_is_next = match (alarm, due) {
                (None, None) => break,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some(alarm), Some(due)) => {
                    // What is due at the same time, or overdue, comes in any order.
                    let (alarm, due) = (alarm.max(now), due.max(now));
                    alarm < due || (alarm == due && self.schedule.seed.is_multiple_of(2))
                }
            };
            let at = if timer_is_next { alarm } else { due };
            let Some(at) = at.filter(|at| *at <= end) else {
                break;
            };
            self.set_now(at.max(now));
            if timer_is_next {
                self.client.alarm()?;
            } else if let Some(due) = self.client.transport.network.agenda.take() {
                self.serve(due)?;
            }
        }
        self.set_now(end.max(self.client.clock.now));
        Ok(())
    }

    fn set_now(&mut self, now: u64) {
        self.client.set_now(now);
        self.client.transport.network.now = now;
    }

    fn serve(&mut self, due: Due) -> Result<(), Violation> {
        let client = &mut self.client;
        match due {
            Due::Input(input) => {
                if client.transport.network.reach(&input) {
                    if let Input::Control(socket, Control::Ack) = input {
                        client.transport.peer.acknowledge(socket);
                    }
                    client.deliver(input)?;
                }
            }
            Due::ProtocolPing(socket) => {
                let now = Instant::from_millis(client.clock.now);
                client.deliver(Input::ProtocolPing(socket, now))?;
            }
            Due::Data(socket) => client.receive_data(socket)?,
            Due::Arrival(socket, arrival) => {
                if let Some(frame) = client.transport.network.arrive(socket, arrival) {
                    client.log(|| format!("the cloud has {frame:?} on {socket:?}"));
                    let is_message = matches!(frame, Outgoing::Message(_));
                    client.coverage.arrived += u64::from(is_message);
                    client.transport.peer.receive(socket, frame)?;
                }
            }
            Due::Pong(socket, id) => {
                let pong = Control::Pong { id };
                client.transport.network.send_frame(socket, pong);
            }
            Due::Greeting(socket) => client.transport.network.greet(socket),
        }
        Ok(())
    }

    /// From now on nothing fails: the session gets to where it can get.
    fn settle(&mut self) -> Result<(), Violation> {
        self.client.log(|| "from now on nothing fails".into());
        self.client.clock.lateness = 0;
        self.client.clock.grid = 1;
        self.client.transport.network.clear_plans();
        self.client.input(Input::Online)?;
        self.run_until(self.client.clock.now + LONG)?;
        self.client.check_settled()
    }

    /// Ends the session, and checks that it stays silent.
    fn end(&mut self) -> Result<(), Violation> {
        self.client.leave()?;
        let outputs = self.client.outputs;
        self.run_until(self.client.clock.now + LONG)?;
        self.client.check_end(outputs)?;
        self.client.coverage.seeds += 1;
        Ok(())
    }
}
