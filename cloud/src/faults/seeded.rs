//! Endless plan of random faults. The seed determines the faults and their times.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::action::Action;
use crate::faults::kinds::{Close, Cut, Delay, DropAcks, Flap, Freeze, Malformed, Refuse, Restart};
use crate::faults::scenario::Step;
use crate::faults::{Fault, FaultRequest, Share, Target};

/// Endless random faults with their times. A client with default options recovers from each of
/// them.
#[derive(Debug, Clone)]
pub struct SeededPlan {
    seed: u64,
    random: Rng,
    at: Duration,
    /// Steps that are drawn and not yet returned.
    next: VecDeque<Step>,
}

impl SeededPlan {
    /// Creates the plan of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            random: Rng::with_seed(seed),
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
        self.at += pause;
        match self.random.u32(0..11) {
            0 | 1 => self.push(Cut {}, None),
            2 | 3 => {
                let (code, reason) = CLOSES[self.random.usize(0..CLOSES.len())];
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

    #[test]
    fn every_kind_comes_after_a_pause() {
        let steps = steps(1, 300);
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
