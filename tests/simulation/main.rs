//! Whole lives in virtual time, in two worlds.
//!
//! Each seed makes a schedule: what the apps ask, what befalls the network, and when. All that
//! take part live through it, and are held to every invariant after every step. A seed that
//! fails is shrunk to the shortest schedule that still fails.
//!
//! In one world there is one session, and a network and a cloud that do their worst, which is
//! more than any honest cloud does. In the other ([`together`]) there are several, and the very
//! cloud that ships, with its own faults.
//!
//! `SIM_SEEDS=100000` runs as many of the first, and one of the second for each eight of them;
//! `SIM_CLOUD_SEEDS` says it for the second alone. `SIM_SEED=42` and `SIM_CLOUD_SEED=42` run one
//! and tell all of it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what is not as expected must fail the test; most helpers look at one variant"
)]

mod app;
mod client;
mod clock;
mod closures;
mod cloud;
mod driver;
#[allow(dead_code, reason = "the exploration of small worlds uses the rest")]
mod invariants;
mod network;
mod runner;
mod schedule;
mod shrink;
mod tally;
mod together;
mod way;
mod world;

use runner::{Plan, explain, live, run};
use schedule::{Hostile, Kind, Schedule};
use tally::Sight;
use together::Together;

/// Seeds that are lived through where `SIM_SEEDS` says nothing else.
const SEEDS: u64 = 20_000;
/// From so many seeds on everything must have been seen.
const ENOUGH: u64 = 5000;
/// The same for the lives with the cloud, each of which is several.
const SEEDS_TOGETHER: u64 = 2500;
const ENOUGH_TOGETHER: u64 = 2500;

#[test]
fn every_life_keeps_every_rule() {
    if let Some(seed) = number("SIM_SEED") {
        return one::<Hostile>(seed, &again("SIM_SEED", seed));
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let (tally, failed) = run::<Schedule<Hostile>>(seeds);
    if let Some(seed) = failed {
        panic!("{}", explain::<Hostile>(seed, &again("SIM_SEED", seed)));
    }
    println!("{tally}");
    let never = tally.never_but(&[Sight::WrongKey]);
    assert!(
        seeds < ENOUGH || never.is_empty(),
        "never seen, so that nothing is known of it: {never:?}"
    );
}

#[test]
fn clients_and_cloud_keep_their_rules_and_agree() {
    let variable = "SIM_CLOUD_SEED";
    let again = |seed| {
        format!(
            "{variable}={seed} runs it again. Where the plan of the seed is played, \
             `tpa-cloud --seed {seed}` makes the same faults at the same times."
        )
    };
    if let Some(seed) = number(variable) {
        return one::<Together>(seed, &again(seed));
    }
    let share = || number("SIM_SEEDS").map(|seeds| seeds / (SEEDS / SEEDS_TOGETHER));
    let seeds = number("SIM_CLOUD_SEEDS").or_else(share);
    let seeds = seeds.unwrap_or(SEEDS_TOGETHER);
    let (seen, failed) = run::<Schedule<Together>>(seeds);
    if let Some(seed) = failed {
        panic!("{}", explain::<Together>(seed, &again(seed)));
    }
    println!("{seen}");
    let never = seen.never();
    assert!(
        seeds < ENOUGH_TOGETHER || never.is_empty(),
        "never seen, so that nothing is known of it: {never:?}"
    );
}

fn one<K: Kind>(seed: u64, again: &str)
where
    Schedule<K>: Plan,
{
    let schedule = <Schedule<K> as Plan>::of(seed);
    println!("{schedule}");
    let life = live(&schedule, true);
    println!("{}", life.story.join("\n"));
    assert!(life.outcome.is_ok(), "{}", explain::<K>(seed, again));
}

fn again(variable: &str, seed: u64) -> String {
    format!("{variable}={seed} runs it again.")
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.replace('_', "").parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
