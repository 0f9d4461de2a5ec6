//! Schedule of a seed: everything that will happen, determined in advance, so that parts of it
//! can be left out.

use std::fmt;

use fastrand::Rng;
use testkit::closures::{BUSY, CLOSURES, CUT, Closure, REFUSALS, RULES_WITH_DELAY};
use testkit::world::app::{AppCall, KEYS, NO_SESSION, NO_STREAM, SESSIONS, STREAMS, Trigger};
use testkit::world::attempt_plan::{AttemptPlan, Greeting};
use testkit::world::dial_outcome::{CloseEvents, Credentials, Dial, DialOutcome};
use testkit::world::field::pongs::Pongs;
use testkit::world::network::Fault;
use tpa_session::session::{
    Backoff, CLOSE_RULES, Config, Delivery, Duration, Limits, Malformed, PingId, Reconnect,
    WakeHint, Watch,
};

use crate::client::ClientAction;

/// An action, and the time before it in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<A> {
    pub wait: u64,
    pub action: A,
}

/// A kind of world, with its settings and the actions that are possible in it.
pub trait Kind: Clone + fmt::Debug {
    type Settings: Clone + fmt::Debug;
    type Action: Clone + fmt::Debug + PartialEq;
}

#[derive(Clone, Debug)]
pub struct Schedule<K: Kind> {
    pub seed: u64,
    pub settings: K::Settings,
    pub steps: Vec<Step<K::Action>>,
}

/// The world of one session with a hostile network and a hostile cloud.
#[derive(Clone, Debug)]
pub struct Hostile;

impl Kind for Hostile {
    type Settings = Config;
    type Action = Action;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Client(ClientAction),
    /// Plans the next attempt that has no plan yet; attempts without a plan succeed.
    Plan(AttemptPlan),
    /// A fault of the newest socket, or of the one that many before it.
    Fault(u32, Fault),
    /// The machine sleeps. The monotonic clock may stand still meanwhile.
    Sleep {
        millis: u64,
        unnoticed: bool,
    },
}

impl Schedule<Hostile> {
    pub fn of(seed: u64) -> Self {
        let mut generator = Generator::of(seed);
        let settings = generator.config();
        let mut steps = Vec::new();
        let mut add = |wait, action| steps.push(Step { wait, action });
        for _ in 0..generator.below(4) {
            add(0, Action::Plan(generator.plan()));
        }
        // Few apps make calls from many handlers, but those that do cause the rarest orders.
        let handlers = generator.pick(&[1, 1, 4, 4, 15]);
        for _ in 0..generator.below(handlers) {
            add(0, Action::Client(generator.handler()));
        }
        add(
            0,
            Action::Client(ClientAction::Call(AppCall::Connect(SESSIONS[0]))),
        );
        for _ in 0..generator.below(35) {
            add(generator.wait(), generator.action());
            if generator.once_in(12) {
                for _ in 0..generator.below(8) {
                    add(0, Action::Client(ClientAction::Call(generator.send())));
                }
            }
        }
        Self {
            seed,
            settings,
            steps,
        }
    }
}

impl<K: Kind> fmt::Display for Schedule<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.settings)?;
        for Step { wait, action } in &self.steps {
            writeln!(f, "  after {wait:>5} ms: {action:?}")?;
        }
        Ok(())
    }
}

/// Random choices of a seed.
pub struct Generator {
    rng: Rng,
    /// Choices about delays that the app or the table of closures sets.
    delay_rng: Rng,
    /// Delays are set at all.
    has_delays: bool,
}

impl Generator {
    pub fn of(seed: u64) -> Self {
        let mut delay_rng = Rng::with_seed(!seed);
        let has_delays = delay_rng.u32(..4) == 0;
        Self {
            rng: Rng::with_seed(seed),
            delay_rng,
            has_delays,
        }
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.rng.usize(..n)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// True once in `n` draws.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn up_to(&mut self, millis: u64) -> u64 {
        self.rng.u64(0..=millis)
    }

    pub fn wait(&mut self) -> u64 {
        let longest = self.pick(&[0, 0, 20, 20, 300, 300, 2000, 2000, 8000, 70_000]);
        self.up_to(longest)
    }

    pub fn delay(&mut self) -> u64 {
        let longest = self.pick(&[0, 10, 10, 100, 100, 1000, 6000]);
        self.up_to(longest)
    }

