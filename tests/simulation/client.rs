//! One session with its app, its clock, its transport and its model.

use std::cell::RefCell;
use std::rc::Rc;

use testkit::model::{CheckedSession, Violation};
use testkit::world::app::{App, AppCall, Trigger};
use testkit::world::clock::Clock;
use testkit::world::way_out::check_way_out;
use testkit::{Message, ensure};
use tpa_session::session::{
    Close, Config, Control, Delivery, Input, Instant, Outgoing, Reconnect, SocketId, State,
    WakeHint,
};

use crate::coverage::{Coverage, Situation};

/// Upper bound for the number of times that the timer fires at one point in time.
const MAX_ALARMS: u64 = 50;

/// The sockets of a session, and the network between them and the cloud.
pub trait Transport {
    /// A socket will be opened. Returns the input that follows at once, if any.
    fn prepare(&mut self, id: SocketId, coverage: &mut Coverage) -> Option<Input>;
    /// Opens the socket for this session. Returns the input that follows at once, if any.
    fn open(&mut self, id: SocketId, session: &str) -> Option<Input>;
    /// Sends a frame; a message has this key.
    fn transmit(&mut self, id: SocketId, frame: Outgoing<Message>, key: Option<&'static str>);
    /// The session gives the socket up. Its events still come, as a late close event would: the
    /// session must ignore them. Returns the inputs that follow at once.
    fn give_up(&mut self, id: SocketId, close: &Close) -> Vec<Input>;
    /// Bytes that the socket itself holds; `None` when it is not open.
    fn buffered(&self, id: SocketId) -> Option<u32>;
    /// True if the cloud has this message from this socket.
    fn has(&self, id: SocketId, serial: u32) -> bool;
    /// True if the cloud has this message from any socket.
    fn has_any(&self, serial: u32) -> bool;
    /// True if everything that the client sent has reached the cloud.
    fn is_drained(&self, id: SocketId) -> bool;
    /// The last list of streams that the cloud received on this socket.
    fn subscriptions(&self, id: SocketId) -> Option<&[String]>;
    /// True if the connection is dead without a close event.
    fn is_half_open(&self, id: SocketId) -> bool;
}

/// Log of everything that happens, where it is wanted.
pub type Trace = Option<Rc<RefCell<Vec<String>>>>;

/// An action of the app or of its runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAction {
    Call(AppCall),
    /// The next handler of this event makes the call.
    Handler(Trigger, AppCall),
    /// From now on the timer is late by so much.
    Lateness(u64),
    /// From now on the timer fires only at multiples of so many milliseconds.
    Grid(u64),
    /// The timer fires without need, and the clock has gone back.
    SpuriousTimeout {
        back: u64,
    },
    /// From now on the app answers `shouldReconnect` like this.
    Decide(Option<Reconnect>),
    Offline,
    Online,
    /// A navigation starts.
    Leaving,
    /// The page is shown again, or the machine reports that it slept.
    Wake(WakeHint),
    /// The clock has jumped, and the timer fires.
    ClockJumped,
}

pub struct Client<T> {
    /// Name in the trace.
    pub name: &'static str,
    pub config: Config,
    pub session: CheckedSession,
    pub transport: T,
    pub clock: Clock,
    /// Lead of the wall clock, ms.
    pub wall: u64,
    pub app: App,
    pub decision: Option<Reconnect>,
    /// The last data frame that the session has not been told of yet.
    pub data: Option<(SocketId, u64)>,
    /// Number of data frames since the last timeout that were reported at once.
    reported: u8,
    /// Pongs came without a ping, so that what they confirm may not have arrived.
    pub extra_pongs: bool,
    /// Outputs are being carried out: calls are nested.
    pub is_draining: bool,
    pub outputs: u64,
    /// Number of times that the timer fired at this point in time.
    alarms_now: u64,
    pub coverage: Coverage,
    pub trace: Trace,
}

impl<T: Transport> Client<T> {
    pub fn new(name: &'static str, config: &Config, seed: u64, transport: T, trace: Trace) -> Self {
        Self {
            name,
            config: config.clone(),
            session: CheckedSession::new(config, seed),
            transport,
            clock: Clock::new(),
            wall: 1_000_000_000,
            app: App::default(),
            decision: None,
            data: None,
            reported: 0,
            extra_pongs: false,
            is_draining: false,
            outputs: 0,
            alarms_now: 0,
            coverage: Coverage::new(),
            trace,
        }
    }

