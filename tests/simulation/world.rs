//! One life: the session, and around it a network and a cloud that do their worst.

use tpa_session::session::{Close, Control, Input, Outgoing, SocketId};

use crate::app::Mail;
use crate::client::{Client, Lines, Story};
use crate::cloud::Cloud;
use crate::invariants::{Broken, ensure};
use crate::network::{Due, Fate, Fault, Network, Welcome};
use crate::runner::{Plan, Sum};
use crate::schedule::{Deed, Hostile, Schedule};
use crate::tally::{Sight, Tally};

/// More steps than any life takes that gets anywhere.
pub const MOST_STEPS: u64 = 100_000;
/// Longer than any attempt, wait or delay.
pub const LONG: u64 = 120_000;

/// The network, and what the cloud has got through it.
pub struct Surroundings {
    pub network: Network,
    pub cloud: Cloud,
    /// How long the client waits for an ack.
    patience: u64,
}

impl Lines for Surroundings {
    fn prepare(&mut self, id: SocketId, tally: &mut Tally) -> Option<Input> {
        let (fate, at_once) = self.network.prepare(id);
        fate.way.see(tally);
        self.see_welcome(fate, tally);
        at_once
    }

    fn open(&mut self, id: SocketId, _session: &str) -> Option<Input> {
        self.network.open(id)
    }

    fn transmit(&mut self, id: SocketId, frame: Outgoing<Mail>, _key: Option<&'static str>) {
        self.network.transmit(id, frame);
    }

    fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input> {
        self.network.give_up(id, close)
    }

    fn buffered(&self, id: SocketId) -> Option<u32> {
        self.network.buffered(id)
    }

    fn has(&self, id: SocketId, serial: u32) -> bool {
        self.cloud.has(id, serial)
    }

    fn has_any(&self, serial: u32) -> bool {
        self.cloud.has_any(serial)
    }

    fn is_quiet(&self, id: SocketId) -> bool {
        self.network.is_quiet(id)
    }

    fn told(&self, id: SocketId) -> Option<&[String]> {
        self.cloud.subscriptions(id)
    }

    fn is_half_open(&self, id: SocketId) -> bool {
        self.network.is_half_open(id)
    }
}

impl Surroundings {
    fn see_welcome(&self, fate: Fate, tally: &mut Tally) {
        use tpa_session::session::CloseKind;

        match fate.welcome {
            Welcome::Ack(after) => tally.saw_if(Sight::SlowAck, after >= self.patience),
            Welcome::Silence => tally.saw(Sight::NoAck),
            Welcome::Refuse(_, refusal, _) => {
                let fatal = refusal.kind == CloseKind::Rejected;
                tally.saw_if(Sight::FatalRefusal, fatal);
                tally.saw_if(Sight::MildRefusal, !fatal);
            }
            Welcome::Close(..) => {}
        }
    }
}

pub struct World<'a> {
    schedule: &'a Schedule<Hostile>,
    client: Client<Surroundings>,
}

impl Plan for Schedule<Hostile> {
    type Sum = Tally;

    fn of(seed: u64) -> Self {
        Self::of(seed)
    }

    fn live(&self, story: Story, sum: &mut Tally) -> Result<(), Broken> {
        let mut world = World::new(self, story);
        let outcome = world.live();
        sum.merge(&world.client.tally);
        outcome
    }
}

impl<'a> World<'a> {
    fn new(schedule: &'a Schedule<Hostile>, story: Story) -> Self {
        let surroundings = Surroundings {
            network: Network::new(),
            cloud: Cloud::default(),
            patience: schedule.settings.connect_timeout.as_millis(),
        };
        let client = Client::new("", &schedule.settings, schedule.seed, surroundings, story);
        Self { schedule, client }
    }

    /// Lives through the whole schedule, and to a good end.
    fn live(&mut self) -> Result<(), Broken> {
        for step in &self.schedule.steps {
            self.run_until(self.client.clock.now + step.wait)?;
            self.client.tell(|| format!("{:?}", step.deed));
            self.happen(step.deed)?;
        }
        self.come_to_rest()?;
        self.end()
    }

