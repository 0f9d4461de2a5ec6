//! Endless plan of random faults. The seed determines the faults and their times.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::action::Action;
use crate::faults::kinds::{
    Close, Cut, Delay, DropAcks, Flap, Freeze, Malformed, Refuse, Restart, Slow,
};
use crate::faults::scenario::Step;
use crate::faults::{Direction, Fault, FaultRequest, Share, Target};

/// Endless random faults with their times. A client with default options recovers from each of
/// them.
#[derive(Debug, Clone)]
pub struct SeededPlan {
    seed: u64,
    random: Rng,
    /// Random numbers of the partial faults, which leave those of the others as they are. `None`
    /// for a seed without partial faults.
    partial: Option<Rng>,
    at: Duration,
    /// Steps that are drawn and not yet returned.
    next: VecDeque<Step>,
}

impl SeededPlan {
    /// Creates the plan of a seed.
    pub fn new(seed: u64) -> Self {
        let mut partial = Rng::with_seed(!seed);
        Self {
            seed,
            random: Rng::with_seed(seed),
            partial: partial.bool().then_some(partial),
            at: Duration::ZERO,
            next: VecDeque::new(),
        }
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn draw(&mut self) {
        // A pause first, so that most faults hit clients that are connected. After a lost ack a
        // client may need more than the shortest pause.
        let pause = self.millis(6_000, 16_000);
        self.draw_partial(self.at + pause / 2);
        self.at += pause;
        match self.random.u32(0..11) {
            0 | 1 => self.push(Cut {}, None),
            2 | 3 => {
                let (code, reason) = one_of(&mut self.random, &CLOSES);
                let reason = reason.to_owned();
                self.push(Close { code, reason }, None);
            }
            4 => {
                // Without a period only open connections freeze.
                let period = self.random.bool().then(|| self.millis(1_000, 4_000));
                self.push(Freeze::default(), period);
            }
            5 => {
                let period = self.millis(500, 2_000);
                self.push(Refuse {}, Some(period));
                self.push(Cut {}, None);
            }
            6 => {
                let delay = self.millis(50, 1_500);
                let period = self.millis(2_000, 6_000);
                self.push(Delay::new(delay), Some(period));
            }
            7 => {
                self.push(DropAcks {}, None);
                self.push(Cut {}, None);
            }
            8 => {
                let uptime = self.millis(300, 900);
                let period = self.millis(1_000, 3_000);
                self.push(Flap { uptime }, Some(period));
            }
            9 => self.push(Malformed {}, None),
            _ => {
                let restart = if self.random.bool() {
                    Restart {
                        code: Some(1012),
                        reason: "Service restart".to_owned(),
                    }
                } else {
                    Restart::default()
                };
                let period = self.millis(500, 2_000);
                self.push(restart, Some(period));
            }
        }
    }

    /// Draws a fault of one direction or of some connections, in one of three pauses.
    fn draw_partial(&mut self, at: Duration) {
        let Some(random) = &mut self.partial else {
            return;
        };
        if random.u32(0..3) > 0 {
            return;
        }
        let direction = one_of(random, &[Direction::Up, Direction::Down, Direction::Both]);
        let fault: Fault = match random.u32(0..4) {
            0 | 1 => {
                let bytes_per_second = random.u64(500..=8_000);
                let slow = Slow {
                    bytes_per_second,
                    direction,
                };
                slow.into()
            }
            2 => Freeze { direction }.into(),
            _ => {
                let by = Duration::from_millis(random.u64(50..=1_500));
                Delay { by, direction }.into()
            }
        };
        let period = Duration::from_millis(random.u64(1_000..=3_000));
        let share = one_of(random, &[Some(Share::ALL), Share::new(0.5)]);
        self.next.push_back(Step {
            at,
            action: Action::Fault(FaultRequest {
                fault,
                target: Target::All,
                period: Some(period),
                share: share.unwrap_or(Share::ALL),
            }),
        });
    }

    fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.random.u64(least..=most))
    }

    fn push(&mut self, fault: impl Into<Fault>, period: Option<Duration>) {
        let target = Target::All;
        self.next.push_back(Step {
            at: self.at,
            action: Action::Fault(FaultRequest {
                fault: fault.into(),
                target,
                period,
                share: Share::ALL,
            }),
        });
    }
}

