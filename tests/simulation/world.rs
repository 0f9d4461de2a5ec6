//! One life: the session, and everything around it.

use tpa_session::session::{
    Control, Duration, Guarantee, Input, Instant, Outgoing, Session, SocketId, State,
};

use crate::app::{App, Ask, Mail};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::invariants::{Broken, Rules, ensure};
use crate::network::{Due, Fault, Network, Signs};
use crate::schedule::{Deed, Schedule};
use crate::tally::{Sight, Tally};

/// More steps than any life takes that gets anywhere.
const MOST_STEPS: u64 = 100_000;
/// More alarms at one time than any waits of no time at all can make.
const MOST_ALARMS: u64 = 50;
/// Longer than any attempt, wait or delay.
const LONG: u64 = 120_000;

pub struct World<'a> {
    pub schedule: &'a Schedule,
    pub session: Session<Mail>,
    pub clock: Clock,
    /// How far the wall clock is ahead.
    pub wall: u64,
    pub network: Network,
    pub cloud: Cloud,
    pub app: App,
    pub verdict: Option<bool>,
    /// The last frame of the app's that the session has not heard of yet.
    pub data: Option<(SocketId, u64)>,
    pub rules: Rules,
    /// Pongs came that nobody asked for, so that what they confirm is not to be trusted.
    pub extra_pongs: bool,
    /// Whether outputs are being carried out: the calls made then are nested.
    pub is_draining: bool,
    pub outputs: u64,
    /// How often the timer fired at this very time.
    pub alarms_now: u64,
    pub tally: Tally,
    /// What happened, where somebody wants to know.
    pub story: Option<Vec<String>>,
}

impl<'a> World<'a> {
    pub fn new(schedule: &'a Schedule, tells: bool) -> Self {
        let config = schedule.config.clone();
        let session = Session::new(config, schedule.seed, Instant::default());
        Self {
            schedule,
            session,
            clock: Clock {
                now: 0,
                lateness: 0,
            },
            wall: 1_000_000_000,
            network: Network::new(),
            cloud: Cloud::default(),
            app: App::default(),
            verdict: None,
            data: None,
            rules: Rules::new(&schedule.config),
            extra_pongs: false,
            is_draining: false,
            outputs: 0,
            alarms_now: 0,
            tally: Tally::new(),
            story: tells.then(Vec::new),
        }
    }

    /// Lives through the whole schedule, and to a good end.
    pub fn live(&mut self) -> Result<(), Broken> {
        for step in &self.schedule.steps {
            self.run_until(self.clock.now + step.wait)?;
            self.tell(|| format!("{:?}", step.deed));
            self.happen(step.deed)?;
        }
        self.come_to_rest()?;
        self.end()
    }

    fn happen(&mut self, deed: Deed) -> Result<(), Broken> {
        match deed {
            Deed::Ask(ask) => {
                self.ask(ask)?;
                self.drain()?;
            }
            Deed::Handler(moment, ask) => self.app.on(moment, ask),
            Deed::Fate(fate) => self.network.destine(fate),
            Deed::Fault(back, fault) => {
                let newest = self.session.connection().0;
                if let Some(id) = newest.checked_sub(back)
                    && self.network.befall(SocketId(id), fault)
                {
                    self.see_fault(fault);
                }
            }
            Deed::Lateness(lateness) => self.clock.lateness = lateness,
            Deed::Wake { back } => {
                self.tally.saw_if(Sight::ClockBack, back > 0);
                self.tally.saw(Sight::EarlyTimer);
                let now = self.clock.now.saturating_sub(back);
                self.input_at(Input::Timeout, now)?;
            }
            Deed::Verdict(verdict) => self.verdict = verdict,
            Deed::Offline => self.input(Input::Offline)?,
            Deed::Online => self.input(Input::Online)?,
            Deed::Suspect(suspicion) => self.input(Input::Suspect(suspicion))?,
            Deed::Sleep { millis, unnoticed } => {
                if unnoticed {
                    self.tally.saw(Sight::SleptUnnoticed);
                    self.wall += millis;
                    self.wake()?;
                } else {
                    self.tally.saw(Sight::Slept);
                    self.set_now(self.clock.now + millis);
                }
            }
        }
        Ok(())
    }