    fn happen(&mut self, deed: Deed) -> Result<(), Broken> {
        let client = &mut self.client;
        match deed {
            Deed::Turn(turn) => client.happen(turn)?,
            Deed::Fate(fate) => client.lines.network.destine(fate),
            Deed::Fault(back, fault) => {
                let newest = client.session.connection().0;
                if let Some(id) = newest.checked_sub(back)
                    && client.lines.network.befall(SocketId(id), fault)
                {
                    self.see_fault(fault);
                }
            }
            Deed::Sleep { millis, unnoticed } => {
                if unnoticed {
                    client.tally.saw(Sight::SleptUnnoticed);
                    client.wall += millis;
                    client.wake()?;
                } else {
                    client.tally.saw(Sight::Slept);
                    self.set_now(self.client.clock.now + millis);
                }
            }
        }
        Ok(())
    }

    fn see_fault(&mut self, fault: Fault) {
        let sight = match fault {
            Fault::Close(_, signs) => signs.sight(),
            Fault::Cut => Sight::Cut,
            Fault::ErrorOnly => Sight::ErrorOnly,
            Fault::Refuse(_) => Sight::RefusedConnected,
            Fault::StopApp(_) => Sight::StopFrame,
            Fault::Malformed(_) => Sight::Malformed,
            Fault::Data => Sight::Data,
            Fault::Pong => {
                self.client.extra_pongs = true;
                Sight::ExtraPong
            }
            Fault::Ack => Sight::ExtraAck,
            Fault::LoseUp => Sight::LostUp,
            Fault::LoseDown => Sight::LostDown,
            Fault::Stall(_) => Sight::Stalled,
            Fault::Congestion(..) => Sight::Congested,
            Fault::Closing(_) => Sight::Closing,
        };
        self.client.tally.saw(sight);
    }

    /// Lets all happen that is due until then.
    fn run_until(&mut self, end: u64) -> Result<(), Broken> {
        loop {
            ensure!(
                self.client.tally.steps < MOST_STEPS,
                "progress",
                "no end after {MOST_STEPS} steps"
            );
            let now = self.client.clock.now;
            let alarm = self.client.next_alarm();
            let news = self.client.lines.network.agenda.next();
            let timer_is_next = match (alarm, news) {
                (None, None) => break,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some(alarm), Some(news)) => {
                    // What is due at the same time, or overdue, comes in any order.
                    let (alarm, news) = (alarm.max(now), news.max(now));
                    alarm < news || (alarm == news && self.schedule.seed.is_multiple_of(2))
                }
            };
            let at = if timer_is_next { alarm } else { news };
            let Some(at) = at.filter(|at| *at <= end) else {
                break;
            };
            self.set_now(at.max(now));
            if timer_is_next {
                self.client.alarm()?;
            } else if let Some(due) = self.client.lines.network.agenda.take() {
                self.serve(due)?;
            }
        }
        self.set_now(end.max(self.client.clock.now));
        Ok(())
    }

    fn set_now(&mut self, now: u64) {
        self.client.set_now(now);
        self.client.lines.network.now = now;
    }

    fn serve(&mut self, due: Due) -> Result<(), Broken> {
        let client = &mut self.client;
        match due {
            Due::Input(input) => {
                if client.lines.network.reach(&input) {
                    if let Input::Control(socket, Control::Ack) = input {
                        client.lines.cloud.acknowledge(socket);
                    }
                    client.hear(input)?;
                }
            }
            Due::Data(socket) => client.data = Some((socket, client.clock.now)),
            Due::Arrival(socket, arrival) => {
                if let Some(frame) = client.lines.network.arrive(socket, arrival) {
                    client.tell(|| format!("the cloud has {frame:?} on {socket:?}"));
                    let is_message = matches!(frame, Outgoing::Message(_));
                    client.tally.arrived += u64::from(is_message);
                    client.lines.cloud.receive(socket, frame)?;
                }
            }
            Due::Welcome(socket) => client.lines.network.welcome(socket),
        }
        Ok(())
    }

    /// From now on all goes well: the session gets where it can get.
    fn come_to_rest(&mut self) -> Result<(), Broken> {
        self.client.tell(|| "from now on all goes well".into());
        self.client.clock.lateness = 0;
        self.client.lines.network.heal();
        self.client.input(Input::Online)?;
        self.run_until(self.client.clock.now + LONG)?;
        self.client.check_rest_at_last()
    }

    /// The end, after which there is silence.
    fn end(&mut self) -> Result<(), Broken> {
        self.client.leave()?;
        let outputs = self.client.outputs;
        self.run_until(self.client.clock.now + LONG)?;
        self.client.check_end(outputs)?;
        self.client.tally.seeds += 1;
        Ok(())
    }
}
