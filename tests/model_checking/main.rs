//! Model checking of the core: all states of a session in small worlds, with two attempts, two
//! messages, one stream, and everything that can happen at every step.
//!
//! Where the simulation draws long schedules at random, this searches all short ones. Every step
//! is checked against the same reference model, including calls that are made while outputs are
//! being carried out, and from every state the session must be able to recover.
//!
//! `EXPLORE_SECONDS=60` searches as deep as that time allows.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what is not as expected must fail the test; most helpers look at one variant"
)]

mod alphabet;
mod driver;
mod recovery;
mod report;
mod search;
mod settings;
mod walk;

use std::io::Write;
use std::time::{Duration, Instant};

use alphabet::alphabet;
use report::{explain, summary};
use search::{Budget, search};
use settings::settings;
use tpa_session::session::Config;

/// Number of states of each world that are expanded where no time is given.
const STATES: usize = 3000;

#[test]
fn every_state_follows_the_model() {
    let end = seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let settings = settings();
    let mut missing = alphabet();
    for (index, setting) in settings.iter().enumerate() {
        let start = Instant::now();
        let share = (settings.len() - index) as u32;
        let budget = Budget {
            states: end.map_or(STATES, |_| usize::MAX),
            // Time that one world does not need is shared by those that follow.
            until: end.map(|end| start + end.saturating_duration_since(start) / share),
        };
        let found = search(setting, budget);
        let line = summary(setting, &found, start.elapsed());
        // The test harness would capture `println!`.
        let _ = writeln!(std::io::stdout(), "{line}");
        if let Some(finding) = found.finding {
            panic!("{}", explain(setting, &finding));
        }
        let taken = alphabet().into_iter().zip(found.taken);
        let taken: Vec<_> = taken.filter(|(_, times)| *times > 0).collect();
        missing.retain(|step| taken.iter().all(|(known, _)| known != step));
    }
    assert!(
        end.is_some() || missing.is_empty(),
        "never taken, so that nothing is known of them: {missing:?}"
    );
}

#[test]
fn a_violation_is_found_by_the_shortest_path() {
    let mut setting = settings().swap_remove(0);
    setting.mistaken = Some(Config {
        max_reconnect_attempts: Some(1),
        ..setting.config.clone()
    });
    let budget = Budget {
        states: STATES,
        until: None,
    };
    let finding = search(&setting, budget).finding.expect("it is mistaken");
    assert_eq!(finding.violation.rule, "attempts");
    assert_eq!(finding.path.len(), 2, "one to connect, one to fail");
    let trace = explain(&setting, &finding);
    assert!(trace.contains("<- Emit(Reconnecting"), "{trace}");
}

/// `EXPLORE_SECONDS`.
fn seconds() -> Option<u64> {
    let text = std::env::var("EXPLORE_SECONDS").ok()?;
    let seconds = text.parse();
    Some(
        seconds.unwrap_or_else(|_| panic!("EXPLORE_SECONDS: must be a whole number, not {text:?}")),
    )
}