    pub fn apply(&mut self, action: ClientAction) -> Result<(), Violation> {
        match action {
            ClientAction::Call(call) => {
                self.call(call)?;
                self.drain()?;
            }
            ClientAction::Handler(trigger, call) => self.app.on(trigger, call),
            ClientAction::Lateness(lateness) => self.clock.lateness = lateness,
            ClientAction::Grid(grid) => self.clock.grid = grid,
            ClientAction::Leaving => {
                self.coverage.count(Situation::Leaving);
                self.input(Input::Leaving)?;
            }
            ClientAction::SpuriousTimeout { back } => {
                self.coverage.count_if(Situation::ClockBack, back > 0);
                self.coverage.count(Situation::EarlyTimer);
                let now = self.clock.now.saturating_sub(back);
                self.input_at(Input::Timeout, now)?;
            }
            ClientAction::Decide(decision) => self.decision = decision,
            ClientAction::Offline => self.input(Input::Offline)?,
            ClientAction::Online => self.input(Input::Online)?,
            ClientAction::ClockJumped => {
                self.coverage.count(Situation::ClockJumped);
                self.input(Input::ClockJumped)?;
                self.input(Input::Timeout)?;
            }
            ClientAction::Wake(hint) => self.input(Input::Wake(hint))?,
        }
        Ok(())
    }

    pub fn state(&self) -> State {
        self.session.session.state()
    }

    /// The socket of the current attempt, or of the last one.
    pub fn socket(&self) -> SocketId {
        self.session.session.connection()
    }

    /// Session id of the last `connect()`.
    pub fn session_id(&self) -> &str {
        self.session.session.session_id().unwrap_or_default()
    }

    /// Time at which the timer will fire.
    pub fn next_alarm(&self) -> Option<u64> {
        let deadline = self.session.session.poll_timeout();
        deadline.map(|(at, _)| self.clock.alarm(at.as_millis()))
    }

    pub fn set_now(&mut self, now: u64) {
        if self.clock.now != now {
            self.alarms_now = 0;
        }
        self.clock.now = now;
    }

    /// Fires the timer.
    pub fn alarm(&mut self) -> Result<(), Violation> {
        self.report_before_timeout()?;
        if let Some((at, timer)) = self.session.session.poll_timeout() {
            self.coverage.timer(timer);
            self.coverage
                .count_if(Situation::LateTimer, at.as_millis() < self.clock.now);
        }
        self.input(Input::Timeout)?;
        self.alarms_now += 1;
        ensure!(
            self.alarms_now <= MAX_ALARMS,
            "progress",
            "the timer fires again and again, and time stands still"
        );
        Ok(())
    }

    /// A data frame came on this socket. The first ones are reported at once.
    pub fn receive_data(&mut self, socket: SocketId) -> Result<(), Violation> {
        let now = self.clock.now;
        self.data = Some((socket, now));
        if self.reported == 3 {
            return Ok(());
        }
        self.reported += 1;
        self.deliver(Input::Activity(socket, Instant::from_millis(now)))
    }

    /// Reports what must be reported before a timeout.
    pub fn report_before_timeout(&mut self) -> Result<(), Violation> {
        self.reported = 0;
        if let Some((socket, at)) = self.data.take() {
            self.input(Input::Activity(socket, Instant::from_millis(at)))?;
        }
        self.input(Input::WallClock(self.wall + self.clock.now))?;
        let socket = self.socket();
        match self.transport.buffered(socket) {
            Some(held) => self.input(Input::Buffered(socket, held)),
            None => Ok(()),
        }
    }

    /// Something came through the transport, from a socket that may have been given up meanwhile.
    pub fn deliver(&mut self, input: Input) -> Result<(), Violation> {
        if self.session.model.lifecycle.effect_of(&input).is_none() {
            self.count_stale(&input);
        }
        self.input(input)
    }

    fn count_stale(&mut self, input: &Input) {
        let situation = match input {
            Input::Prepared(_) | Input::AttemptFailed { .. } => Situation::StalePrepared,
            Input::Opened(_) => Situation::StaleOpened,
            Input::Failed(..) => Situation::StaleFailed,
            Input::Closed(..) => Situation::StaleClosed,
            Input::Control(_, Control::Ack) => Situation::StaleAck,
            _ => Situation::StaleFrame,
        };
        self.coverage.count(situation);
        let live = self.session.model.lifecycle.current().is_some();
        self.coverage.count_if(Situation::StaleWhileLive, live);
    }

