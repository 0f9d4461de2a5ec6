//! Reduction of a schedule that fails to a short one that violates the same rule.

use crate::schedule::{Kind, Schedule, Step};

/// Drops chunks of steps, then single steps, then shortens waits, until nothing helps any more.
pub fn shrink<K: Kind>(
    schedule: &Schedule<K>,
    fails: impl Fn(&Schedule<K>) -> bool,
) -> Schedule<K> {
    let mut best = schedule.clone();
    let fails = |steps: &[Step<K::Action>]| {
        let steps = steps.to_vec();
        fails(&Schedule {
            steps,
            ..schedule.clone()
        })
    };
    loop {
        let before = best.steps.clone();
        drop_steps(&mut best.steps, fails);
        shorten_waits(&mut best.steps, fails);
        if best.steps == before {
            return best;
        }
    }
}

/// Delta debugging: drops smaller and smaller chunks, down to single steps.
fn drop_steps<D: Clone>(steps: &mut Vec<Step<D>>, fails: impl Fn(&[Step<D>]) -> bool) {
    let mut size = steps.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < steps.len() {
            let end = (start + size).min(steps.len());
            let mut fewer = steps.clone();
            let waited: u64 = fewer.drain(start..end).map(|step| step.wait).sum();
            let mut as_late = fewer.clone();
            if let Some(next) = as_late.get_mut(start) {
                // Later steps may depend on their time.
                next.wait += waited;
            }
            if fails(&fewer) {
                *steps = fewer;
            } else if fails(&as_late) {
                *steps = as_late;
            } else {
                start = end;
            }
        }
        size /= 2;
    }
}

fn shorten_waits<D>(steps: &mut [Step<D>], fails: impl Fn(&[Step<D>]) -> bool) {
    for index in 0..steps.len() {
        let wait = steps[index].wait;
        let round = 10_u64.pow(wait.checked_ilog10().unwrap_or(0));
        for shorter in [0, 1, round, wait / 2, wait - wait % round] {
            if shorter >= steps[index].wait {
                continue;
            }
            let before = std::mem::replace(&mut steps[index].wait, shorter);
            if fails(steps) {
                break;
            }
            steps[index].wait = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shrink;
    use crate::client::ClientAction;
    use crate::schedule::{Action, Hostile, Schedule};
    use testkit::world::app::AppCall;

    #[test]
    fn only_what_makes_it_fail_is_left() {
        let schedule = (0..)
            .map(Schedule::<Hostile>::of)
            .find(|schedule| sends(schedule) >= 5 && schedule.steps.len() >= 30)
            .unwrap();
        let shrunk = shrink(&schedule, |schedule| sends(schedule) >= 3);
        assert_eq!((shrunk.steps.len(), sends(&shrunk)), (3, 3));
        assert!(shrunk.steps.iter().all(|step| step.wait == 0));
    }

    #[test]
    fn a_wait_that_matters_is_kept() {
        let waits =
            |schedule: &Schedule<Hostile>| -> u64 { schedule.steps.iter().map(|s| s.wait).sum() };
        let schedule = (0..)
            .map(Schedule::<Hostile>::of)
            .find(|schedule| waits(schedule) > 5000)
            .unwrap();
        let shrunk = shrink(&schedule, |schedule| waits(schedule) > 5000);
        assert_eq!(shrunk.steps.len(), 1);
        assert!(waits(&shrunk) > 5000);
    }

    fn sends(schedule: &Schedule<Hostile>) -> usize {
        let is_send = |action: &Action| {
            matches!(
                action,
                Action::Client(ClientAction::Call(AppCall::Send { .. }))
            )
        };
        schedule.steps.iter().filter(|s| is_send(&s.action)).count()
    }
}
