//! Simulation of whole sessions in virtual time.
//!
//! Each seed determines a schedule: what the apps call, which faults occur, and when. Everything
//! in it runs in virtual time, and is checked against the reference model after every step. A
//! seed that fails is shrunk to the shortest schedule that still fails.
//!
//! There are three worlds. In one a single session has a network and a cloud that are more hostile
//! than any real ones. In another ([`with_cloud`]) several sessions share the real tpa-cloud
//! with its own faults. In the third ([`field`]) a usual app has a line, a machine and a cloud as
//! they are in the field.
//!
//! `SIM_SEEDS=100000` runs that many seeds of the first world, an eighth as many of the second and
//! a twentieth as many of the third; `SIM_CLOUD_SEEDS` and `SIM_FIELD_SEEDS` set the other numbers
//! alone. They start at 0, or at `SIM_FIRST`. `SIM_SEED=42`, `SIM_CLOUD_SEED=42` and
//! `SIM_FIELD_SEED=42` run one seed and print its trace.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what is not as expected must fail the test; most helpers look at one variant"
)]

mod client;
mod coverage;
mod driver;
mod field;
mod runner;
mod schedule;
mod shrink;
mod with_cloud;
mod world;

use coverage::Situation;
use field::Field;
use runner::{Plan, explain, run, run_seeds};
use schedule::{Hostile, Kind, Schedule};
use with_cloud::WithCloud;

/// Number of seeds unless `SIM_SEEDS` is set.
const SEEDS: u64 = 20_000;
/// From this number of seeds on every situation must have occurred.
const SEEDS_FOR_COVERAGE: u64 = 5000;
/// The same for runs with the cloud, each of which has several sessions.
const SEEDS_WITH_CLOUD: u64 = 2500;
const SEEDS_WITH_CLOUD_FOR_COVERAGE: u64 = 2500;
/// The same for runs in the field, each of which takes many minutes.
const SEEDS_IN_FIELD: u64 = 1000;

#[test]
fn every_session_follows_the_model() {
    if let Some(seed) = number("SIM_SEED") {
        return run_one::<Hostile>(seed, &repeat_with("SIM_SEED", seed));
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let (coverage, failed) = run_seeds::<Schedule<Hostile>>(first(), seeds);
    if let Some(seed) = failed {
        panic!(
            "{}",
            explain::<Hostile>(seed, &repeat_with("SIM_SEED", seed))
        );
    }
    println!("{coverage}");
    let missing = coverage.missing(&[Situation::WrongKey]);
    assert!(
        seeds < SEEDS_FOR_COVERAGE || missing.is_empty(),
        "never occurred, so that nothing is known of it: {missing:?}"
    );
}

#[test]
fn sessions_and_cloud_follow_their_models_and_agree() {
    let variable = "SIM_CLOUD_SEED";
    let repeat_with = |seed| {
        format!(
            "{variable}={seed} repeats it. Where the plan of the seed is played, \
             `tpa-cloud --seed {seed}` causes the same faults at the same times."
        )
    };
    if let Some(seed) = number(variable) {
        return run_one::<WithCloud>(seed, &repeat_with(seed));
    }
    let share = || number("SIM_SEEDS").map(|seeds| seeds / (SEEDS / SEEDS_WITH_CLOUD));
    let seeds = number("SIM_CLOUD_SEEDS").or_else(share);
    let seeds = seeds.unwrap_or(SEEDS_WITH_CLOUD);
    let (coverage, failed) = run_seeds::<Schedule<WithCloud>>(first(), seeds);
    if let Some(seed) = failed {
        panic!("{}", explain::<WithCloud>(seed, &repeat_with(seed)));
    }
    println!("{coverage}");
    let missing = coverage.missing();
    assert!(
        seeds < SEEDS_WITH_CLOUD_FOR_COVERAGE || missing.is_empty(),
        "never occurred, so that nothing is known of it: {missing:?}"
    );
}

#[test]
fn usual_sessions_follow_the_model_in_the_field() {
    let variable = "SIM_FIELD_SEED";
    if let Some(seed) = number(variable) {
        return run_one::<Field>(seed, &repeat_with(variable, seed));
    }
    let share = || number("SIM_SEEDS").map(|seeds| seeds / (SEEDS / SEEDS_IN_FIELD));
    let seeds = number("SIM_FIELD_SEEDS").or_else(share);
    let seeds = seeds.unwrap_or(SEEDS_IN_FIELD);
    let (coverage, failed) = run_seeds::<Schedule<Field>>(first(), seeds);
    if let Some(seed) = failed {
        panic!("{}", explain::<Field>(seed, &repeat_with(variable, seed)));
    }
    println!("{coverage}");
    let missing = coverage.missing();
    assert!(
        seeds < SEEDS_IN_FIELD || missing.is_empty(),
        "never occurred, so that nothing is known of it: {missing:?}"
    );
}

fn run_one<K: Kind>(seed: u64, repeat: &str)
where
    Schedule<K>: Plan,
{
    let schedule = <Schedule<K> as Plan>::of(seed);
    println!("{schedule}");
    let report = run(&schedule, true);
    println!("{}", report.trace.join("\n"));
    assert!(report.outcome.is_ok(), "{}", explain::<K>(seed, repeat));
}

fn repeat_with(variable: &str, seed: u64) -> String {
    format!("{variable}={seed} repeats it.")
}

/// Seed that is run first.
fn first() -> u64 {
    number("SIM_FIRST").unwrap_or(0)
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.replace('_', "").parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}: must be a whole number, not {text:?}")))
}
