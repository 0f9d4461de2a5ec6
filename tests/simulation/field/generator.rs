//! Random schedules of the field world.

use fastrand::Rng;
use testkit::closures::{Closure, all_closures};
use testkit::world::app::{AppCall, STREAMS};
use testkit::world::field::Setup;
use testkit::world::field::apps::{CARD, Habit};
use testkit::world::field::culprit::{Culprit, Refused};
use testkit::world::field::faults::Fault;
use testkit::world::field::gauge::Gauge;
use testkit::world::field::line::{Delay, Line};
use testkit::world::field::machine::{Running, Timers};
use testkit::world::field::pongs::Pongs;
use tpa_session::session::{Config, Delivery, WakeHint};

use super::seeds::{Action, Field, Settings};
use crate::schedule::{Schedule, Step};

pub fn schedule(seed: u64) -> Schedule<Field> {
    let mut generator = Generator(Rng::with_seed(seed));
    let settings = generator.settings(seed);
    let number = generator.0.usize(1..14);
    let steps = (0..number).map(|_| Step {
        wait: generator.wait(),
        action: generator.action(),
    });
    Schedule {
        seed,
        steps: steps.collect(),
        settings,
    }
}

struct Generator(Rng);

impl Generator {
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.usize(..of.len())]
    }

    fn wait(&mut self) -> u64 {
        let longest = self.pick(&[0, 100, 2000, 6000, 20_000, 40_000, 70_000]);
        self.0.u64(0..=longest)
    }

    fn settings(&mut self, seed: u64) -> Settings {
        let config = Config {
            delivery: self.pick(&[
                Delivery::AtMostOnce,
                Delivery::AtMostOnce,
                Delivery::AtLeastOnce,
            ]),
            max_reconnect_attempts: self.pick(&[Some(3), Some(3), None]),
            ..Config::default()
        };
        let setup = Setup {
            config,
            seed,
            habit: self.pick(&[
                Habit::Idle,
                Habit::Listening,
                Habit::Showing,
                Habit::Busy,
                Habit::Busy,
                Habit::Bulk {
                    size: 8192,
                    every: 500,
                },
            ]),
            line: self.line(),
            gauge: self.pick(&Gauge::ALL),
            terminates: self.0.bool(),
            pongs: self.pongs(),
            checked: true,
        };
        Settings {
            setup,
            drops_silent: self.0.bool(),
            backlog: self.pick(&[0, 20, 1500]),
            offline_at_start: self.0.u32(..10) == 0,
        }
    }

    fn line(&mut self) -> Line {
        let delay = match self.0.u32(..4) {
            0 => Delay::Spiky {
                usual: self.0.u64(5..100),
                spike: self.pick(&[400, 3000, 9000]),
                one_in: self.pick(&[5, 30]),
            },
            _ => Delay::Constant(self.pick(&[5, 20, 150, 600])),
        };
        Line {
            up: self.rate(),
            down: self.rate(),
            delay,
            kernel: self.pick(&[0, 65_536, 1 << 20]),
            silent_until: 0,
        }
    }

    fn rate(&mut self) -> u64 {
        self.pick(&[2000, 8000, 64_000, 1_000_000, 1_000_000])
    }

    /// Most clouds answer all pings; some change at a deploy, or with each connection.
    fn pongs(&mut self) -> Vec<Pongs> {
        let number = self.pick(&[1, 1, 1, 2, 5]);
        if self.0.bool() {
            return vec![Pongs::Always];
        }
        (0..number).map(|_| self.habit_of_pongs()).collect()
    }

    fn habit_of_pongs(&mut self) -> Pongs {
        match self.0.u32(..8) {
            0 => Pongs::Never,
            1 => Pongs::Late(self.pick(&[800, 4500, 7000])),
            2 => Pongs::FirstOnly,
            3 => Pongs::OneIn(3),
            4 => Pongs::Spontaneous(self.pick(&[700, 20_000])),
            5 => Pongs::Foreign(self.pick(&[700, 20_000])),
            _ => Pongs::Always,
        }
    }

    fn action(&mut self) -> Action {
        match self.0.u32(..100) {
            0..62 => Action::Fault(self.fault()),
            62..70 => Action::Fault(self.runtime()),
            70..80 => Action::Refuse(self.refused()),
            _ => Action::Call(self.call()),
        }
    }

    fn fault(&mut self) -> Fault {
        match self.0.u32(..12) {
            0..3 => self.forget(),
            3 => Fault::Silence(self.pick(&[1000, 3000, 12_000, 40_000, 300_000])),
            4 => Fault::Stall(self.pick(&[6000, 8000, 30_000])),
            5 => Fault::Close(self.closure()),
            6 => Fault::Reset,
            7 => Fault::Refuse(self.pick(&[500, 3000, 20_000])),
            8 => Fault::Rates {
                up: self.rate(),
                down: self.rate(),
            },
            9 => Fault::Timers(self.pick(&[
                Timers::OnTime,
                Timers::OnTime,
                Timers::Grid(1000),
                Timers::Grid(60_000),
                Timers::Thaws {
                    every: 60_000,
                    open: 300,
                },
            ])),
            10 => Fault::Freeze(self.pick(&[300, 3000, 12_000, 100_000])),
            _ => {
                let running = self.pick(&Running::ALL);
                Fault::Sleep(self.pick(&[5000, 50_000, 600_000]), running)
            }
        }
    }

    fn forget(&mut self) -> Fault {
        self.pick(&[
            Fault::FORGET,
            Fault::FORGET,
            Fault::Forget {
                up: true,
                down: false,
            },
            Fault::Forget {
                up: false,
                down: true,
            },
        ])
    }

    fn runtime(&mut self) -> Fault {
        match self.0.u32(..6) {
            5 => self.pick(&[
                Fault::ClockStands(true),
                Fault::ClockStands(false),
                Fault::ClockJumps(-60_000),
                Fault::ClockJumps(1500),
                Fault::ClockJumps(100_000),
            ]),
            4 => Fault::ProtocolPings(self.pick(&[None, Some(10_000), Some(15_000)])),
            0 => Fault::Online(self.0.bool()),
            1 => Fault::Flap {
                every: self.pick(&[200, 1000, 7000]),
                time: self.pick(&[5000, 60_000]),
            },
            2 => Fault::Wake(self.pick(&[
                WakeHint::Resumed,
                WakeHint::Shown,
                WakeHint::AddressChanged,
                WakeHint::Slept,
            ])),
            _ => Fault::OtherWriter,
        }
    }

    fn closure(&mut self) -> Closure {
        let all: Vec<_> = all_closures().collect();
        self.pick(&all)
    }

    fn refused(&mut self) -> Refused {
        let culprit = match self.0.u32(..6) {
            0 => Culprit::Subscriptions,
            1 => Culprit::Init,
            2 => Culprit::Ping,
            _ => Culprit::Message(self.0.u32(1..60)),
        };
        let blaming: Vec<_> = all_closures()
            .filter(|closure| matches!(closure.code, 1003 | 1007..=1009 | 1011))
            .collect();
        Refused {
            culprit,
            closure: self.pick(&blaming),
            times: self.pick(&[1, 2, 8, u32::MAX]),
        }
    }

    fn call(&mut self) -> AppCall {
        match self.0.u32(..10) {
            0..4 => AppCall::Send {
                size: self.pick(&[10, 1000, 40_000]),
                key: None,
                ttl: self.pick(&[None, Some(4000)]),
            },
            4..6 => CARD,
            6 => AppCall::Flush,
            7 => AppCall::ReconnectNow,
            _ => AppCall::Subscribe(self.pick(&STREAMS)),
        }
    }
}
