//! Parts of the tests that run at the same time.
//!
//! Much of what tests do is waiting for a browser, for a lease or for a process to start, and one
//! part alone leaves processors idle. What is held to times runs after the others: alone if it
//! computes too, as real processes of a cluster do, which have seconds for what they do.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::report::Report;
use crate::process;

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Alone, before all that run beside each other: it keeps the machine busy, or tells soon what
    /// is wrong.
    First,
    /// At the same time as others.
    Beside,
    /// After them, at the same time as others of this turn: it is held to times, and mostly waits.
    Waiting,
    /// Alone, after all others.
    Last,
}

/// Steps that run one after the other.
pub struct Job<'a> {
    /// Line before the others; none if it is empty.
    title: String,
    turn: Turn,
    run: Box<dyn FnOnce(&mut Report) + Send + 'a>,
}

impl<'a> Job<'a> {
    pub fn new(
        title: impl Into<String>,
        turn: Turn,
        run: impl FnOnce(&mut Report) + Send + 'a,
    ) -> Self {
        Self {
            title: title.into(),
            turn,
            run: Box::new(run),
        }
    }

    fn run(self, report: &mut Report) {
        if process::is_stopping() {
            return;
        }
        if !self.title.is_empty() {
            process::line(self.title);
        }
        (self.run)(report);
    }
}

/// Runs jobs by their turns, those of a turn in their order, and up to `at_once` of those beside
/// others at the same time. The lines of each of them are printed when it has ended; the results
/// are in the order of the jobs.
pub fn run(report: &mut Report, at_once: usize, mut jobs: Vec<Job>) {
    use Turn::{Beside, First, Last, Waiting};
    for turn in [First, Beside, Waiting, Last] {
        let now = jobs.extract_if(.., |job| job.turn == turn).collect();
        let is_alone = matches!(turn, First | Last);
        beside(report, if is_alone { 1 } else { at_once }, now);
    }
}

fn beside(report: &mut Report, at_once: usize, jobs: Vec<Job>) {
    let workers = at_once.min(jobs.len());
    if workers < 2 {
        for job in jobs {
            job.run(report);
        }
        return;
    }
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (send, receive) = mpsc::channel();
    let mut results = BTreeMap::new();
    thread::scope(|scope| {
        for _ in 0..workers {
            let send = send.clone();
            scope.spawn(move || {
                while let Some((place, job)) = next() {
                    let mut report = Report::default();
                    let ((), lines) = process::collect_lines(|| job.run(&mut report));
                    // It fails if the receiving thread has panicked.
                    let _ = send.send((place, report, lines));
                }
            });
        }
        drop(send);
        for (place, report, lines) in receive {
            process::write(&lines);
            results.insert(place, report);
        }
    });
    for result in results.into_values() {
        report.append(result);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::super::counts::Counts;
    use super::*;

    fn step<'a>(name: &'static str, turn: Turn, wait: &'a dyn Wait) -> Job<'a> {
        Job::new("", turn, move |report: &mut Report| {
            process::line(format!("{name} begins"));
            wait.wait();
            process::line(format!("{name} ends"));
            report.add(name, Counts::one(true), None);
        })
    }

    trait Wait: Sync {
        fn wait(&self);
    }

    impl Wait for Barrier {
        fn wait(&self) {
            Barrier::wait(self);
        }
    }

    impl Wait for () {
        fn wait(&self) {}
    }

    #[test]
    fn jobs_run_at_the_same_time_and_their_lines_stay_together() {
        use Turn::{Beside, First, Last, Waiting};
        // Neither passes it before the other has come.
        let [meeting, later] = [2, 2].map(Barrier::new);
        let mut report = Report::default();
        let ((), text) = process::collect_lines(|| {
            let jobs = vec![
                step("f", Last, &()),
                step("d", Waiting, &later),
                step("e", Waiting, &later),
                step("a", Beside, &meeting),
                step("b", Beside, &meeting),
                step("c", First, &()),
            ];
            run(&mut report, 2, jobs);
        });
        let lines: Vec<_> = text.lines().collect();
        let of = |name| [format!("{name} begins"), format!("{name} ends")];
        let is_both = |lines: &[&str], [one, other]: [&'static str; 2]| {
            lines == [of(one), of(other)].concat() || lines == [of(other), of(one)].concat()
        };
        assert_eq!(lines[..2], of("c"));
        assert!(is_both(&lines[2..6], ["a", "b"]), "{text}");
        assert!(is_both(&lines[6..10], ["d", "e"]), "{text}");
        assert_eq!(lines[10..], of("f"));
        assert_eq!(report.names(), ["c", "a", "b", "d", "e", "f"]);
    }

    #[test]
    fn one_at_a_time_they_run_in_their_order() {
        let mut report = Report::default();
        let ((), text) = process::collect_lines(|| {
            let jobs = ["a", "b"].map(|name| step(name, Turn::Beside, &()));
            run(&mut report, 1, jobs.into());
        });
        assert_eq!(text, "a begins\na ends\nb begins\nb ends\n");
    }
}