    /// Checks the session after a long time in which nothing failed: it is connected or over.
    pub fn check_settled(&mut self) -> Result<(), Violation> {
        self.session.model.flushes.check_end()?;
        let state = self.state();
        ensure!(
            !matches!(
                state,
                State::Connecting | State::Handshaking | State::Waiting
            ),
            "progress",
            "still {state:?} although nothing fails"
        );
        if let Some(socket) = self.session.model.lifecycle.connection() {
            self.coverage.count(Situation::Connected);
            ensure!(
                !self.can_notice_silence() || !self.transport.is_half_open(socket),
                "liveness",
                "the cloud used to pong, and the session did not notice that it no longer does"
            );
        }
        Ok(())
    }

    /// True if silence of the cloud means something to the session.
    pub fn can_notice_silence(&self) -> bool {
        let is_pinged = self.config.watch.ping_interval.as_millis() > 0;
        let liveness = &self.session.model.lifecycle.liveness;
        is_pinged && liveness.ponged && liveness.expects_pong()
    }

    /// Checks that the app can end the session and start another from here.
    pub fn check_way_out(&self) -> Result<(), Violation> {
        check_way_out(&self.session.session, Instant::from_millis(self.clock.now))
    }

    /// Ends the session.
    pub fn leave(&mut self) -> Result<(), Violation> {
        self.app.remove_handlers();
        self.call(AppCall::Disconnect(None))?;
        self.drain()?;
        self.log(|| "nothing more may come".into());
        Ok(())
    }

    /// Checks the session long after [`leave`](Self::leave), when there had been so many outputs.
    pub fn check_end(&mut self, outputs: u64) -> Result<(), Violation> {
        ensure!(
            self.state() == State::Idle || self.outputs == outputs,
            "silence",
            "{} outputs after the end",
            self.outputs - outputs
        );
        self.check_arrivals()?;
        self.check_stats()?;
        let model = &self.session.model;
        let direct = self.session.twin.as_ref().map_or(0, |twin| twin.count);
        for (situation, times) in [
            (Situation::Direct, direct),
            (Situation::Resent, model.outbox.resent),
            (Situation::Replaced, model.outbox.replaced),
            (Situation::Withdrawn, model.events.withdrawn),
            (Situation::FreshKey, model.lifecycle.fresh_keys),
        ] {
            self.coverage.count_times(situation, times);
        }
        Ok(())
    }

    /// Checks that messages with the guarantee have arrived, unless the app was told otherwise.
    /// A pong without a ping confirms what may not have arrived.
    fn check_arrivals(&mut self) -> Result<(), Violation> {
        let resends = self.config.delivery == Delivery::AtLeastOnce;
        if !resends || self.extra_pongs {
            return Ok(());
        }
        self.coverage.count(Situation::AllArrived);
        for serial in 1..=self.app.written() {
            let outbox = &self.session.model.outbox;
            ensure!(
                outbox.is_accounted_for(serial) || self.transport.has_any(serial),
                "messages",
                "{serial} never arrived, and the app was not told"
            );
        }
        Ok(())
    }

    fn check_stats(&self) -> Result<(), Violation> {
        let stats = self.session.session.stats();
        let coverage = &self.coverage;
        // Every message whose fate is "dropped": by an event, or by the reply after the end.
        let silently = [Situation::SentAfterEnd, Situation::DroppedUntold];
        let silently: u64 = silently
            .map(|situation| coverage.times(situation))
            .iter()
            .sum();
        let dropped = coverage.all_dropped() + silently;
        let counted = [
            ("attempts", stats.attempts, coverage.attempts),
            ("connections", stats.connections, coverage.connections),
            ("sent", stats.sent, coverage.transmitted),
            ("dropped", stats.dropped, dropped),
        ];
        for (name, found, expected) in counted {
            ensure!(
                u64::from(found) == expected,
                "stats",
                "{name}: {found} instead of {expected}"
            );
        }
        ensure!(
            self.session.session.timeline().count() <= 256,
            "memory",
            "the timeline grows"
        );
        Ok(())
    }

    pub fn log(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let line = format!("{:>8} ms {}{}", self.clock.now, self.name, text());
            trace.borrow_mut().push(line);
        }
    }
}