    pub fn config(&mut self) -> Config {
        let millis = Duration::from_millis;
        Config {
            auto_reconnect: !self.once_in(10),
            max_reconnect_attempts: self.pick(&[Some(0), Some(1), Some(2), Some(3), Some(3), None]),
            give_up_after: millis(self.pick(&[0, 0, 0, 20_000])),
            backoff: Backoff {
                initial: millis(self.pick(&[0, 1, 250, 1000, 1000])),
                max: millis(self.pick(&[1000, 5000, 30_000])),
                jitter: self.pick(&[0.0, 0.5, 0.5, 1.0]),
            },
            connect_timeout: millis(self.pick(&[40, 500, 5000, 5000])),
            stable_after: millis(self.pick(&[0, 1000, 5000])),
            outbox: Limits {
                messages: self.pick(&[0, 1, 2, 4, 4, 20]),
                bytes: self.pick(&[10, 40, 1000, 1000]),
                buffered: self.pick(&[0, 8, 20, 1000]),
            },
            delivery: self.pick(&[
                Delivery::AtMostOnce,
                Delivery::AtLeastOnce,
                Delivery::AtLeastOnce,
            ]),
            watch: Watch {
                ping_interval: millis(self.pick(&[0, 5000, 15_000, 15_000])),
                pong_timeout: millis(self.pick(&[500, 5000, 5000])),
            },
            asks_app: self.once_in(3),
            close_rules: if self.has_delays {
                RULES_WITH_DELAY
            } else {
                CLOSE_RULES
            },
            on_loopback: self.once_in(5),
            key_from_provider: self.rng.bool(),
            browser_closes_cleanly: self.once_in(5),
        }
    }

    fn action(&mut self) -> Action {
        match self.below(100) {
            0..50 => Action::Client(self.app_action()),
            50..58 => Action::Plan(self.plan()),
            58..86 => {
                let back = self.pick(&[0, 0, 0, 0, 1, 2]);
                Action::Fault(back, self.fault())
            }
            86..98 => Action::Client(self.runtime_action()),
            _ => self.sleep(),
        }
    }

    fn sleep(&mut self) -> Action {
        Action::Sleep {
            millis: self.pick(&[1000, 40_000, 60_000, 100_000, 7_200_000]),
            unnoticed: self.rng.bool(),
        }
    }

    /// An action of the app.
    pub fn app_action(&mut self) -> ClientAction {
        match self.below(50) {
            0..38 => ClientAction::Call(self.call()),
            _ => self.handler(),
        }
    }

    pub fn handler(&mut self) -> ClientAction {
        ClientAction::Handler(self.pick(&Trigger::ALL), self.handler_call())
    }

    /// An action of the page or the process that the app runs in.
    pub fn runtime_action(&mut self) -> ClientAction {
        match self.below(16) {
            0..3 => {
                let longest = self.pick(&[0, 0, 100, 2000, 60_000]);
                ClientAction::Lateness(self.up_to(longest))
            }
            3..5 => ClientAction::SpuriousTimeout { back: self.delay() },
            5..7 => ClientAction::Decide(self.decision()),
            7..9 => ClientAction::Offline,
            9..11 => ClientAction::Online,
            11..13 => ClientAction::Leaving,
            13 => ClientAction::Grid(self.pick(&[1, 1000, 60_000])),
            14 => ClientAction::ClockJumped,
            _ => ClientAction::Wake(self.pick(&[
                WakeHint::Resumed,
                WakeHint::AddressChanged,
                WakeHint::Shown,
                WakeHint::Slept,
            ])),
        }
    }

    /// A call from inside a handler.
    fn handler_call(&mut self) -> AppCall {
        if self.once_in(12) {
            AppCall::Throw
        } else {
            self.call()
        }
    }

    fn call(&mut self) -> AppCall {
        match self.below(100) {
            0..20 => {
                AppCall::Connect(self.pick(&[SESSIONS[0], SESSIONS[0], SESSIONS[0], SESSIONS[1]]))
            }
            20..21 => AppCall::Connect(NO_SESSION),
            21..28 => AppCall::Disconnect(self.pick(&[None, Some("App stopped")])),
            28..29 => AppCall::HandOver,
            29..31 => AppCall::ReconnectNow,
            31..33 => AppCall::Reopen,
            33..70 => self.send(),
            70..75 => AppCall::Flush,
            75..88 => AppCall::Subscribe(self.pick(&STREAMS)),
            88..89 => AppCall::Subscribe(NO_STREAM),
            89..94 => AppCall::Unsubscribe(self.pick(&STREAMS)),
            94..99 => AppCall::Follow(self.pick(&STREAMS)),
            _ => AppCall::Unsubscribe(NO_STREAM),
        }
    }

