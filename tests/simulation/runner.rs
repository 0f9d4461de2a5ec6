//! Many lives, on all cores, and what to say of the first that fails.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::client::Story;
use crate::invariants::Broken;
use crate::schedule::{Kind, Schedule};
use crate::shrink::shrink;

/// Seeds that a thread takes at a time.
const CHUNK: u64 = 64;
/// Each so many-th life is lived twice, and must be the same.
const TWICE: u64 = 100;

/// Real time that no life takes, not even on a machine that is busy.
const LONGEST_LIFE: Duration = Duration::from_secs(20);

/// What a seed stands for.
pub trait Plan {
    /// What is seen in the lives.
    type Sum: Sum;
    fn of(seed: u64) -> Self;
    /// Lives through it.
    fn live(&self, story: Story, sum: &mut Self::Sum) -> Result<(), Broken>;
}

pub trait Sum: Default + Send {
    fn merge(&mut self, other: &Self);
}

/// How one life went.
pub struct Life<S> {
    pub outcome: Result<(), Broken>,
    pub sum: S,
    /// All that happened, where that was asked for.
    pub story: Vec<String>,
}

/// Lives through a schedule. A panic is as broken as any rule.
pub fn live<P: Plan>(plan: &P, tells: bool) -> Life<P::Sum> {
    let story = tells.then(Rc::default);
    let mut sum = P::Sum::default();
    let life = AssertUnwindSafe(|| plan.live(story.clone(), &mut sum));
    let outcome = catch_unwind(life).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
        Err(Broken {
            rule: "panic",
            detail: text.unwrap_or_default(),
        })
    });
    let story = story.map_or_else(Vec::new, |story| story.take());
    Life {
        outcome,
        sum,
        story,
    }
}

/// Lives the lives of all seeds, until one fails: the seed, in that case.
pub fn run<P: Plan>(seeds: u64) -> (P::Sum, Option<u64>) {
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(u64::MAX);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let at_work: Vec<_> = (0..cores).map(|_| AtomicU64::new(0)).collect();
    let sum = thread::scope(|scope| {
        let work = |mine| live_many::<P>(seeds, &next, &failed, mine);
        let threads: Vec<_> = at_work
            .iter()
            .map(|mine| scope.spawn(move || work(mine)))
            .collect();
        watch(&at_work, || {
            threads.iter().all(ScopedJoinHandle::is_finished)
        });
        let mut sum = P::Sum::default();
        for thread in threads {
            sum.merge(&thread.join().expect("the thread's tally"));
        }
        sum
    });
    let failed = failed.into_inner();
    (sum, (failed != u64::MAX).then_some(failed))
}

/// The part of one thread, which shows in `mine` the seed that it is at.
fn live_many<P: Plan>(
    seeds: u64,
    next: &AtomicU64,
    failed: &AtomicU64,
    mine: &AtomicU64,
) -> P::Sum {
    let mut sum = P::Sum::default();
    loop {
        let first = next.fetch_add(CHUNK, Ordering::Relaxed);
        if first >= seeds || failed.load(Ordering::Relaxed) != u64::MAX {
            return sum;
        }
        for seed in first..seeds.min(first + CHUNK) {
            mine.store(seed, Ordering::Relaxed);
            let life = live(&P::of(seed), false);
            sum.merge(&life.sum);
            if life.outcome.is_err() || (seed % TWICE == 0 && !is_repeatable::<P>(seed)) {
                failed.fetch_min(seed, Ordering::Relaxed);
                return sum;
            }
        }
    }
}

/// Ends the program when a life never ends: a loop within the core itself, which no rule can
/// see.
fn watch(at_work: &[AtomicU64], is_done: impl Fn() -> bool) {
    let mut seen = vec![(u64::MAX, Instant::now()); at_work.len()];
    while !is_done() {
        thread::sleep(Duration::from_millis(20));
        for (seen, seed) in seen.iter_mut().zip(at_work) {
            let seed = seed.load(Ordering::Relaxed);
            if seen.0 != seed {
                *seen = (seed, Instant::now());
            } else if seen.1.elapsed() > LONGEST_LIFE && !is_done() {
                // Past the test harness, which would keep it to itself.
                let words = format!("seed {seed} never ends: the core loops\n");
                let _ = std::io::stderr().write_all(words.as_bytes());
                std::process::exit(1);
            }
        }
    }
}

fn is_repeatable<P: Plan>(seed: u64) -> bool {
    let plan = P::of(seed);
    live(&plan, true).story == live(&plan, true).story
}

/// What there is to say of a seed that fails: the shortest schedule that still does.
/// `again` says how to run it again.
pub fn explain<K: Kind>(seed: u64, again: &str) -> String
where
    Schedule<K>: Plan,
{
    let schedule = <Schedule<K> as Plan>::of(seed);
    let Err(broken) = live(&schedule, false).outcome else {
        return format!("seed {seed}: the same seed does not live the same life twice");
    };
    let shrunk = shrink(&schedule, |schedule| {
        let outcome = live(schedule, false).outcome;
        outcome.is_err_and(|other| other.rule == broken.rule)
    });
    let life = live(&shrunk, true);
    let (rule, detail) = match life.outcome {
        Err(Broken { rule, detail }) => (rule, detail),
        Ok(()) => ("repeatability", "it does not fail again".into()),
    };
    format!(
        "seed {seed} breaks a rule: {rule}: {detail}\n\nthe shortest schedule found, {} steps of {}:\n{shrunk}\nwhat happens:\n{}\n\n{again}",
        shrunk.steps.len(),
        schedule.steps.len(),
        life.story.join("\n")
    )
}
