//! The schedule of a seed: all that will happen, laid down before it does, so that parts of it
//! can be left out.

use std::fmt;

use fastrand::Rng;
use tpa_session::session::{
    Backoff, CLOSE_RULES, Config, Delivery, Duration, Limits, Malformed, WakeHint, Watch,
};

use crate::app::{Ask, KEYS, Moment, NO_SESSION, NO_STREAM, SESSIONS, STREAMS};
use crate::client::Turn;
use crate::closures::{CLOSURES, CUT, Closure, REFUSALS};
use crate::network::{Fate, Fault, Welcome};
use crate::way::{Credentials, Dial, Signs, Way};

/// A deed, and the time before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<D> {
    pub wait: u64,
    pub deed: D,
}

/// A kind of world: what it can be like, and what can happen in it.
pub trait Kind: Clone + fmt::Debug {
    type Settings: Clone + fmt::Debug;
    type Deed: Clone + fmt::Debug + PartialEq;
}

#[derive(Clone, Debug)]
pub struct Schedule<K: Kind> {
    pub seed: u64,
    pub settings: K::Settings,
    pub steps: Vec<Step<K::Deed>>,
}

/// The world of one session, whose network and cloud do their worst.
#[derive(Clone, Debug)]
pub struct Hostile;

impl Kind for Hostile {
    type Settings = Config;
    type Deed = Deed;
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Turn(Turn),
    /// The next attempt that has no fate yet will have this one; others go well.
    Fate(Fate),
    /// To the newest socket, or to the one so many before it.
    Fault(u32, Fault),
    /// Nothing runs for so long. The monotonic clock may have stood still meanwhile.
    Sleep {
        millis: u64,
        unnoticed: bool,
    },
}

