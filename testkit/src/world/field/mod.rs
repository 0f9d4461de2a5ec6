//! Virtual world as it is in the field: a session with default options and a usual app, on lines
//! with a rate, machines whose timers and clocks have habits, and a cloud with habits of its own.
//!
//! | topic | module |
//! |---|---|
//! | frames in order, at a rate, lost and sent again | `lane`, `line` |
//! | `bufferedAmount` | `gauge` |
//! | timers, clocks, sleep | `machine` |
//! | pongs | `pongs` |
//! | closures that a frame causes | `culprit` |
//! | traffic of the app | `apps` |
//! | time within which a dead connection must be left | `patience`, `checks` |

pub mod apps;
mod checks;
pub mod cloud;
pub mod culprit;
mod driver;
pub mod faults;
pub mod gauge;
mod lane;
pub mod line;
pub mod machine;
mod patience;
pub mod pongs;
pub mod record;
mod service;
mod socket;
mod wire;

use std::collections::BTreeMap;

use fastrand::Rng;
use tpa_session::session::{Clock, Config, Instant, SocketId, State};

use self::apps::Habit;
use self::cloud::Cloud;
use self::gauge::Gauge;
use self::line::Line;
use self::machine::Machine;
use self::patience::Patience;
use self::pongs::Pongs;
use self::record::Record;
use self::socket::Socket;
use super::app::{App, AppCall, SESSIONS};
use super::clock::Agenda;
use crate::model::{CheckedSession, Violation, ensure};

/// Upper bound for the number of steps of any run.
const MAX_STEPS: u64 = 3_000_000;

/// Scheduled event of the world, apart from timers and frames.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// The app sends its next message.
    App,
    /// The cloud sends a frame of a stream.
    Talk(SocketId),
    /// The cloud answers a ping.
    Pong(SocketId, Option<u32>),
    /// The cloud sends a pong that nobody asked for.
    Unasked(SocketId),
    /// The cloud sends a protocol ping, if it does.
    ProtocolPing(SocketId),
    /// The cloud looks for connections that are silent.
    Health(SocketId),
    /// `onLine` changes, and will do so again, until the given time.
    Flap {
        online: bool,
        every: u64,
        until: u64,
    },
    /// Another app writes to the display.
    OtherWriter,
}

/// Timer that will fire.
#[derive(Clone, Copy, Debug)]
struct Armed {
    /// Deadline of the session.
    due: Instant,
    armed_for: Instant,
    /// Time of the world at which it is due.
    at: u64,
}

/// Everything about a world that does not change by itself.
#[derive(Clone, Debug)]
pub struct Setup {
    pub config: Config,
    pub seed: u64,
    pub habit: Habit,
    pub line: Line,
    pub gauge: Gauge,
    /// An abandoned socket is destroyed at once; otherwise its bytes still go out first.
    pub terminates: bool,
    pub pongs: Vec<Pongs>,
    /// Every call is compared with the reference model.
    pub checked: bool,
}

impl Setup {
    /// Default options, a good line, and a cloud that pongs.
    pub fn new(seed: u64, habit: Habit) -> Self {
        Self {
            config: Config::default(),
            seed,
            habit,
            line: Line::GOOD,
            gauge: Gauge::True,
            terminates: true,
            pongs: vec![Pongs::Always],
            checked: true,
        }
    }
}

pub struct World {
    pub now: u64,
    pub session: CheckedSession,
    pub line: Line,
    pub machine: Machine,
    pub cloud: Cloud,
    pub record: Record,
    /// Everything that happens, where it is wanted.
    pub trace: Option<Vec<String>>,
    setup: Setup,
    app: App,
    sockets: BTreeMap<SocketId, Socket>,
    agenda: Agenda<Due>,
    rng: Rng,
    patience: Patience,
    /// The last frame of a stream that the session has not been told of yet.
    data: Option<(SocketId, Instant)>,
    /// Number of data frames since the last timeout that were reported at once.
    reported: u8,
    clock: Clock,
    timer: Option<Armed>,
    /// The connection before this one ponged.
    ponged_before: bool,
    /// There are no more faults.
    healed: bool,
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let mut session = CheckedSession::new(&setup.config, setup.seed);
        if !setup.checked {
            session.twin = None;
        }
        Self {
            now: 0,
            session,
            line: setup.line,
            machine: Machine::new(),
            cloud: Cloud::new(setup.pongs.clone()),
            record: Record::default(),
            trace: None,
            app: App::default(),
            sockets: BTreeMap::new(),
            agenda: Agenda::new(),
            rng: Rng::with_seed(!setup.seed),
            patience: Patience::new(setup.config.watch.pong_timeout.as_millis()),
            data: None,
            reported: 0,
            clock: Clock::default(),
            timer: None,
            ponged_before: false,
            healed: false,
            setup,
        }
    }

    /// Starts the session and its app.
    pub fn start(&mut self) -> Result<(), Violation> {
        if self.setup.habit.listens() {
            self.call(AppCall::Subscribe(&["transcription"]))?;
        }
        self.call(AppCall::Connect(SESSIONS[0]))?;
        if let Some((_, every)) = self.setup.habit.message() {
            let first = self.rng.u64(..every);
            self.agenda.add(self.now + first, Due::App);
        }
        Ok(())
    }

    /// A world with a session that has been connected for so long.
    pub fn connected(setup: Setup, time: u64) -> Result<Self, Violation> {
        let mut world = Self::new(setup);
        world.start()?;
        world.run_until(time)?;
        ensure!(
            world.state() == State::Connected,
            "world",
            "the session is {:?} after {time} ms",
            world.state()
        );
        Ok(world)
    }

    pub fn state(&self) -> State {
        self.session.session.state()
    }

    /// The socket of the current attempt, or of the last one.
    pub fn socket(&self) -> SocketId {
        self.session.session.connection()
    }

    /// Number of messages that the app has sent.
    pub const fn written(&self) -> u32 {
        self.app.written()
    }

    pub fn run_for(&mut self, time: u64) -> Result<(), Violation> {
        self.run_until(self.now + time)
    }

    /// Serves everything that is due until then.
    pub fn run_until(&mut self, end: u64) -> Result<(), Violation> {
        while let Some((at, what)) = self.next().filter(|(at, _)| *at <= end) {
            self.record.steps += 1;
            ensure!(
                self.record.steps < MAX_STEPS,
                "progress",
                "no end after {MAX_STEPS} steps"
            );
            self.pass(at);
            self.serve(what)?;
            self.check_bound()?;
        }
        self.pass(end);
        self.check_bound()
    }

    /// Waits until code runs again, if none does.
    fn thaw(&mut self) -> Result<(), Violation> {
        if self.machine.is_frozen(self.now) {
            self.run_until(self.machine.frozen_until)?;
        }
        Ok(())
    }

    fn pass(&mut self, to: u64) {
        let to = to.max(self.now);
        self.machine.pass(self.now, to);
        self.now = to;
    }

    fn log(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>8} ms {}", self.now, text()));
        }
    }
}