    fn see_fault(&mut self, fault: Fault) {
        let sight = match fault {
            Fault::Close(_, signs) => signs_seen(signs),
            Fault::Cut => Sight::Cut,
            Fault::ErrorOnly => Sight::ErrorOnly,
            Fault::Refuse(_) => Sight::RefusedConnected,
            Fault::StopApp(_) => Sight::StopFrame,
            Fault::Malformed(_) => Sight::Malformed,
            Fault::Data => Sight::Data,
            Fault::Pong => {
                self.extra_pongs = true;
                Sight::ExtraPong
            }
            Fault::Ack => Sight::ExtraAck,
            Fault::LoseUp => Sight::LostUp,
            Fault::LoseDown => Sight::LostDown,
            Fault::Stall(_) => Sight::Stalled,
            Fault::Congestion(..) => Sight::Congested,
            Fault::Closing(_) => Sight::Closing,
        };
        self.tally.saw(sight);
    }

    /// Lets all happen that is due until then.
    fn run_until(&mut self, end: u64) -> Result<(), Broken> {
        loop {
            ensure!(
                self.tally.steps < MOST_STEPS,
                "progress",
                "no end after {MOST_STEPS} steps"
            );
            let deadline = self.session.poll_timeout();
            let alarm = deadline.map(|(at, _)| at.as_millis() + self.clock.lateness);
            let news = self.network.agenda.next();
            let timer_is_next = match (alarm, news) {
                (None, None) => break,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some(alarm), Some(news)) => {
                    // What is due at the same time, or overdue, comes in any order.
                    let (alarm, news) = (alarm.max(self.clock.now), news.max(self.clock.now));
                    alarm < news || (alarm == news && self.schedule.seed.is_multiple_of(2))
                }
            };
            let at = if timer_is_next { alarm } else { news };
            let Some(at) = at.filter(|at| *at <= end) else {
                break;
            };
            self.set_now(at.max(self.clock.now));
            if timer_is_next {
                self.alarm()?;
            } else if let Some(due) = self.network.agenda.take() {
                self.serve(due)?;
            }
        }
        self.set_now(end.max(self.clock.now));
        Ok(())
    }

    fn set_now(&mut self, now: u64) {
        if self.clock.now != now {
            self.alarms_now = 0;
        }
        self.clock.now = now;
        self.network.now = now;
    }

    /// The timer fires.
    fn alarm(&mut self) -> Result<(), Broken> {
        self.wake()?;
        if let Some((at, timer)) = self.session.poll_timeout() {
            self.tally.timer(timer);
            self.tally
                .saw_if(Sight::LateTimer, at.as_millis() < self.clock.now);
        }
        self.input(Input::Timeout)?;
        self.alarms_now += 1;
        ensure!(
            self.alarms_now <= MOST_ALARMS,
            "progress",
            "the timer fires again and again, and time stands still"
        );
        Ok(())
    }

    /// What is to be reported before the timer.
    fn wake(&mut self) -> Result<(), Broken> {
        if let Some((socket, at)) = self.data.take() {
            self.input(Input::Heard(socket, Instant::from_millis(at)))?;
        }
        self.input(Input::WallClock(self.wall + self.clock.now))?;
        let socket = self.session.connection();
        match self.network.buffered(socket) {
            Some(held) => self.input(Input::Buffered(socket, held)),
            None => Ok(()),
        }
    }

    fn serve(&mut self, due: Due) -> Result<(), Broken> {
        match due {
            Due::Input(input) => {
                if self.network.reach(&input) {
                    self.see_input(&input);
                    if let Input::Control(socket, Control::Ack) = input {
                        self.cloud.acknowledge(socket);
                    }
                    self.input(input)?;
                }
            }
            Due::Data(socket) => self.data = Some((socket, self.clock.now)),
            Due::Arrival(socket, arrival) => {
                if let Some(frame) = self.network.arrive(socket, arrival) {
                    self.tell(|| format!("the cloud has {frame:?} on {socket:?}"));
                    let is_message = matches!(frame, Outgoing::Message(_));
                    self.tally.arrived += u64::from(is_message);
                    self.cloud.receive(socket, frame)?;
                }
            }
            Due::Welcome(socket) => self.network.welcome(socket),
        }
        Ok(())
    }

    /// Whether the session hears this input, and if not, what it was.
    fn see_input(&mut self, input: &Input) {
        if self.rules.decisions.hear(input).is_some() {
            return;
        }
        let sight = match input {
            Input::Prepared(_) | Input::AttemptFailed { .. } => Sight::StalePrepared,
            Input::Opened(_) => Sight::StaleOpened,
            Input::Failed(_) => Sight::StaleFailed,
            Input::Closed(..) => Sight::StaleClosed,
            Input::Control(_, Control::Ack) => Sight::StaleAck,
            _ => Sight::StaleFrame,
        };
        self.tally.saw(sight);
        let live = self.rules.decisions.current().is_some();
        self.tally.saw_if(Sight::StaleWhileLive, live);
    }

    /// From now on all goes well: the session gets where it can get.
    fn come_to_rest(&mut self) -> Result<(), Broken> {
        self.tell(|| "from now on all goes well".into());
        self.clock.lateness = 0;
        self.network.heal();
        self.input(Input::Online)?;
        self.run_until(self.clock.now + LONG)?;
        self.rules.flushes.check_end()?;
        let state = self.session.state();
        ensure!(
            !matches!(
                state,
                State::Connecting | State::Handshaking | State::Waiting
            ),
            "progress",
            "still {state:?} although all goes well"
        );
        if let Some(socket) = self.rules.decisions.connection() {
            self.tally.saw(Sight::Connected);
            let pings = self.schedule.config.watch.ping_interval > Duration::ZERO;
            ensure!(
                !pings || !self.rules.decisions.is_watched() || !self.network.is_half_open(socket),
                "liveness",
                "the cloud used to pong, and nobody noticed that it no longer does"
            );
        }
        Ok(())
    }

    /// The end, after which there is silence.
    fn end(&mut self) -> Result<(), Broken> {
        self.app.leave();
        self.ask(Ask::Disconnect(None))?;
        self.drain()?;
        let outputs = self.outputs;
        self.tell(|| "nothing more may come".into());
        self.run_until(self.clock.now + LONG)?;
        ensure!(
            self.session.state() == State::Idle || self.outputs == outputs,
            "silence",
            "{} outputs after the end",
            self.outputs - outputs
        );
        self.check_arrivals()?;
        self.check_stats()?;
        self.tally.seeds += 1;
        self.tally
            .saw_times(Sight::Resent, self.rules.mailbox.resent);
        self.tally
            .saw_times(Sight::Replaced, self.rules.mailbox.replaced);
        self.tally
            .saw_times(Sight::TakenBack, self.rules.grammar.taken_back);
        self.tally
            .saw_times(Sight::FreshKey, self.rules.decisions.fresh_keys);
        Ok(())
    }

    /// What was to be delivered at least once has arrived, unless the app was told otherwise. A
    /// pong that nobody asked for confirms what may not have arrived.
    fn check_arrivals(&mut self) -> Result<(), Broken> {
        let resends = self.schedule.config.delivery == Guarantee::AtLeastOnce;
        if !resends || self.extra_pongs {
            return Ok(());
        }
        self.tally.saw(Sight::AllArrived);
        for serial in 1..=self.app.written() {
            ensure!(
                self.rules.mailbox.is_accounted_for(serial) || self.cloud.has_any(serial),
                "messages",
                "{serial} never arrived, and the app was not told"
            );
        }
        Ok(())
    }

    fn check_stats(&self) -> Result<(), Broken> {
        let stats = self.session.stats();
        let counted = [
            ("attempts", u64::from(stats.attempts), self.tally.attempts),
            (
                "connections",
                u64::from(stats.connections),
                self.tally.connections,
            ),
            ("sent", u64::from(stats.sent), self.tally.transmitted),
            (
                "dropped",
                u64::from(stats.dropped),
                self.tally.all_dropped(),
            ),
        ];
        for (name, found, right) in counted {
            ensure!(
                found == right,
                "stats",
                "{name}: {found} instead of {right}"
            );
        }
        ensure!(
            self.session.timeline().count() <= 256,
            "memory",
            "the timeline grows"
        );
        Ok(())
    }

    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>8} ms {}", self.clock.now, what()));
        }
    }
}

const fn signs_seen(signs: Signs) -> Sight {
    match signs {
        Signs::Close => Sight::Closed,
        Signs::ErrorThenClose => Sight::ErrorThenClose,
        Signs::ErrorOnly => Sight::ErrorOnly,
        Signs::Twice => Sight::Twice,
    }
}