impl Schedule<Hostile> {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed);
        let settings = dice.config();
        let mut steps = Vec::new();
        let mut add = |wait, deed| steps.push(Step { wait, deed });
        for _ in 0..dice.below(4) {
            add(0, Deed::Fate(dice.fate()));
        }
        // Few apps call back from everywhere, but those that do find the rarest orders.
        let handlers = dice.pick(&[1, 1, 4, 4, 15]);
        for _ in 0..dice.below(handlers) {
            add(0, Deed::Turn(dice.handler()));
        }
        add(0, Deed::Turn(Turn::Ask(Ask::Connect(SESSIONS[0]))));
        for _ in 0..dice.below(35) {
            add(dice.wait(), dice.deed());
            if dice.once_in(12) {
                for _ in 0..dice.below(8) {
                    add(0, Deed::Turn(Turn::Ask(dice.send())));
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
        for Step { wait, deed } in &self.steps {
            writeln!(f, "  after {wait:>5} ms: {deed:?}")?;
        }
        Ok(())
    }
}

pub struct Dice(Rng);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0.usize(..n)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Once in `n`.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn up_to(&mut self, millis: u64) -> u64 {
        self.0.u64(0..=millis)
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
            close_rules: CLOSE_RULES,
            on_loopback: self.once_in(5),
            key_from_provider: self.0.bool(),
        }
    }

    fn deed(&mut self) -> Deed {
        match self.below(100) {
            0..50 => Deed::Turn(self.turn_of_app()),
            50..58 => Deed::Fate(self.fate()),
            58..86 => {
                let back = self.pick(&[0, 0, 0, 0, 1, 2]);
                Deed::Fault(back, self.fault())
            }
            86..98 => Deed::Turn(self.turn_of_runtime()),
            _ => self.sleep(),
        }
    }

    fn sleep(&mut self) -> Deed {
        Deed::Sleep {
            millis: self.pick(&[1000, 40_000, 60_000, 100_000, 7_200_000]),
            unnoticed: self.0.bool(),
        }
    }

    /// What the app does.
    pub fn turn_of_app(&mut self) -> Turn {
        match self.below(50) {
            0..38 => Turn::Ask(self.ask()),
            _ => self.handler(),
        }
    }

    pub fn handler(&mut self) -> Turn {
        Turn::Handler(self.pick(&Moment::ALL), self.call())
    }

    /// What the page or the process does that the app lives in.
    pub fn turn_of_runtime(&mut self) -> Turn {
        match self.below(12) {
            0..3 => {
                let longest = self.pick(&[0, 0, 100, 2000, 60_000]);
                Turn::Lateness(self.up_to(longest))
            }
            3..5 => Turn::Wake { back: self.delay() },
            5..7 => Turn::Verdict(self.pick(&[None, Some(true), Some(false)])),
            7..9 => Turn::Offline,
            9..11 => Turn::Online,
            _ => Turn::Suspect(self.pick(&[WakeHint::Resumed, WakeHint::Resumed, WakeHint::Slept])),
        }
    }

    /// What a handler does.
    fn call(&mut self) -> Ask {
        if self.once_in(12) {
            Ask::Throw
        } else {
            self.ask()
        }
    }

    fn ask(&mut self) -> Ask {
        match self.below(100) {
            0..20 => Ask::Connect(self.pick(&[SESSIONS[0], SESSIONS[0], SESSIONS[0], SESSIONS[1]])),
            20..21 => Ask::Connect(NO_SESSION),
            21..29 => Ask::Disconnect(self.pick(&[None, Some("App stopped")])),
            29..33 => Ask::ReconnectNow,
            33..70 => self.send(),
            70..75 => Ask::Flush,
            75..88 => Ask::Subscribe(self.pick(&STREAMS)),
            88..89 => Ask::Subscribe(NO_STREAM),
            89..94 => Ask::Unsubscribe(self.pick(&STREAMS)),
            94..99 => Ask::Follow(self.pick(&STREAMS)),
            _ => Ask::Unsubscribe(NO_STREAM),
        }
    }

    pub fn send(&mut self) -> Ask {
        Ask::Send {
            size: self.pick(&[1, 5, 5, 9, 30]),
            key: self.pick(&[None, None, Some(KEYS[0]), Some(KEYS[1])]),
            ttl: self.pick(&[None, None, None, Some(0), Some(200), Some(3000)]),
        }
    }

    pub fn way(&mut self) -> Way {
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
            13..17 => Dial::Refused(self.delay(), self.signs()),
            17..19 => Dial::Hangs,
            _ => Dial::Throws,
        };
        Way {
            credentials,
            dial,
            up: self.delay().min(500),
            down: self.delay().min(500),
            closes_at_once: self.once_in(6),
        }
    }

    fn fate(&mut self) -> Fate {
        let way = self.way();
        let welcome = match self.below(20) {
            0..13 => Welcome::Ack(self.delay()),
            13 => Welcome::Silence,
            14..17 => Welcome::Refuse(self.delay(), self.pick(&REFUSALS), self.refused_with()),
            _ => Welcome::Close(self.delay(), self.closure(), self.signs()),
        };
        Fate {
            way,
            welcome,
            pongs: self.0.bool(),
        }
    }

    fn refused_with(&mut self) -> Option<Closure> {
        let close = self.closure();
        self.0.bool().then_some(close)
    }

    pub fn signs(&mut self) -> Signs {
        self.pick(&[
            Signs::Close,
            Signs::Close,
            Signs::ErrorThenClose,
            Signs::ErrorOnly,
            Signs::Twice,
        ])
    }

    fn closure(&mut self) -> Closure {
        // Most closures can be survived, so that lives get long.
        if self.0.bool() {
            CUT
        } else {
            self.pick(&CLOSURES)
        }
    }

    fn fault(&mut self) -> Fault {
        match self.below(100) {
            0..28 => Fault::Close(self.closure(), self.signs()),
            28..38 => Fault::Cut,
            38..43 => Fault::ErrorOnly,
            43..49 => Fault::Refuse(self.pick(&REFUSALS)),
            49..51 => Fault::StopApp(self.pick(&[None, Some("user_disabled")])),
            51..56 => Fault::Malformed(self.pick(&[
                Malformed::NotJson,
                Malformed::NotObject,
                Malformed::NoType,
            ])),
            56..60 => Fault::Data,
            60..66 => Fault::Pong,
            66..71 => Fault::Ack,
            71..76 => Fault::LoseUp,
            76..81 => Fault::LoseDown,
            81..88 => Fault::Stall(self.wait()),
            88..93 => Fault::Congestion(self.wait(), self.pick(&[0, 5, 9, 30, 2000])),
            _ => Fault::Closing(self.delay()),
        }
    }
}
