//! An endless plan of faults made from a seed: the same seed, the same faults at the same times.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::action::Action;
use crate::faults::scenario::Step;
use crate::faults::{Fault, FaultRequest, Target};

/// Faults from a seed, with their times, for ever. Each of them by itself is such that a client
/// with the default options comes back from it.
#[derive(Debug, Clone)]
pub struct SeededPlan {
    seed: u64,
    random: Rng,
    at: Duration,
    /// What happens at the same time as the step given last, or soon after it.
    next: VecDeque<Step>,
}

impl SeededPlan {
    /// The plan of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            random: Rng::with_seed(seed),
            at: Duration::ZERO,
            next: VecDeque::new(),
        }
    }

    /// The seed that it was made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn draw(&mut self) {
        // Calm first, so that most faults meet clients that are well. After a lost ack it takes a
        // client longer than the shortest calm to be so again.
        let calm = self.millis(6_000, 16_000);
        self.at += calm;
        match self.random.u32(0..11) {
            0 | 1 => self.push(Fault::Cut, None),
            2 | 3 => {
                let (code, reason) = CLOSES[self.random.usize(0..CLOSES.len())];
                let reason = reason.to_owned();
                self.push(Fault::Close { code, reason }, None);
            }
            4 => {
                // Without a period only the connections that are there go silent.
                let period = self.random.bool().then(|| self.millis(1_000, 4_000));
                self.push(Fault::Freeze, period);
            }
            5 => {
                let period = self.millis(500, 2_000);
                self.push(Fault::Refuse, Some(period));
                self.push(Fault::Cut, None);
            }
            6 => {
                let delay = self.millis(50, 1_500);
                let period = self.millis(2_000, 6_000);
                self.push(Fault::Delay(delay), Some(period));
            }
            7 => {
                self.push(Fault::DropAcks, None);
                self.push(Fault::Cut, None);
            }
            8 => {
                let uptime = self.millis(300, 900);
                let period = self.millis(1_000, 3_000);
                self.push(Fault::Flap(uptime), Some(period));
            }
            9 => self.push(Fault::Malformed, None),
            _ => {
                let close = self.random.bool();
                let close = close.then(|| (1012, "Service restart".to_owned()));
                let period = self.millis(500, 2_000);
                self.push(Fault::Restart { close }, Some(period));
            }
        }
    }

    fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.random.u64(least..=most))
    }

    fn push(&mut self, fault: Fault, period: Option<Duration>) {
        let target = Target::All;
        self.next.push_back(Step {
            at: self.at,
            action: Action::Fault(FaultRequest {
                fault,
                target,
                period,
            }),
        });
    }
}

/// Closures after which a client is to come back.
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
    fn a_seed_is_a_plan() {
        assert_eq!(steps(7, 100), steps(7, 100));
        assert_ne!(steps(7, 100), steps(8, 100));
    }

    /// A seed in somebody's report must mean the same tomorrow.
    #[test]
    fn a_seed_stays_the_same_plan() {
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
    fn every_kind_comes_with_calm_before_it() {
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