    pub fn send(&mut self) -> AppCall {
        AppCall::Send {
            size: self.pick(&[1, 5, 5, 9, 30]),
            key: self.pick(&[
                None,
                None,
                None,
                Some(KEYS[0]),
                Some(KEYS[1]),
                Some("dashboard_content_update:main"),
                Some("dashboard_content_update:expanded,main"),
            ]),
            ttl: self.pick(&[None, None, None, Some(0), Some(200), Some(3000)]),
        }
    }

    pub fn outcome(&mut self) -> DialOutcome {
        let credentials = match self.below(20) {
            0..14 => Credentials::AtOnce,
            14..17 => Credentials::After(self.delay()),
            17 => Credentials::Fail(self.delay()),
            18 => Credentials::Hang,
            _ if self.once_in(4) => Credentials::Unsupported,
            _ => Credentials::AtOnce,
        };
        let dial = match self.below(20) {
            0..13 => Dial::Opens(self.delay()),
            13..17 => Dial::Refused(self.delay(), self.close_events()),
            17..19 => Dial::Hangs,
            _ => Dial::Throws,
        };
        DialOutcome {
            credentials,
            dial,
            up: self.delay().min(500),
            down: self.delay().min(500),
            closes_at_once: self.once_in(6),
        }
    }

    fn plan(&mut self) -> AttemptPlan {
        let outcome = self.outcome();
        let greeting = match self.below(20) {
            0..13 => Greeting::Ack(self.delay()),
            13 => Greeting::Silence,
            14..17 => Greeting::Refuse(self.delay(), self.pick(&REFUSALS), self.refused_with()),
            _ => Greeting::Close(self.delay(), self.closure(), self.close_events()),
        };
        AttemptPlan {
            outcome,
            greeting,
            pongs: self.pick(&[
                Pongs::Always,
                Pongs::Always,
                Pongs::Always,
                Pongs::Never,
                Pongs::Never,
                Pongs::Late(300),
                Pongs::Late(7000),
                Pongs::FirstOnly,
                Pongs::OneIn(3),
            ]),
            repeats_ids: self.rng.bool(),
        }
    }

    fn refused_with(&mut self) -> Option<Closure> {
        let close = self.closure();
        self.rng.bool().then_some(close)
    }

    pub fn close_events(&mut self) -> CloseEvents {
        self.pick(&[
            CloseEvents::Close,
            CloseEvents::Close,
            CloseEvents::ErrorThenClose,
            CloseEvents::ErrorOnly,
            CloseEvents::Twice,
        ])
    }

    /// The app's answer to `shouldReconnect`.
    fn decision(&mut self) -> Option<Reconnect> {
        let decision = self.pick(&[None, Some(Reconnect::Yes), Some(Reconnect::No)]);
        if self.has_delays && self.delay_rng.bool() {
            let longest = [0, 100, 3000, 60_000][self.delay_rng.usize(..4)];
            let delay = Duration::from_millis(self.delay_rng.u64(0..=longest));
            return decision.map(|_| Reconnect::After(delay));
        }
        decision
    }

    fn closure(&mut self) -> Closure {
        let closure = self.usual_closure();
        if self.has_delays && self.delay_rng.u32(..4) == 0 {
            return BUSY;
        }
        closure
    }

    fn usual_closure(&mut self) -> Closure {
        // Most closures allow another attempt, so that runs get long.
        if self.rng.bool() {
            CUT
        } else {
            self.pick(&CLOSURES)
        }
    }

    fn fault(&mut self) -> Fault {
        match self.below(100) {
            0..28 => Fault::Close(self.closure(), self.close_events()),
            28..38 => Fault::Cut,
            38..43 => Fault::ErrorOnly,
            43..49 => Fault::Refuse(self.pick(&REFUSALS)),
            49..51 => Fault::StopApp(self.pick(&[None, Some("user_disabled")])),
            51..56 => Fault::Malformed(self.pick(&[
                Malformed::NotJson,
                Malformed::NotObject,
                Malformed::NoType,
                Malformed::TooLarge,
            ])),
            56..59 => Fault::Data,
            59 => Fault::ProtocolPing,
            60..66 => Fault::Pong(self.pick(&[None, None, Some(PingId(2)), Some(PingId(9))])),
            66..71 => Fault::Ack,
            71..76 => Fault::LoseUp,
            76..81 => Fault::LoseDown,
            81..88 => Fault::Stall(self.wait()),
            88..93 => Fault::Congestion(self.wait(), self.pick(&[0, 5, 9, 30, 2000])),
            _ => Fault::Closing(self.delay()),
        }
    }
}
