//! The schedule of a seed: all that will happen, laid down before it does, so that parts of it
//! can be left out.

use std::fmt;

use fastrand::Rng;
use tpa_session::session::{
    Backoff, Config, Duration, Guarantee, Limits, Malformed, Suspicion, Watch,
};

use crate::app::{Ask, KEYS, Moment, NO_SESSION, NO_STREAM, SESSIONS, STREAMS};
use crate::closures::{CLOSURES, CUT, Closure, REFUSALS};
use crate::network::{Credentials, Dial, Fate, Fault, Signs, Welcome};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The app asks.
    Ask(Ask),
    /// The app will ask, from inside a handler.
    Handler(Moment, Ask),
    /// The next attempt that has no fate yet will have this one; others go well.
    Fate(Fate),
    /// To the newest socket, or to the one so many before it.
    Fault(u32, Fault),
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
    Suspect(Suspicion),
    /// Nothing runs for so long. The monotonic clock may have stood still meanwhile.
    Sleep {
        millis: u64,
        unnoticed: bool,
    },
}

/// A deed, and the time before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub wait: u64,
    pub deed: Deed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub seed: u64,
    pub config: Config,
    pub steps: Vec<Step>,
}

impl Schedule {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice(Rng::with_seed(seed));
        let config = dice.config();
        let mut steps = Vec::new();
        let mut add = |wait, deed| steps.push(Step { wait, deed });
        for _ in 0..dice.below(4) {
            add(0, Deed::Fate(dice.fate()));
        }
        // Few apps call back from everywhere, but those that do find the rarest orders.
        let handlers = dice.pick(&[1, 1, 4, 4, 15]);
        for _ in 0..dice.below(handlers) {
            add(0, Deed::Handler(dice.pick(&Moment::ALL), dice.call()));
        }
        add(0, Deed::Ask(Ask::Connect(SESSIONS[0])));
        for _ in 0..dice.below(35) {
            add(dice.wait(), dice.deed());
            if dice.once_in(12) {
                for _ in 0..dice.below(8) {
                    add(0, Deed::Ask(dice.send()));
                }
            }
        }
        Self {
            seed,
            config,
            steps,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.config)?;
        for Step { wait, deed } in &self.steps {
            writeln!(f, "  after {wait:>5} ms: {deed:?}")?;
        }
        Ok(())
    }
}

struct Dice(Rng);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0.usize(..n)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Once in `n`.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn up_to(&mut self, millis: u64) -> u64 {
        self.0.u64(0..=millis)
    }

    fn wait(&mut self) -> u64 {
        let longest = self.pick(&[0, 0, 20, 20, 300, 300, 2000, 2000, 8000, 70_000]);
        self.up_to(longest)
    }

    fn delay(&mut self) -> u64 {
        let longest = self.pick(&[0, 10, 10, 100, 100, 1000, 6000]);
        self.up_to(longest)
    }

    fn config(&mut self) -> Config {
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
                Guarantee::AtMostOnce,
                Guarantee::AtLeastOnce,
                Guarantee::AtLeastOnce,
            ]),
            watch: Watch {
                ping_interval: millis(self.pick(&[0, 5000, 15_000, 15_000])),
                pong_timeout: millis(self.pick(&[500, 5000, 5000])),
            },
            asks_app: self.once_in(3),
            on_loopback: self.once_in(5),
            key_from_provider: self.0.bool(),
        }
    }

    fn deed(&mut self) -> Deed {
        match self.below(100) {
            0..38 => Deed::Ask(self.ask()),
            38..50 => Deed::Handler(self.pick(&Moment::ALL), self.call()),
            50..58 => Deed::Fate(self.fate()),
            58..86 => {
                let back = self.pick(&[0, 0, 0, 0, 1, 2]);
                Deed::Fault(back, self.fault())
            }
            86..89 => {
                let longest = self.pick(&[0, 0, 100, 2000, 60_000]);
                Deed::Lateness(self.up_to(longest))
            }
            89..91 => Deed::Wake { back: self.delay() },
            91..93 => Deed::Verdict(self.pick(&[None, Some(true), Some(false)])),
            93..95 => Deed::Offline,
            95..97 => Deed::Online,
            97..98 => Deed::Suspect(self.pick(&[
                Suspicion::Environment,
                Suspicion::Environment,
                Suspicion::Clock,
            ])),
            _ => Deed::Sleep {
                millis: self.pick(&[1000, 40_000, 60_000, 100_000, 7_200_000]),
                unnoticed: self.0.bool(),
            },
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
            89..99 => Ask::Unsubscribe(self.pick(&STREAMS)),
            _ => Ask::Unsubscribe(NO_STREAM),
        }
    }

    fn send(&mut self) -> Ask {
        Ask::Send {
            size: self.pick(&[1, 5, 5, 9, 30]),
            key: self.pick(&[None, None, Some(KEYS[0]), Some(KEYS[1])]),
            ttl: self.pick(&[None, None, None, Some(0), Some(200), Some(3000)]),
        }
    }

    fn fate(&mut self) -> Fate {
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
        let welcome = match self.below(20) {
            0..13 => Welcome::Ack(self.delay()),
            13 => Welcome::Silence,
            14..17 => Welcome::Refuse(self.delay(), self.pick(&REFUSALS), self.refused_with()),
            _ => Welcome::Close(self.delay(), self.closure(), self.signs()),
        };
        Fate {
            credentials,
            dial,
            welcome,
            up: self.delay().min(500),
            down: self.delay().min(500),
            pongs: self.0.bool(),
            closes_at_once: self.once_in(6),
        }
    }

    fn refused_with(&mut self) -> Option<Closure> {
        let close = self.closure();
        self.0.bool().then_some(close)
    }

    fn signs(&mut self) -> Signs {
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
