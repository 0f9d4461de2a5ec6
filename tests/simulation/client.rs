//! One session and all that belongs to its side: the app, the clock, the account of its rules.

use std::cell::RefCell;
use std::rc::Rc;

use tpa_session::session::{
    Close, Config, Control, Delivery, Input, Instant, Outgoing, Session, SocketId, State, WakeHint,
};

use crate::app::{App, Ask, Mail, Moment};
use crate::clock::Clock;
use crate::invariants::{Broken, Rules, ensure};
use crate::tally::{Sight, Tally};

/// More alarms at one time than any waits of no time at all can make.
const MOST_ALARMS: u64 = 50;

/// What lies between a session and its cloud.
pub trait Lines {
    /// A socket will be made: what comes of it at once, if anything does.
    fn prepare(&mut self, id: SocketId, tally: &mut Tally) -> Option<Input>;
    /// The socket is made, for this session: what comes of it at once, if anything does.
    fn open(&mut self, id: SocketId, session: &str) -> Option<Input>;
    /// A frame goes out; a message under this key.
    fn transmit(&mut self, id: SocketId, frame: Outgoing<Mail>, key: Option<&'static str>);
    /// The client gives the socket up: what comes of it at once. Its events come all the same:
    /// a core that hears them is one that would hear a close that came late.
    fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input>;
    /// Bytes that the socket itself holds; `None` when it is not open.
    fn buffered(&self, id: SocketId) -> Option<u32>;
    /// Whether the cloud has this message from this socket.
    fn has(&self, id: SocketId, serial: u32) -> bool;
    /// Whether the cloud has this message from any socket.
    fn has_any(&self, serial: u32) -> bool;
    /// Whether all that the client sent has reached the cloud.
    fn is_quiet(&self, id: SocketId) -> bool;
    /// The list of streams that the cloud was told on this socket.
    fn told(&self, id: SocketId) -> Option<&[String]>;
    /// Whether the connection is dead without having said so.
    fn is_half_open(&self, id: SocketId) -> bool;
}

/// What happened, in the order in which it did, where somebody wants to know.
pub type Story = Option<Rc<RefCell<Vec<String>>>>;

/// Something that befalls the client alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The app asks.
    Ask(Ask),
    /// The app will ask, from inside a handler.
    Handler(Moment, Ask),
    /// From now on the timer is so late.
    Lateness(u64),
    /// The timer fires without need, and the clock has gone back.
    Wake {
        back: u64,
    },
    /// From now on the app judges closures so.
    Verdict(Option<bool>),
    Offline,
    Online,
    /// The page is shown again, or the machine says that it slept.
    Suspect(WakeHint),
}

pub struct Client<L> {
    /// What it is called in the story.
    pub name: &'static str,
    pub config: Config,
    pub session: Session<Mail>,
    pub lines: L,
    pub clock: Clock,
    /// How far the wall clock is ahead.
    pub wall: u64,
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
    alarms_now: u64,
    pub tally: Tally,
    pub story: Story,
}

impl<L: Lines> Client<L> {
    pub fn new(name: &'static str, config: &Config, seed: u64, lines: L, story: Story) -> Self {
        Self {
            name,
            config: config.clone(),
            session: Session::new(config.clone(), seed, Instant::default()),
            lines,
            clock: Clock {
                now: 0,
                lateness: 0,
            },
            wall: 1_000_000_000,
            app: App::default(),
            verdict: None,
            data: None,
            rules: Rules::new(config),
            extra_pongs: false,
            is_draining: false,
            outputs: 0,
            alarms_now: 0,
            tally: Tally::new(),
            story,
        }
    }

    pub fn happen(&mut self, turn: Turn) -> Result<(), Broken> {
        match turn {
            Turn::Ask(ask) => {
                self.ask(ask)?;
                self.drain()?;
            }
            Turn::Handler(moment, ask) => self.app.on(moment, ask),
            Turn::Lateness(lateness) => self.clock.lateness = lateness,
            Turn::Wake { back } => {
                self.tally.saw_if(Sight::ClockBack, back > 0);
                self.tally.saw(Sight::EarlyTimer);
                let now = self.clock.now.saturating_sub(back);
                self.input_at(Input::Timeout, now)?;
            }
            Turn::Verdict(verdict) => self.verdict = verdict,
            Turn::Offline => self.input(Input::Offline)?,
            Turn::Online => self.input(Input::Online)?,
            Turn::Suspect(suspicion) => self.input(Input::Wake(suspicion))?,
        }
        Ok(())
    }

    /// When its timer will fire.
    pub fn next_alarm(&self) -> Option<u64> {
        let deadline = self.session.poll_timeout();
        deadline.map(|(at, _)| at.as_millis() + self.clock.lateness)
    }

    pub fn set_now(&mut self, now: u64) {
        if self.clock.now != now {
            self.alarms_now = 0;
        }
        self.clock.now = now;
    }

    /// The timer fires.
    pub fn alarm(&mut self) -> Result<(), Broken> {
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
    pub fn wake(&mut self) -> Result<(), Broken> {
        if let Some((socket, at)) = self.data.take() {
            self.input(Input::Activity(socket, Instant::from_millis(at)))?;
        }
        self.input(Input::WallClock(self.wall + self.clock.now))?;
        let socket = self.session.connection();
        match self.lines.buffered(socket) {
            Some(held) => self.input(Input::Buffered(socket, held)),
            None => Ok(()),
        }
    }

    /// Something came through the lines, which the session may have given up meanwhile.
    pub fn hear(&mut self, input: Input) -> Result<(), Broken> {
        if self.rules.decisions.hear(&input).is_none() {
            self.see_stale(&input);
        }
        self.input(input)
    }

    fn see_stale(&mut self, input: &Input) {
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

    /// After a long time in which all went well: the session got where it can get.
    pub fn check_rest_at_last(&mut self) -> Result<(), Broken> {
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
            ensure!(
                !self.can_notice() || !self.lines.is_half_open(socket),
                "liveness",
                "the cloud used to pong, and nobody noticed that it no longer does"
            );
        }
        Ok(())
    }

    /// Whether the silence of the cloud means something to it.
    pub fn can_notice(&self) -> bool {
        self.config.watch.ping_interval.as_millis() > 0 && self.rules.decisions.is_watched()
    }

    /// The app wants no more.
    pub fn leave(&mut self) -> Result<(), Broken> {
        self.app.leave();
        self.ask(Ask::Disconnect(None))?;
        self.drain()?;
        self.tell(|| "nothing more may come".into());
        Ok(())
    }

    /// Long after it left, since when there were so many outputs.
    pub fn check_end(&mut self, outputs: u64) -> Result<(), Broken> {
        ensure!(
            self.session.state() == State::Idle || self.outputs == outputs,
            "silence",
            "{} outputs after the end",
            self.outputs - outputs
        );
        self.check_arrivals()?;
        self.check_stats()?;
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
        let resends = self.config.delivery == Delivery::AtLeastOnce;
        if !resends || self.extra_pongs {
            return Ok(());
        }
        self.tally.saw(Sight::AllArrived);
        for serial in 1..=self.app.written() {
            ensure!(
                self.rules.mailbox.is_accounted_for(serial) || self.lines.has_any(serial),
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
        if let Some(story) = &self.story {
            let line = format!("{:>8} ms {}{}", self.clock.now, self.name, what());
            story.borrow_mut().push(line);
        }
    }
}
