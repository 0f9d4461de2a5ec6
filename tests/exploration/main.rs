//! All that can become of a session in a small world: two attempts, two messages, one stream,
//! and everything that can happen at every step.
//!
//! Where the simulation lives long lives at random, this goes through all short ones. It holds
//! the core to the same account of the rules after every step, with calls made while outputs are
//! being carried out, and sees that from everywhere there is a way on.
//!
//! `EXPLORE_SECONDS=60` goes as deep as that time allows.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what is not as expected must fail the test; most helpers look at one variant"
)]

mod alphabet;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "../simulation/app.rs"]
mod app;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "../simulation/closures.rs"]
mod closures;
mod driver;
mod ending;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "../simulation/invariants/mod.rs"]
mod invariants;
mod life;
mod report;
mod search;
mod settings;

use std::io::Write;
use std::time::{Duration, Instant};

use tpa_session::session::Config;

use alphabet::alphabet;
use report::{explain, summary};
use search::{Budget, explore};
use settings::settings;

/// States of each world that are gone on from where no time is given.
const STATES: usize = 3000;

#[test]
fn every_short_life_keeps_every_rule() {
    let end = seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let settings = settings();
    let mut never = alphabet();
    for (index, setting) in settings.iter().enumerate() {
        let start = Instant::now();
        let share = (settings.len() - index) as u32;
        let budget = Budget {
            states: end.map_or(STATES, |_| usize::MAX),
            // What one world does not need is shared by those that follow.
            until: end.map(|end| start + end.saturating_duration_since(start) / share),
        };
        let found = explore(setting, budget);
        let line = summary(setting, &found, start.elapsed());
        // Past the test harness, which would keep it to itself.
        let _ = writeln!(std::io::stdout(), "{line}");
        if let Some(finding) = found.broken {
            panic!("{}", explain(setting, &finding));
        }
        let taken = alphabet().into_iter().zip(found.taken);
        let taken: Vec<_> = taken.filter(|(_, times)| *times > 0).collect();
        never.retain(|step| taken.iter().all(|(known, _)| known != step));
    }
    assert!(
        end.is_some() || never.is_empty(),
        "never taken, so that nothing is known of them: {never:?}"
    );
}

#[test]
fn a_broken_rule_is_found_by_the_shortest_way() {
    let mut setting = settings().swap_remove(0);
    setting.mistaken = Some(Config {
        max_reconnect_attempts: Some(1),
        ..setting.config.clone()
    });
    let budget = Budget {
        states: STATES,
        until: None,
    };
    let finding = explore(&setting, budget).broken.expect("it is mistaken");
    assert_eq!(finding.broken.rule, "attempts");
    assert_eq!(finding.way.len(), 2, "one to connect, one to fail");
    let story = explain(&setting, &finding);
    assert!(story.contains("<- Emit(Reconnecting"), "{story}");
}

/// `EXPLORE_SECONDS`.
fn seconds() -> Option<u64> {
    let text = std::env::var("EXPLORE_SECONDS").ok()?;
    let seconds = text.parse();
    Some(seconds.unwrap_or_else(|_| panic!("EXPLORE_SECONDS is no whole number: {text}")))
}
