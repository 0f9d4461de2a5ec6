//! Runs of many seeds on all cores, and the explanation of the first that fails.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use testkit::model::Violation;

use crate::client::Trace;
use crate::schedule::{Kind, Schedule};
use crate::shrink::shrink;

/// Number of seeds that a thread takes at a time.
const CHUNK: u64 = 64;
/// One in this many seeds is run twice, with the same result.
const REPEATED: u64 = 100;

/// Real time that no run takes, even on a busy machine.
const RUN_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything that a seed determines.
pub trait Plan {
    /// Coverage of the runs.
    type Sum: Sum;
    fn of(seed: u64) -> Self;
    fn run(&self, trace: Trace, sum: &mut Self::Sum) -> Result<(), Violation>;
}

pub trait Sum: Default + Send {
    fn merge(&mut self, other: &Self);
}

/// Result of one run.
pub struct Report<S> {
    pub outcome: Result<(), Violation>,
    pub sum: S,
    /// Everything that happened, where it was wanted.
    pub trace: Vec<String>,
}

/// Runs a plan once. A panic is a violation like any other.
pub fn run<P: Plan>(plan: &P, traced: bool) -> Report<P::Sum> {
    let trace = traced.then(Rc::default);
    let mut sum = P::Sum::default();
    let run = AssertUnwindSafe(|| plan.run(trace.clone(), &mut sum));
    let outcome = catch_unwind(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
        Err(Violation {
            rule: "panic",
            detail: text.unwrap_or_default(),
        })
    });
    let trace = trace.map_or_else(Vec::new, |trace| trace.take());
    Report {
        outcome,
        sum,
        trace,
    }
}

/// Runs so many seeds, from the first one on, until one fails. Returns the coverage, and the seed
/// that failed.
pub fn run_seeds<P: Plan>(first: u64, seeds: u64) -> (P::Sum, Option<u64>) {
    let next = AtomicU64::new(first);
    let end = first.saturating_add(seeds);
    let failed = AtomicU64::new(u64::MAX);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let current: Vec<_> = (0..cores).map(|_| AtomicU64::new(0)).collect();
    let sum = thread::scope(|scope| {
        let work = |current| run_chunks::<P>(end, &next, &failed, current);
        let threads: Vec<_> = current
            .iter()
            .map(|current| scope.spawn(move || work(current)))
            .collect();
        watch(&current, || {
            threads.iter().all(ScopedJoinHandle::is_finished)
        });
        let mut sum = P::Sum::default();
        for thread in threads {
            sum.merge(&thread.join().expect("the thread's coverage"));
        }
        sum
    });
    let failed = failed.into_inner();
    (sum, (failed != u64::MAX).then_some(failed))
}

/// Work of one thread, which publishes its seed in `current`.
fn run_chunks<P: Plan>(
    end: u64,
    next: &AtomicU64,
    failed: &AtomicU64,
    current: &AtomicU64,
) -> P::Sum {
    let mut sum = P::Sum::default();
    loop {
        let first = next.fetch_add(CHUNK, Ordering::Relaxed);
        if first >= end || failed.load(Ordering::Relaxed) != u64::MAX {
            return sum;
        }
        for seed in first..end.min(first + CHUNK) {
            current.store(seed, Ordering::Relaxed);
            let report = run(&P::of(seed), false);
            sum.merge(&report.sum);
            if report.outcome.is_err() || (seed % REPEATED == 0 && !is_repeatable::<P>(seed)) {
                failed.fetch_min(seed, Ordering::Relaxed);
                return sum;
            }
        }
    }
}

/// Exits when a run never ends: the model cannot see an endless loop within the core itself.
fn watch(current: &[AtomicU64], is_done: impl Fn() -> bool) {
    let mut seen = vec![(u64::MAX, Instant::now()); current.len()];
    while !is_done() {
        thread::sleep(Duration::from_millis(20));
        for (seen, seed) in seen.iter_mut().zip(current) {
            let seed = seed.load(Ordering::Relaxed);
            if seen.0 != seed {
                *seen = (seed, Instant::now());
            } else if seen.1.elapsed() > RUN_TIMEOUT && !is_done() {
                // The test harness would capture `eprintln!`.
                let text = format!("seed {seed} never ends: the core loops\n");
                let _ = std::io::stderr().write_all(text.as_bytes());
                std::process::exit(1);
            }
        }
    }
}

fn is_repeatable<P: Plan>(seed: u64) -> bool {
    let plan = P::of(seed);
    run(&plan, true).trace == run(&plan, true).trace
}

/// Explains a seed that fails by the shortest schedule that still does. `repeat` says how to
/// repeat it.
pub fn explain<K: Kind>(seed: u64, repeat: &str) -> String
where
    Schedule<K>: Plan,
{
    let schedule = <Schedule<K> as Plan>::of(seed);
    let Err(violation) = run(&schedule, false).outcome else {
        return format!("seed {seed}: two runs of the same seed differ");
    };
    let shrunk = shrink(&schedule, |schedule| {
        let outcome = run(schedule, false).outcome;
        outcome.is_err_and(|other| other.rule == violation.rule)
    });
    let report = run(&shrunk, true);
    let (rule, detail) = match report.outcome {
        Err(Violation { rule, detail }) => (rule, detail),
        Ok(()) => ("repeatability", "it does not fail again".into()),
    };
    format!(
        "seed {seed} violates a rule: {rule}: {detail}\n\nthe shortest schedule found, {} steps of {}:\n{shrunk}\ntrace:\n{}\n\n{repeat}",
        shrunk.steps.len(),
        schedule.steps.len(),
        report.trace.join("\n")
    )
}