/// Draws one of several items. `Rng::usize` draws others where it has 32 bits, as in WebAssembly.
fn one_of<T: Copy>(random: &mut Rng, items: &[T]) -> T {
    items[random.u64(0..items.len() as u64) as usize]
}

/// Closures after which a client reconnects.
const CLOSES: [(u16, &str); 4] = [
    (1011, "Internal server error"),
    (1012, "Service restart"),
    (1013, "Try again later"),
    (4000, "Because"),
];

impl Iterator for SeededPlan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.next.is_empty() {
            self.draw();
        }
        self.next.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn steps(seed: u64, count: usize) -> Vec<Step> {
        SeededPlan::new(seed).take(count).collect()
    }

    fn fault(step: &Step) -> &FaultRequest {
        match &step.action {
            Action::Fault(request) => request,
            Action::ClearFaults(_) | Action::Frame { .. } | Action::StopApps { .. } => {
                panic!("{step:?}")
            }
        }
    }

    #[test]
    fn a_seed_determines_the_plan() {
        assert_eq!(steps(7, 100), steps(7, 100));
        assert_ne!(steps(7, 100), steps(8, 100));
    }

    /// A seed in a report must reproduce the same faults in later versions.
    /// Kinds that are added later need random numbers of their own, as the partial faults have.
    #[test]
    fn the_plan_of_a_seed_is_stable() {
        let plan = [
            (12_571, "drop_acks"),
            (12_571, "cut"),
            (20_967, "close"),
            (34_778, "malformed"),
        ];
        let steps = steps(1, 4);
        let found: Vec<_> = steps
            .iter()
            .map(|step| (step.at.as_millis(), fault(step).fault.name()))
            .collect();
        assert_eq!(found, plan);
    }

    /// Partial faults came later than the others, and take none of their random numbers.
    #[test]
    fn partial_faults_leave_the_others_where_they_are() {
        for seed in 0..200 {
            let with = SeededPlan::new(seed);
            let mut without = with.clone();
            without.partial = None;
            let end = Duration::from_secs(1_000);
            let mut left = without.take_while(|step| step.at < end).peekable();
            let steps = with.take_while(|step| step.at < end);
            let added: Vec<Step> = steps
                .filter(|step| left.next_if(|one| one == step).is_none())
                .collect();
            assert_eq!(left.next(), None, "seed {seed}");
            assert_eq!(added.is_empty(), SeededPlan::new(seed).partial.is_none());
        }
    }

    #[test]
    fn some_seeds_draw_bandwidth_directions_and_shares() {
        let plan = [(12_026, "cut"), (15_499, "slow")];
        let all = steps(0, 300);
        let found: Vec<_> = all
            .iter()
            .map(|step| (step.at.as_millis(), fault(step).fault.name()))
            .take(plan.len())
            .collect();
        assert_eq!(found, plan);
        let directions = |wanted| {
            let mut faults = all.iter().map(|step| &fault(step).fault);
            faults.any(|fault| matches!(fault, Fault::Slow(slow) if slow.direction == wanted))
        };
        assert!(directions(Direction::Up) && directions(Direction::Down));
        assert!(all.iter().any(|step| fault(step).share != Share::ALL));
        for pair in all.windows(2) {
            let pause = pair[1].at - pair[0].at;
            assert!(
                pause.is_zero() || pause >= Duration::from_secs(3),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn every_kind_comes_after_a_pause() {
        let mut plan = SeededPlan::new(1);
        plan.partial = None;
        let steps: Vec<Step> = plan.take(300).collect();
        let kinds: BTreeSet<&str> = steps.iter().map(|step| fault(step).fault.name()).collect();
        assert_eq!(kinds.len(), 9, "{kinds:?}");
        for pair in steps.windows(2) {
            let pause = pair[1].at - pair[0].at;
            assert!(
                pause.is_zero() || pause >= Duration::from_secs(6),
                "{pair:?}"
            );
            let period = fault(&pair[0]).period.unwrap_or_default();
            assert!(pause.is_zero() || pause >= period, "{pair:?}");
        }
    }
}
